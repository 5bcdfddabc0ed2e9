"""Book an appointment (SIU^S12); note that its patient did not come (SIU^S26)."""

from __future__ import annotations

from uuid import UUID

from libs.events.transport import UnitOfWork
from services.interop.appointments import store
from services.interop.appointments.model import Appointment
from services.interop.connections.model import Connection
from services.interop.messages.model import Effects, Refusal, RefusedError


async def book_appointment(
    wanted: Appointment,
    *,
    where: str,
    connection: Connection,
    uow: UnitOfWork,
    effects: Effects,
) -> None:
    """Book once: the same booking again says nothing, another one under its id is refused."""
    if await store.add_appointment(uow.db, wanted, connection.source_system):
        effects.events.append(wanted.booked())
        return
    known = await _lock(wanted.appointment_id, where, connection, uow)
    if not known.same_booking_as(wanted):
        raise RefusedError(
            Refusal(
                code="appointment-already-booked",
                where=where,
                fix="this appointment is booked with other content; "
                "changes of a booking are not taken yet, book the new time under a new id",
            )
        )


async def miss_appointment(
    appointment_id: UUID,
    patient_id: UUID,
    *,
    where: str,
    connection: Connection,
    uow: UnitOfWork,
    effects: Effects,
) -> None:
    """Note a no-show of a known appointment, once.

    One that was never booked here is refused, not made up: a no-show rate counts it among the
    booked ones, and the EHR that sends S12 late or not at all has to hear of it.
    """
    known = await _lock(appointment_id, where, connection, uow)
    if known.patient_id != patient_id:
        raise RefusedError(_unknown(where))
    if known.state == "missed":
        return
    await store.mark_missed(uow.db, known)
    effects.events.append(known.missed())


async def _lock(
    appointment_id: UUID, where: str, connection: Connection, uow: UnitOfWork
) -> Appointment:
    found = await store.lock_appointment(uow.db, uow.practice_id, appointment_id)
    if found is None or found[1] != connection.source_system:
        raise RefusedError(_unknown(where))
    return found[0]


def _unknown(where: str) -> Refusal:
    return Refusal(
        code="appointment-unknown",
        where=where,
        fix="no such appointment of this patient is booked; send its booking (S12) first",
    )
