"""Keep what a payer is asked about: who is insured where, and who is expected when."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from libs.events.contracts.interop import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentChanged,
    PatientRegistered,
    PatientUpdated,
)
from libs.events.transport import UnitOfWork
from services.billing.eligibility import members
from services.billing.eligibility.ask import ask_before
from services.billing.eligibility.model import member_of


async def know_member(registered: PatientRegistered, uow: UnitOfWork) -> None:
    await members.keep_member(uow, registered.patient_id, member_of(registered))


async def know_changed_member(updated: PatientUpdated, uow: UnitOfWork) -> None:
    await members.keep_member(uow, updated.patient_id, member_of(updated))


async def expect_visit(booked: AppointmentBooked, uow: UnitOfWork) -> None:
    await _expect(booked.appointment_id, booked.patient_id, booked.starts_on, uow)


async def expect_changed_visit(changed: AppointmentChanged, uow: UnitOfWork) -> None:
    await _expect(changed.appointment_id, changed.patient_id, changed.starts_on, uow)


async def expect_no_visit(cancelled: AppointmentCancelled, uow: UnitOfWork) -> None:
    await members.expect_no_more(uow, cancelled.appointment_id)


async def _expect(appointment_id: UUID, patient_id: UUID, on: date, uow: UnitOfWork) -> None:
    """A day that is over is not asked about: a history that is heard late needs no answer."""
    if on < uow.now.date():
        await members.expect_no_more(uow, appointment_id)
        return
    await members.expect(uow, appointment_id, patient_id, on)
    await ask_before(uow, on)
