"""What a clinical message told, in our words: the readers of each format make these.

Nothing here has been decided: what is new, known or missing is found out when it is taken.
"""

from __future__ import annotations

from dataclasses import dataclass

from libs.events.transport import UnitOfWork
from services.interop.appointments.model import Appointment
from services.interop.appointments.schedule import book_appointment, miss_appointment
from services.interop.connections.model import Connection
from services.interop.encounters.post import ToldVisit, post_visit
from services.interop.messages.model import Effects, Inbound
from services.interop.patients.know import know_patient
from services.interop.patients.model import ToldPatient


@dataclass(frozen=True, slots=True)
class ToldBooking:
    """An appointment; `where` is its place in the message, for refusals."""

    appointment: Appointment
    where: str


@dataclass(frozen=True, slots=True)
class ToldMiss:
    """A no-show of an appointment."""

    appointment: Appointment
    where: str


Told = ToldPatient | ToldBooking | ToldMiss | ToldVisit


async def take_told(
    told: list[Told],
    *,
    inbound: Inbound,
    connection: Connection,
    uow: UnitOfWork,
    effects: Effects,
) -> None:
    """Take everything that a message told, patients first as their readers list them."""
    for one in told:
        match one:
            case ToldPatient():
                await know_patient(one, connection=connection, uow=uow, effects=effects)
            case ToldBooking():
                await book_appointment(
                    one.appointment,
                    where=one.where,
                    connection=connection,
                    uow=uow,
                    effects=effects,
                )
            case ToldMiss():
                await miss_appointment(
                    one.appointment.appointment_id,
                    one.appointment.patient_id,
                    where=one.where,
                    connection=connection,
                    uow=uow,
                    effects=effects,
                )
            case ToldVisit():
                await post_visit(
                    one,
                    message_id=inbound.message_id,
                    connection=connection,
                    uow=uow,
                    effects=effects,
                )
