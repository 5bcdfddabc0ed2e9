"""A booked appointment gets a reminder, as soon as all that it needs is known.

Order between topics is not promised: the practice, the patient or the consent may be heard after
the appointment. A message waits for what is missing, and the fact's own handler resumes it. Locks
are taken in one order everywhere: practice (shared), patient, message.

A timer is never cancelled or moved here: its row is held while the message is handed over, and to
wait for that with the patient's row in hand would be a deadlock that PostgreSQL cannot see. The
message's own state decides when the timer fires.
"""

from __future__ import annotations

from uuid import UUID, uuid5

from libs.events.contracts.agreements import PracticeOnboarded
from libs.events.contracts.interop import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentChanged,
    AppointmentCompleted,
    AppointmentMissed,
    PatientRegistered,
    PatientUpdated,
)
from libs.events.transport import UnitOfWork
from services.engagement.consents import store as consents
from services.engagement.consents.model import Channel
from services.engagement.notices import store as notices
from services.engagement.notices.plan import settle_notices
from services.engagement.outreach import store
from services.engagement.outreach.model import (
    Cancelled,
    Message,
    NotSent,
    Pending,
    Waiting,
    decide,
)
from services.engagement.patients import store as patients
from services.engagement.patients.model import Patient
from services.engagement.practices import store as practices
from services.engagement.practices.model import Practice

SEND_MESSAGE = "send-message"


async def remind_of_appointment(booked: AppointmentBooked, uow: UnitOfWork) -> None:
    """Plan a reminder a day ahead."""
    await _remind(booked, uow)


async def move_reminder(changed: AppointmentChanged, uow: UnitOfWork) -> None:
    """The appointment may be at another time now, or with another clinician at the same."""
    await _remind(changed, uow)


async def _remind(booked: AppointmentBooked | AppointmentChanged, uow: UnitOfWork) -> None:
    """A new time replaces the reminder, a past one gets none."""
    practice = await practices.share_practice(uow.db, uow.practice_id)
    patient = await patients.open_patient(uow, booked.patient_id)
    latest = await store.find_latest(uow.db, uow.practice_id, booked.appointment_id)
    if latest and latest.starts_at == booked.starts_at and latest.state != "cancelled":
        return
    await store.cancel_of_appointment(
        uow.db, uow.practice_id, booked.appointment_id, "moved", uow.now
    )
    if booked.starts_at <= uow.now:
        return
    message = Message(
        message_id=uuid5(booked.event_id, "appointment-reminder"),
        patient_id=booked.patient_id,
        appointment_id=booked.appointment_id,
        channel="email",
        starts_at=booked.starts_at,
        state="waiting",
        last_reply=None,
        origin=uow.origin.dump(),
    )
    await store.add_message(uow.db, uow.practice_id, message)
    await _settle(uow, message, practice, patient)


async def cancel_reminder(missed: AppointmentMissed, uow: UnitOfWork) -> None:
    await _cancel(missed, "missed", uow)


async def cancel_reminder_of_cancelled(cancelled: AppointmentCancelled, uow: UnitOfWork) -> None:
    await _cancel(cancelled, "cancelled", uow)


async def cancel_reminder_of_completed(completed: AppointmentCompleted, uow: UnitOfWork) -> None:
    """A patient may have come early."""
    await _cancel(completed, "completed", uow)


async def _cancel(
    over: AppointmentMissed | AppointmentCancelled | AppointmentCompleted,
    reason: Cancelled,
    uow: UnitOfWork,
) -> None:
    """There is nothing left to remind of."""
    await patients.lock_patient(uow.db, uow.practice_id, over.patient_id)
    await store.cancel_of_appointment(uow.db, uow.practice_id, over.appointment_id, reason, uow.now)


async def resume_for_patient(registered: PatientRegistered, uow: UnitOfWork) -> None:
    """The patient's record was heard."""
    await resume_messages(uow, registered.patient_id)


async def resume_for_changed_patient(updated: PatientUpdated, uow: UnitOfWork) -> None:
    """The patient may have an address now."""
    await resume_messages(uow, updated.patient_id)


async def resume_for_practice(onboarded: PracticeOnboarded, uow: UnitOfWork) -> None:
    """The practice's name and time zone are known; nobody plans a message meanwhile."""
    waiting = await store.list_waiting_patients(uow.db, uow.practice_id)
    for_notices = await notices.list_waiting_patients(uow.db, uow.practice_id)
    for patient_id in sorted({*waiting, *for_notices}):
        await resume_messages(uow, patient_id)


async def resume_messages(uow: UnitOfWork, patient_id: UUID) -> None:
    """Look again at the patient's waiting messages."""
    practice = await practices.share_practice(uow.db, uow.practice_id)
    patient = await patients.open_patient(uow, patient_id)
    charts = await patients.list_charts(uow.db, uow.practice_id, patient.patient_id)
    for message in await store.list_unsent(uow.db, uow.practice_id, charts, ["waiting"]):
        await _settle(uow, message, practice, patient)
    await settle_notices(uow, charts, ["waiting"], practice, patient)


async def settle_again(uow: UnitOfWork, patient_id: UUID) -> None:
    """The chart goes by another one now, or by itself: look at all that it has not sent."""
    practice = await practices.share_practice(uow.db, uow.practice_id)
    patient = await patients.open_patient(uow, patient_id)
    for message in await store.list_unsent(
        uow.db, uow.practice_id, [patient_id], ["waiting", "pending"]
    ):
        await _settle(uow, message, practice, patient)
    await settle_notices(uow, [patient_id], ["waiting", "pending"], practice, patient)


async def cancel_messages(uow: UnitOfWork, patient_id: UUID, channel: Channel) -> None:
    """Consent was withdrawn; the patient is locked already."""
    await store.cancel_of_patient(uow.db, uow.practice_id, patient_id, channel, uow.now)
    await notices.cancel_of_patient(uow.db, uow.practice_id, patient_id, channel, uow.now)


async def _settle(
    uow: UnitOfWork, message: Message, practice: Practice | None, patient: Patient
) -> None:
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
    of_message = uow.db, uow.practice_id, message.message_id
    match decided:
        case Pending(due_at):
            await store.plan(*of_message, due_at)
            # What waits parked of either may be what makes the message wrong.
            about = (str(message.appointment_id), str(message.patient_id))
            await uow.set_timer(SEND_MESSAGE, str(message.message_id), due_at, about=about)
        case Waiting(waits_for):
            await store.wait(*of_message, waits_for)
        case NotSent(reason):
            await store.cancel(*of_message, reason, uow.now)
