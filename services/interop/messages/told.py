"""What a clinical message told, in our words: the readers of each format make these.

Nothing here has been decided: what is new, known or missing is found out when it is taken.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from libs.events.transport import UnitOfWork
from services.interop.appointments.model import ToldAppointment
from services.interop.appointments.schedule import ToldVisitEnd, end_visit, take_appointment
from services.interop.connections.model import Connection
from services.interop.encounters.model import ToldVisit, ToldVoid
from services.interop.encounters.post import post_visit, resume_visits_of, void_visit
from services.interop.identity.follow import (
    appointment_of_survivor,
    file_for_survivor,
    survivor_of,
)
from services.interop.identity.merge import merge_charts, part_charts
from services.interop.identity.model import Merge, Parting
from services.interop.identity.store import file_under
from services.interop.messages.model import Effects, Inbound
from services.interop.patients.know import know_patient
from services.interop.patients.model import ToldPatient
from services.interop.patients.store import KeptPatient, find_patient
from services.interop.writeback.tell import keep_numbers


@dataclass(frozen=True, slots=True)
class ToldMerges:
    """Charts that were merged, all of a message together."""

    merges: tuple[Merge, ...]


@dataclass(frozen=True, slots=True)
class ToldParting:
    """Two charts that are no longer one patient."""

    parting: Parting


Told = (
    ToldPatient | ToldMerges | ToldParting | ToldAppointment | ToldVisit | ToldVisitEnd | ToldVoid
)


async def take_told(
    told: list[Told],
    *,
    inbound: Inbound,
    connection: Connection,
    uow: UnitOfWork,
    effects: Effects,
) -> None:
    """Take everything that a message told, patients first as their readers list them."""
    met: dict[UUID, KeptPatient] = {}  # by the chart that the message names
    for one in told:
        match one:
            case ToldPatient():
                known = await know_patient(one, connection=connection, uow=uow, effects=effects)
                met = {} if known.is_linked else {one.patient.patient_id: known.kept}
                if one.coverage_is_told and not known.is_new:  # who is new has no visits yet
                    await resume_visits_of(known.kept.patient.patient_id, uow, effects)
            case ToldMerges():
                effects.events += await merge_charts(one.merges, uow)
                met = {}
            case ToldParting():
                effects.events += await part_charts(one.parting, uow)
                met = {}
            case ToldAppointment():
                followed = await appointment_of_survivor(one, uow)
                await take_appointment(followed, connection=connection, uow=uow, effects=effects)
                await keep_numbers(one, connection, uow)
            case ToldVisit():
                whose = await _whose(one, met.get(one.patient_id), uow)
                patient_id = whose.patient.patient_id
                await post_visit(
                    replace(one, patient_id=patient_id),
                    whose,
                    message_id=inbound.message_id,
                    connection=connection,
                    uow=uow,
                    effects=effects,
                )
                took_place = ToldVisitEnd(one.encounter_id, patient_id, one.visit.service_on)
                await end_visit(took_place, uow=uow, effects=effects)
            case ToldVisitEnd():
                patient_id = await survivor_of(uow.db, uow.practice_id, one.patient_id)
                await end_visit(replace(one, patient_id=patient_id), uow=uow, effects=effects)
            case ToldVoid():
                await void_visit(
                    one,
                    message_id=inbound.message_id,
                    connection=connection,
                    uow=uow,
                    effects=effects,
                )


async def _whose(visit: ToldVisit, met: KeptPatient | None, uow: UnitOfWork) -> KeptPatient:
    """The patient of a visit, whom its message mostly told of as well (`met`).

    The number that it came under is kept for an unmerge.
    """
    chart_id = visit.patient_id
    if met is None:
        patient_id = await file_for_survivor(visit.encounter_id, chart_id, uow)
        met = await find_patient(uow, patient_id)
        assert met is not None
    elif met.patient.patient_id != chart_id:
        await file_under(uow.db, uow.practice_id, chart_id, visit.encounter_id)
    return met
