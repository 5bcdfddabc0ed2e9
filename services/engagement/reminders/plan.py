"""A booked appointment gets a reminder, as soon as all that it needs is known."""

from __future__ import annotations

from uuid import uuid5

from libs.events.contracts.interop import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentChanged,
    AppointmentCompleted,
    AppointmentMissed,
)
from libs.events.transport import UnitOfWork
from services.engagement.outreach.model import Cancelled
from services.engagement.outreach.plan import settle
from services.engagement.patients import store as patients
from services.engagement.practices import store as practices
from services.engagement.reminders import store
from services.engagement.reminders.model import Reminder


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
    reminder = Reminder(
        message_id=uuid5(booked.event_id, "appointment-reminder"),
        patient_id=booked.patient_id,
        appointment_id=booked.appointment_id,
        channel="email",
        starts_at=booked.starts_at,
        state="waiting",
        last_reply=None,
        origin=uow.origin.dump(),
    )
    await store.add_reminder(uow.db, uow.practice_id, reminder)
    await settle(uow, reminder, practice, patient)


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
