"""What a clinical message told, in our words: the readers of each format make these.

Nothing here has been decided: what is new, known or missing is found out when it is taken.
"""

from __future__ import annotations

from libs.events.transport import UnitOfWork
from services.interop.appointments.model import ToldAppointment
from services.interop.appointments.schedule import ToldVisitEnd, end_visit, take_appointment
from services.interop.connections.model import Connection
from services.interop.encounters.post import ToldVisit, post_visit
from services.interop.messages.model import Effects, Inbound
from services.interop.patients.know import know_patient
from services.interop.patients.model import ToldPatient

Told = ToldPatient | ToldAppointment | ToldVisit | ToldVisitEnd


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
            case ToldAppointment():
                await take_appointment(one, connection=connection, uow=uow, effects=effects)
            case ToldVisit():
                await post_visit(
                    one,
                    message_id=inbound.message_id,
                    connection=connection,
                    uow=uow,
                    effects=effects,
                )
                took_place = ToldVisitEnd(one.encounter_id, one.patient_id, one.visit.service_on)
                await end_visit(took_place, uow=uow, effects=effects)
            case ToldVisitEnd():
                await end_visit(one, uow=uow, effects=effects)
