"""Take what a message tells of an appointment, or of the visit that it was booked for.

An appointment is complete when its visit took place. EHRs say so in three ways: the schedule does
(SIU^S14 with filler status Complete, FHIR fulfilled), the visit ends (ADT^A03), or it is charged
(DFT^P03). The last two name no appointment, but a visit number (PV1-19), and so does the booking
that they belong to. That number, the patient and the day have to agree: a series of visits may
share one number, and who came on a day is not thereby who was booked for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from libs.events.transport import UnitOfWork
from services.interop.appointments import store
from services.interop.appointments.model import Appointment, ToldAppointment, decide, unknown
from services.interop.connections.model import Connection
from services.interop.messages.model import Effects, RefusedError


@dataclass(frozen=True, slots=True)
class ToldVisitEnd:
    """A visit of a patient took place on this day."""

    visit_id: UUID
    patient_id: UUID
    on: date


async def take_appointment(
    told: ToldAppointment, *, connection: Connection, uow: UnitOfWork, effects: Effects
) -> None:
    """Book, move, cancel, miss or complete as the table has it; raises RefusedError."""
    if told.may_book:
        now, events = decide(None, told)
        if await store.add_appointment(uow.db, now, connection.source_system):
            effects.events += events
            await _complete_if_charged(now, told, uow, effects)
            return
    found = await store.lock_appointment(uow.db, uow.practice_id, told.appointment_id)
    known = found[0] if found is not None else None
    if found is not None and found[1] != connection.source_system:
        raise RefusedError(unknown(told.where))
    now, events = decide(known, told)
    if now != known:
        await store.change_appointment(uow.db, now)
    effects.events += events
    if told.booking is not None:
        await _complete_if_charged(now, told, uow, effects)


async def _complete_if_charged(
    now: Appointment, told: ToldAppointment, uow: UnitOfWork, effects: Effects
) -> None:
    """The schedule's interface may be behind that of the charges: then the visit came first."""
    if now.state == "booked" and now.visit_id is not None and await store.took_place(uow.db, now):
        await _complete(now, told.where, uow, effects)


async def end_visit(told: ToldVisitEnd, *, uow: UnitOfWork, effects: Effects) -> None:
    """Complete what was booked for the visit, where anything was; never refused."""
    booked = await store.lock_of_visit(
        uow.db, uow.practice_id, told.visit_id, told.patient_id, told.on
    )
    for appointment in booked:
        await _complete(appointment, "PV1-19", uow, effects)


async def _complete(
    appointment: Appointment, where: str, uow: UnitOfWork, effects: Effects
) -> None:
    done = ToldAppointment(("complete",), appointment.appointment_id, appointment.patient_id, where)
    now, events = decide(appointment, done)
    await store.change_appointment(uow.db, now)
    effects.events += events
