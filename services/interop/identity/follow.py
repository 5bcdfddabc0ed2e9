"""Where a message under the number of a merged chart goes: to the survivor."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from libs.events.transport import UnitOfWork
from services.interop.appointments.model import ToldAppointment
from services.interop.identity.store import file_under, survivor_of
from services.interop.patients.model import KnownPatient
from services.interop.patients.store import find_patient

__all__ = ["about_survivor", "appointment_of_survivor", "file_for_survivor", "survivor_of"]


async def about_survivor(told: KnownPatient, uow: UnitOfWork) -> KnownPatient:
    """What a message tells, said of the survivor, who keeps their own chart number."""
    survivor_id = await survivor_of(uow.db, uow.practice_id, told.patient_id)
    if survivor_id == told.patient_id:
        return told
    found = await find_patient(uow, survivor_id)
    assert found is not None, "who survives is registered"
    return replace(told, patient_id=survivor_id, mrn=found.patient.mrn)


async def file_for_survivor(subject_id: UUID, chart_id: UUID, uow: UnitOfWork) -> UUID:
    """Whose a visit or appointment is; the number that it came under is kept for an unmerge."""
    survivor_id = await survivor_of(uow.db, uow.practice_id, chart_id)
    if survivor_id != chart_id:
        await file_under(uow.db, uow.practice_id, chart_id, subject_id)
    return survivor_id


async def appointment_of_survivor(told: ToldAppointment, uow: UnitOfWork) -> ToldAppointment:
    """What is told of an appointment, said of the survivor."""
    if told.booking is None:
        survivor_id = await survivor_of(uow.db, uow.practice_id, told.patient_id)
        return replace(told, patient_id=survivor_id)
    survivor_id = await file_for_survivor(told.appointment_id, told.patient_id, uow)
    booking = replace(told.booking, patient_id=survivor_id)
    return replace(told, patient_id=survivor_id, booking=booking)
