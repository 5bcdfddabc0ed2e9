"""Where an EHR is told what became of its visits and appointments, and what it has been told."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, HTTPException

from libs.events.contracts import Contract
from libs.service.http import Uow, json_body
from services.interop.connections import store as connections
from services.interop.connections.model import WriteBack
from services.interop.messages.model import RefusedError
from services.interop.writeback import store
from services.interop.writeback.resend import resend
from services.interop.writeback.send import send_what_waits

routes = APIRouter(prefix="/connections", tags=["write-back"])


class AskWriteBack(Contract):
    """`write_back` None: the EHR is told nothing more; what waits is kept."""

    write_back: WriteBack | None


class SentView(Contract):
    """A message to the EHR about a claim or an appointment; `answer` None: it waits.

    What it says is not shown here.
    """

    number: int
    claim_id: UUID | None
    appointment_id: UUID | None
    control_id: str
    made_at: datetime
    tries: int
    tried_at: datetime | None
    ended_at: datetime | None
    answer: str | None
    condition: str | None
    failure: str | None
    """Why its last try did not end it; None where it did, or was not tried yet."""


class WriteBackView(Contract):
    """Where the EHR is told, and its messages, the newest first."""

    write_back: WriteBack | None
    messages: tuple[SentView, ...]


@routes.post("/{connection_id}/write-back")
async def ask_write_back(
    connection_id: UUID, command: Annotated[AskWriteBack, json_body(AskWriteBack)], uow: Uow
) -> WriteBackView:
    """Tell the EHR of an hl7v2 connection how claims stand, from the next change on; where it asks,
    also what became of its appointments."""
    connection = await connections.lock_connection(uow.db, uow.practice_id, connection_id)
    if connection is None:
        raise HTTPException(404, "no such connection")
    if connection.kind != "hl7v2":
        raise HTTPException(409, "only an hl7v2 connection is written back to")
    changed = await connections.change_write_back(uow.db, connection, command.write_back)
    await send_what_waits(changed, uow)
    return await show_write_back(connection_id, uow)


@routes.get("/{connection_id}/write-back")
async def show_write_back(connection_id: UUID, uow: Uow, sent: bool = False) -> WriteBackView:
    """What waits for the EHR; with `sent` also what it was told already, and its answer."""
    connection = await connections.find_connection(uow.db, uow.practice_id, connection_id)
    if connection is None:
        raise HTTPException(404, "no such connection")
    rows = await store.list_messages(uow.db, uow.practice_id, connection_id, all_of_them=sent)
    messages = tuple(SentView(**dict(row)) for row in rows)
    return WriteBackView(write_back=connection.write_back, messages=messages)


@routes.post("/{connection_id}/write-back/{number}/resend")
async def resend_message(connection_id: UUID, number: int, uow: Uow) -> WriteBackView:
    """Tell the EHR again what it refused; 409 where it has it, or was told anew since."""
    connection = await connections.find_connection(uow.db, uow.practice_id, connection_id)
    if connection is None:
        raise HTTPException(404, "no such connection")
    try:
        if not await resend(connection, number, uow):
            raise HTTPException(404, "no such message")
    except RefusedError as refused:
        raise HTTPException(409, refused.refusals[0].fix) from None
    return await show_write_back(connection_id, uow)
