"""Patients' consents as an operator records them, and the replies that withdraw them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from fastapi import APIRouter, HTTPException
from pydantic import Field, StringConstraints, model_validator

from libs.events.contracts import Contract
from libs.events.contracts.values import MessageId, PatientId
from libs.events.transport import UnitOfWork
from libs.service.http import Uow, json_body
from services.engagement.consents import store
from services.engagement.consents.change import give_consent, withdraw_consent
from services.engagement.consents.model import Channel, says_stop
from services.engagement.outreach.plan import find_recipient
from services.engagement.patients import store as patients

consents = APIRouter(prefix="/consents", tags=["consents"])
replies = APIRouter(prefix="/replies", tags=["consents"])


class ChangeConsent(Contract):
    """A patient who is known by the practice, and a channel."""

    patient_id: PatientId
    channel: Channel = "email"


class ReceiveReply(Contract):
    """A patient's reply: to a message of ours, or to the address that holds its token."""

    message_id: MessageId | None = None
    token: Annotated[str, StringConstraints(max_length=200)] | None = None
    text: Annotated[str, Field(max_length=100_000)]
    """Read for STOP, never stored."""

    @model_validator(mode="after")
    def names_one_thing(self) -> Self:
        if (self.message_id is None) == (self.token is None):
            raise ValueError("give message_id or token, and not both")
        return self


class ReplyView(Contract):
    """`none`: the reply is none of the STOP words, so that a person should read it."""

    action: Literal["consent-withdrawn", "none"]


class ConsentChangeView(Contract):
    channel: str
    state: str
    how: str
    changed_at: datetime


class ConsentView(Contract):
    """What the patient has said about being written to, under any chart, oldest first."""

    patient_id: UUID
    email: Literal["given", "withdrawn", "never-asked"]
    changes: tuple[ConsentChangeView, ...]


@consents.post("", status_code=201)
async def record_consent(
    command: Annotated[ChangeConsent, json_body(ChangeConsent)], uow: Uow
) -> ConsentView:
    """The patient consents, also after a STOP; publishes ConsentGiven where that is new."""
    await _require(uow, command.patient_id)
    await give_consent(uow, command.patient_id, command.channel, "operator")
    return await _view(uow, command.patient_id)


@consents.post("/withdrawals", status_code=201)
async def record_withdrawal(
    command: Annotated[ChangeConsent, json_body(ChangeConsent)], uow: Uow
) -> ConsentView:
    """The patient said STOP by word of mouth; publishes ConsentWithdrawn where that is new."""
    await _require(uow, command.patient_id)
    await withdraw_consent(uow, command.patient_id, command.channel, "operator")
    return await _view(uow, command.patient_id)


@consents.get("/{patient_id}")
async def show_consent(patient_id: UUID, uow: Uow) -> ConsentView:
    await _require(uow, patient_id)
    return await _view(uow, patient_id)


@replies.post("")
async def receive_reply(
    command: Annotated[ReceiveReply, json_body(ReceiveReply)], uow: Uow
) -> ReplyView:
    """Read a patient's reply: one of the STOP words withdraws consent, at once."""
    found: tuple[UUID, Channel] | None
    if command.message_id is not None:
        found = await find_recipient(uow, command.message_id)
    else:
        found = await store.find_by_token(uow.db, uow.practice_id, command.token or "")
    if found is None:
        raise HTTPException(404, "there is no such message")
    if not says_stop(command.text):
        return ReplyView(action="none")
    await withdraw_consent(uow, *found, "reply")
    return ReplyView(action="consent-withdrawn")


async def _require(uow: UnitOfWork, patient_id: UUID) -> None:
    if not await patients.is_known(uow.db, uow.practice_id, patient_id):
        raise HTTPException(404, "there is no such patient")


async def _view(uow: UnitOfWork, patient_id: UUID) -> ConsentView:
    survivor_id = await patients.lock_patient(uow.db, uow.practice_id, patient_id)
    email = await store.find_consent(uow.db, uow.practice_id, survivor_id, "email")
    charts = await patients.list_charts(uow.db, uow.practice_id, survivor_id)
    changes = await store.list_changes(uow.db, uow.practice_id, charts)
    return ConsentView(
        patient_id=patient_id,
        email=email[0] if email else "never-asked",
        changes=tuple(ConsentChangeView(**dict(change)) for change in changes),
    )
