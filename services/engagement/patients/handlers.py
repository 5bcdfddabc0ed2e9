"""Who the patients are, as the EHR says; consent and messages follow in the order of app.py."""

from __future__ import annotations

from libs.events.contracts.interop import PatientRegistered, PatientUpdated
from libs.events.transport import UnitOfWork
from services.engagement.patients import store
from services.engagement.patients.model import patient_of
from services.engagement.practices import store as practices


async def know_patient(registered: PatientRegistered, uow: UnitOfWork) -> None:
    await _keep(registered, uow)


async def know_changed_patient(updated: PatientUpdated, uow: UnitOfWork) -> None:
    await _keep(updated, uow)


async def _keep(heard: PatientRegistered | PatientUpdated, uow: UnitOfWork) -> None:
    await practices.share_practice(uow.db, uow.practice_id)  # before the patient, as everywhere
    patient = patient_of(heard.patient_id, heard.person)
    await store.keep_patient(uow, patient)
