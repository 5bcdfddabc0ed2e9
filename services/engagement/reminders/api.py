"""What became of messages, without saying to whom."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, HTTPException

from libs.events.contracts import Contract
from libs.service.http import Uow
from services.engagement.outreach.store import count_by_state
from services.engagement.reminders import store
from services.engagement.reminders.model import Reminder

routes = APIRouter(prefix="/messages", tags=["messages"])


class StateView(Contract):
    """`detail`: what the messages wait for, or why they ended without being sent."""

    state: str
    detail: str | None
    messages: int


class MessageView(Contract):
    message_id: UUID
    patient_id: UUID
    appointment_id: UUID
    channel: str
    purpose: str
    starts_at: datetime
    state: str
    waits_for: str | None
    reason: str | None
    last_reply: str | None
    """The relay's latest reply code, where it delayed or refused the message."""
    due_at: datetime | None
    settled_at: datetime | None


@routes.get("")
async def count_messages(uow: Uow) -> list[StateView]:
    """How many messages of the practice are in which state."""
    return [
        StateView(state=state, detail=detail, messages=number)
        for state, detail, number in await count_by_state(uow.db, uow.practice_id, Reminder)
    ]


@routes.get("/{message_id}")
async def show_message(message_id: UUID, uow: Uow) -> MessageView:
    row = await store.show_message(uow.db, uow.practice_id, message_id)
    if row is None:
        raise HTTPException(404, "there is no such message")
    return MessageView(**dict(row))
