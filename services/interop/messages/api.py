"""Messages: what came, what became of it, and why."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from asyncpg import Record
from fastapi import APIRouter, Depends, HTTPException, Query

from libs.events.contracts import Contract
from libs.events.transport import UnitOfWork
from libs.events.transport.keys import KeyUnavailableError
from libs.service.http import Uow, known_caller
from libs.service.operators import Caller
from services.interop.connections.profiles import profile_at
from services.interop.connections.store import find_connection
from services.interop.messages import store
from services.interop.messages.mapping import MappedRow, mapping_of
from services.interop.messages.model import Fate, Outcome
from services.interop.messages.reprocess import NotTakenAgainError, reprocess
from services.interop.mllp.tree import SegmentView, tree_of
from services.interop.mllp.understand import fields_read

routes = APIRouter(prefix="/messages", tags=["messages"])


class RefusalView(Contract):
    """What was wrong, where, and the fix."""

    code: str
    where: str
    fix: str


class EventView(Contract):
    """An event that came of a message."""

    event_id: UUID
    event_type: str


class MessageView(Contract):
    """A kept message; its content is not shown here."""

    message_id: UUID
    connection_id: UUID
    kind: str
    type: str
    control_id: str
    sha256: str
    bytes: int | None
    fate: Fate
    duplicate_of: UUID | None
    refusals: tuple[RefusalView, ...]
    received_at: datetime
    reprocessed_at: datetime | None
    """When it was last taken again."""


class AccessView(Contract):
    """Who was shown what a message says, when and what for."""

    accessed_at: datetime
    accessed_by: str
    reason: str


class MessageStory(MessageView):
    """A kept message with how it was read, and what came of it.

    Values stand in `raw` and `segments` only where they were asked for.
    """

    events: tuple[EventView, ...]
    """In their order."""
    segments: tuple[SegmentView, ...]
    """Of an HL7 v2 message: what it fills; none where the practice's key is away or erased."""
    mapping: tuple[MappedRow, ...]
    read_from: dict[str, str]
    """Fact → the path of the profile that it was read from, in an HL7 v2 message."""
    profile_version: int
    """The version of the connection's profile that it was read with."""
    accesses: tuple[AccessView, ...]
    raw: str | None = None


class Reprocessed(Contract):
    """What became of messages that were taken again, in their order."""

    message_id: UUID
    fate: Fate
    refusals: tuple[RefusalView, ...]


@routes.get("")
async def list_messages(
    uow: Uow,
    fate: Fate | None = None,
    connection_id: UUID | None = None,
    control_id: Annotated[str | None, Query(max_length=400)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[MessageView]:
    """The practice's messages, the newest first."""
    rows = await store.list_messages(
        uow.db,
        uow.practice_id,
        fate=fate,
        connection_id=connection_id,
        control_id=control_id,
        limit=limit,
    )
    return [MessageView(**_shown(row)) for row in rows]


@routes.get("/{message_id}")
async def show_message(
    message_id: UUID,
    uow: Uow,
    caller: Annotated[Caller, Depends(known_caller)],
    raw: bool = False,
    reason: Annotated[str | None, Query(min_length=3, max_length=200)] = None,
) -> MessageStory:
    """A message, how it was read and what came of it; what it says, with `raw=true` only.

    That is data about a person: it asks for a `reason` (without such data), is refused to viewers,
    and is kept with who and when.
    """
    row = await _find(message_id, uow)
    if raw:
        if not caller.may_act:
            raise HTTPException(403, "viewers are not shown what a message says")
        if reason is None:
            raise HTTPException(422, "say what it is looked at for, in reason")
        await store.add_access(uow, message_id, by=caller.name, reason=reason)
    return await tell_story(row, uow, values=raw)


@routes.post("/{message_id}/reprocess")
async def reprocess_message(message_id: UUID, uow: Uow) -> Reprocessed:
    """Take a refused message again as it was received, after its cause is mended; once.

    One that this has taken already answers the same again.
    """
    await _find(message_id, uow)
    try:
        return _reprocessed(await reprocess(message_id, uow))
    except NotTakenAgainError as error:
        raise HTTPException(409, str(error)) from None


@routes.post("/reprocess")
async def reprocess_messages(
    uow: Uow,
    connection_id: UUID,
    fate: Literal["refused"],
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[Reprocessed]:
    """Take a connection's refused messages again, in the order in which they were received.

    All in one transaction; what is refused again stays refused, with its reasons as they are now.
    What is not taken again (a refused event, or one whose control id was taken since) is left out.
    """
    found: list[Reprocessed] = []
    for message_id in await store.list_refused(uow.db, uow.practice_id, connection_id, limit=limit):
        with suppress(NotTakenAgainError):
            found.append(_reprocessed(await reprocess(message_id, uow)))
    return found


async def tell_story(row: Record, uow: UnitOfWork, *, values: bool) -> MessageStory:
    message_id: UUID = row["message_id"]
    events = await store.list_message_events(uow.db, uow.practice_id, message_id)
    accesses = await store.list_accesses(uow.db, uow.practice_id, message_id)
    connection = await find_connection(uow.db, uow.practice_id, row["connection_id"])
    assert connection is not None
    read_at: datetime = row["reprocessed_at"] or row["received_at"]
    profile = await profile_at(connection, read_at, uow)
    opened = await _open(message_id, uow, must=values)
    read = opened if connection.kind != "cloudevents" else None
    read_with = replace(connection, profile=profile.profile)
    return MessageStory(
        **_shown(row),
        events=tuple(EventView(**dict(e)) for e in events),
        segments=tree_of(opened or b"", values=values),
        mapping=mapping_of(read, read_with) if read is not None else (),
        read_from=fields_read(opened, read_with) if opened and connection.kind == "hl7v2" else {},
        profile_version=profile.version,
        accesses=tuple(AccessView(**dict(a)) for a in accesses),
        raw=opened.decode("utf-8", "replace") if opened is not None and values else None,
    )


async def _open(message_id: UUID, uow: UnitOfWork, *, must: bool) -> bytes | None:
    try:
        return await store.open_raw(uow, message_id)
    except KeyUnavailableError:
        if must:
            raise
        return None


async def _find(message_id: UUID, uow: UnitOfWork) -> Record:
    row = await store.show_message(uow.db, uow.practice_id, message_id)
    if row is None:
        raise HTTPException(404, "no such message")
    return row


def _reprocessed(outcome: Outcome) -> Reprocessed:
    return Reprocessed(
        message_id=outcome.message_id,
        fate=outcome.fate,
        refusals=tuple(RefusalView(**asdict(r)) for r in outcome.refusals),
    )


def _shown(row: Any) -> dict[str, Any]:
    refusals = tuple(RefusalView(**r) for r in json.loads(row["refusals"]))
    return {**dict(row), "refusals": refusals}
