"""A message goes out as soon as all that it needs is known.

Order between topics is not promised: the practice, the patient or the consent may be heard after
what the message tells. It waits for what is missing, and the fact's own handler resumes it. Locks
are taken in one order everywhere: practice (shared), patient, message.

A timer is never cancelled or moved here: its row is held while the message is handed over, and to
wait for that with the patient's row in hand would be a deadlock that PostgreSQL cannot see. The
message's own state decides when the timer fires.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from libs.events.contracts.agreements import PracticeOnboarded
from libs.events.contracts.interop import PatientRegistered, PatientUpdated
from libs.events.transport import UnitOfWork
from services.engagement.consents import store as consents
from services.engagement.consents.model import Channel
from services.engagement.outreach import store
from services.engagement.outreach.kinds import KINDS
from services.engagement.outreach.model import (
    Message,
    MessageState,
    NotSent,
    Pending,
    Waiting,
    decide,
)
from services.engagement.patients import store as patients
from services.engagement.patients.model import Patient
from services.engagement.practices import store as practices
from services.engagement.practices.model import Practice


async def resume_for_patient(registered: PatientRegistered, uow: UnitOfWork) -> None:
    """The patient's record was heard."""
    await resume_messages(uow, registered.patient_id)


async def resume_for_changed_patient(updated: PatientUpdated, uow: UnitOfWork) -> None:
    """The patient may have an address now."""
    await resume_messages(uow, updated.patient_id)


async def resume_for_practice(onboarded: PracticeOnboarded, uow: UnitOfWork) -> None:
    """The practice's name and time zone are known; nobody plans a message meanwhile."""
    waiting: set[UUID] = set()
    for kind in KINDS:
        waiting.update(await store.list_waiting_patients(uow.db, uow.practice_id, kind))
    for patient_id in sorted(waiting):
        await resume_messages(uow, patient_id)


async def resume_messages(uow: UnitOfWork, patient_id: UUID) -> None:
    """Look again at the patient's waiting messages."""
    practice = await practices.share_practice(uow.db, uow.practice_id)
    patient = await patients.open_patient(uow, patient_id)
    charts = await patients.list_charts(uow.db, uow.practice_id, patient.patient_id)
    await _settle_unsent(uow, charts, ["waiting"], practice, patient)


async def settle_again(uow: UnitOfWork, patient_id: UUID) -> None:
    """The chart goes by another one now, or by itself: look at all that it has not sent."""
    practice = await practices.share_practice(uow.db, uow.practice_id)
    patient = await patients.open_patient(uow, patient_id)
    await _settle_unsent(uow, [patient_id], ["waiting", "pending"], practice, patient)


async def _settle_unsent(
    uow: UnitOfWork,
    charts: Sequence[UUID],
    states: Sequence[MessageState],
    practice: Practice | None,
    patient: Patient,
) -> None:
    for kind in KINDS:
        for message in await store.list_unsent(uow.db, uow.practice_id, kind, charts, states):
            await settle(uow, message, practice, patient)


async def cancel_messages(uow: UnitOfWork, patient_id: UUID, channel: Channel) -> None:
    """Consent was withdrawn; the patient is locked already."""
    for kind in KINDS:
        await store.cancel_of_patient(uow.db, uow.practice_id, kind, patient_id, channel, uow.now)


async def find_recipient(uow: UnitOfWork, message_id: UUID) -> tuple[UUID, Channel] | None:
    """Whom a message was for, and on which channel."""
    for kind in KINDS:
        message = await store.find_message(uow.db, uow.practice_id, kind, message_id)
        if message is not None:
            return message.patient_id, message.channel
    return None


async def settle(
    uow: UnitOfWork, message: Message, practice: Practice | None, patient: Patient
) -> None:
    """Plan a message, note what it waits for, or cancel it; the patient is locked already."""
    consent = await consents.find_consent(
        uow.db, uow.practice_id, patient.patient_id, message.channel
    )
    decided = decide(
        message,
        practice=practice,
        patient=patient,
        consent=consent[0] if consent else None,
        now=uow.now,
    )
    of_message = uow.db, uow.practice_id, message
    match decided:
        case Pending(due_at):
            await store.plan(*of_message, due_at)
            key = str(message.message_id)
            await uow.set_timer(message.timer, key, due_at, about=message.about())
        case Waiting(waits_for):
            await store.wait(*of_message, waits_for)
        case NotSent(reason):
            await store.cancel(*of_message, reason, uow.now)
