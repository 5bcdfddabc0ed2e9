"""Code lists and NCCI tables are loaded as files, whole or not at all."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Query, Request

from libs.events.contracts import Contract
from libs.events.contracts.values import Short
from libs.service.http import Uow, known_caller
from libs.service.operators import Caller
from services.billing.claims.release import release_held_claims
from services.billing.scrub import code_sets_store as store
from services.billing.scrub.code_files import CodeFile, CodeFileError, Entry, Kind
from services.billing.scrub.code_sets_store import CodeSet

routes = APIRouter(prefix="/code-sets", tags=["scrubbing"])

MOST_BYTES = 1 << 30
BATCH = 20_000


class CodeSetView(Contract):
    """A loaded edition, or one of its files; it judges services in [effective_on, ends_on)."""

    code_set_id: UUID
    kind: Kind
    edition: str
    effective_on: date
    ends_on: date | None
    part: int
    entries: int
    loaded_at: datetime
    loaded_by: str


class Loaded(Contract):
    """A code set as it stands; `entries`: lines of the file that say something."""

    code_set_id: UUID
    entries: int


def _wanted(
    code_set_id: UUID,
    kind: Kind,
    edition: Annotated[Short, Query()],
    effective_on: date,
    ends_on: date | None = None,
    part: Annotated[int, Query(ge=1, le=99)] = 1,
) -> CodeSet:
    return CodeSet(code_set_id, kind, edition, effective_on, ends_on, part)


@routes.post("/{code_set_id}", status_code=201)
async def load_code_set(
    request: Request,
    wanted: Annotated[CodeSet, Depends(_wanted)],
    uow: Uow,
    caller: Annotated[Caller, Depends(known_caller)],
) -> Loaded:
    """The body is the file; an edition in several files has parts.

    `icd-10-cm` and `procedures`: CSV lines `code[,first day[,last day]]`. `ncci-pairs` and
    `ncci-units`: CMS's own files.

    Held claims are looked at again. The same again changes nothing; other content under the id, or
    another set for this part of the edition, is 409; a line that cannot be read is 422.
    """
    if wanted.ends_on is not None and wanted.ends_on <= wanted.effective_on:
        raise HTTPException(422, "ends_on is after effective_on")
    known = await store.find_set(uow.db, uow.practice_id, wanted.code_set_id)
    if known is None and await store.is_taken(uow.db, uow.practice_id, wanted):
        raise HTTPException(409, "another set is this part of the edition; delete it first")
    file = CodeFile(wanted.kind)
    count = 0
    try:
        async for batch in _batches(request, file):
            count += len(batch)
            if known is None:
                await store.add_entries(uow.db, uow.practice_id, wanted.code_set_id, batch)
    except CodeFileError as error:
        raise HTTPException(422, str(error)) from None
    if known is None:
        await store.add_set(
            uow.db, uow.practice_id, wanted, count, file.sha256, uow.now, caller.name
        )
        await release_held_claims(uow)
    elif known != (wanted, file.sha256):
        raise HTTPException(409, "another set has this code_set_id")
    return Loaded(code_set_id=wanted.code_set_id, entries=count)


@routes.get("")
async def list_code_sets(
    uow: Uow,
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[CodeSetView]:
    """In the order of their ids; `after` is the last one of the page before."""
    rows = await store.list_sets(uow.db, uow.practice_id, after, limit)
    return [CodeSetView(**row) for row in rows]


@routes.delete("/{code_set_id}", status_code=204)
async def delete_code_set(code_set_id: UUID, uow: Uow) -> None:
    """A set that should not have been loaded judges no more; held claims are looked at again."""
    await store.drop_set(uow.db, uow.practice_id, code_set_id)
    await release_held_claims(uow)


async def _batches(request: Request, file: CodeFile) -> AsyncIterator[list[Entry]]:
    batch, size = list[Entry](), 0
    async for data in request.stream():
        size += len(data)
        if size > MOST_BYTES:
            raise HTTPException(413, f"at most {MOST_BYTES} bytes are taken; load it in parts")
        batch.extend(file.feed(data))
        if len(batch) >= BATCH:
            yield batch
            batch = []
    batch.extend(file.end())
    yield batch
