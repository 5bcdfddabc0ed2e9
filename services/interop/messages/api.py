"""Messages: what came, what became of it, and why."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, HTTPException, Query

from libs.events.contracts import Contract
from libs.service.http import Uow
from services.interop.messages import store
from services.interop.messages.model import Fate

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


class MessageStory(MessageView):
    """A kept message with the events that came of it, in their order."""

    events: tuple[EventView, ...]


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
async def show_message(message_id: UUID, uow: Uow) -> MessageStory:
    row = await store.show_message(uow.db, uow.practice_id, message_id)
    if row is None:
        raise HTTPException(404, "no such message")
    events = await store.list_message_events(uow.db, uow.practice_id, message_id)
    return MessageStory(**_shown(row), events=tuple(EventView(**dict(e)) for e in events))


def _shown(row: Any) -> dict[str, Any]:
    refusals = tuple(RefusalView(**r) for r in json.loads(row["refusals"]))
    return {**dict(row), "refusals": refusals}
