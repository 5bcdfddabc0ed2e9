"""Messages: what came, what became of it, and why."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict
from typing import Annotated, Literal
from uuid import UUID

from asyncpg import Record
from fastapi import APIRouter, Depends, HTTPException, Query

from libs.events.contracts import Contract
from libs.events.transport import UnitOfWork
from libs.service.http import Uow, known_caller
from libs.service.operators import Caller
from services.interop.messages import store
from services.interop.messages.model import Fate, Outcome
from services.interop.messages.reprocess import NotTakenAgainError, reprocess
from services.interop.messages.story import (
    MessageStory,
    MessageView,
    RefusalView,
    shown,
    tell_story,
)

routes = APIRouter(prefix="/messages", tags=["messages"])


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
    return [MessageView(**shown(row)) for row in rows]


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
    What is not taken again (its control id was taken since, or it was to replace another version of
    a resource) is left out.
    """
    found: list[Reprocessed] = []
    for message_id in await store.list_refused(uow.db, uow.practice_id, connection_id, limit=limit):
        with suppress(NotTakenAgainError):
            found.append(_reprocessed(await reprocess(message_id, uow)))
    return found


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
