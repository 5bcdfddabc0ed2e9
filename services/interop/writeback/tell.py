"""Tells the schedule that keeps an appointment what others told of it, where it asks."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID, uuid5

from libs.events.contracts import Event
from libs.events.contracts.engagement import MessageFailed, MessageSent
from libs.events.contracts.interop import (
    AppointmentCancelled,
    AppointmentCompleted,
    AppointmentMissed,
)
from libs.events.transport import UnitOfWork
from services.interop.appointments.model import ToldAppointment
from services.interop.connections.model import Connection
from services.interop.connections.store import find_connection
from services.interop.writeback import store
from services.interop.writeback.people import find_person
from services.interop.writeback.results import Result, decide_reminder, decide_result
from services.interop.writeback.send import set_sending
from services.interop.writeback.siu import Booking, write_siu


async def keep_numbers(told: ToldAppointment, connection: Connection, uow: UnitOfWork) -> None:
    """A schedule that asks tells of an appointment: keep its own numbers of it."""
    if told.booking is not None and told.numbers is not None and asks(connection):
        await store.keep_numbers(uow, told.appointment_id, connection.connection_id, told.numbers)


async def tell_results(events: Iterable[Event], teller: Connection, uow: UnitOfWork) -> None:
    """What a message led to: a schedule hears of its appointments, if it did not send it."""
    for event in events:
        result = decide_result(event)
        if result is None:
            continue
        assert isinstance(event, AppointmentCompleted | AppointmentMissed | AppointmentCancelled)
        booking = await store.find_booking(uow, event.appointment_id)
        if booking is not None and booking.connection_id != teller.connection_id:
            await _tell(result, booking, event.event_id, uow)


async def write_back_reminder(told: MessageSent, uow: UnitOfWork) -> None:
    await _tell_reminder(told, told.appointment_id, uow)


async def write_back_failed_reminder(told: MessageFailed, uow: UnitOfWork) -> None:
    await _tell_reminder(told, told.appointment_id, uow)


HANDLERS = (write_back_reminder, write_back_failed_reminder)


async def _tell_reminder(
    told: MessageSent | MessageFailed, appointment_id: UUID | None, uow: UnitOfWork
) -> None:
    booking = await store.find_booking(uow, appointment_id) if appointment_id else None
    if booking is not None:
        await _tell(decide_reminder(told), booking, told.event_id, uow)


async def _tell(result: Result, booking: Booking, event_id: UUID, uow: UnitOfWork) -> None:
    connection = await find_connection(uow.db, uow.practice_id, booking.connection_id)
    assert connection is not None
    if not asks(connection):
        return
    patient = await find_person(uow, booking.patient_id)
    control_id = uuid5(event_id, str(booking.appointment_id)).hex[:20]  # MSH-10 holds no more
    content = write_siu(result, booking, patient, connection, control_id=control_id, at=uow.now)
    number = await store.add_message(
        uow, booking.connection_id, control_id, content, appointment_id=booking.appointment_id
    )
    await set_sending(uow, booking.connection_id, number)


def asks(connection: Connection) -> bool:
    return connection.write_back is not None and connection.write_back.appointments
