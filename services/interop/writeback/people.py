"""Who a message to an EHR is about, by the chart number that the EHR has for them now."""

from __future__ import annotations

from uuid import UUID

from libs.events.transport import UnitOfWork
from services.interop.identity.store import survivor_of
from services.interop.patients.model import KnownPatient
from services.interop.patients.store import find_patient


async def find_person(uow: UnitOfWork, patient_id: UUID) -> KnownPatient:
    """By the chart that theirs was merged into, unless that is another system's number."""
    found = await find_patient(uow, patient_id)
    assert found is not None
    own = found.patient
    survivor_id = await survivor_of(uow.db, uow.practice_id, patient_id)
    if survivor_id == patient_id:
        return own
    survivor = await find_patient(uow, survivor_id)
    if survivor is None or survivor.source_system != found.source_system:
        return own
    return survivor.patient
