"""The SQL of patients. What is marked of one is kept sealed: nobody looks for a row by it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated
from uuid import UUID

from asyncpg import Record

from libs.events.contracts import PHI, Contract
from libs.events.contracts.people import Coverage, Person
from libs.events.contracts.values import Short
from libs.events.transport import UnitOfWork
from libs.events.transport.database import Db
from services.interop.patients.model import KnownPatient

ADD_PATIENT = """
INSERT INTO patient (practice_id, patient_id, source_system, sealed, changed_at, coverage_is_told)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (practice_id, patient_id) DO NOTHING
"""

FIND_PATIENT = """
SELECT patient_id, source_system, sealed, coverage_is_told
  FROM patient WHERE practice_id = $1 AND patient_id = $2
"""

LOCK_PATIENT = FIND_PATIENT + " FOR NO KEY UPDATE"

# Under a merged chart's number, the survivor; a chart that is unknown was merged into nobody.
LOCK_SURVIVOR = """
SELECT patient_id, source_system, sealed, coverage_is_told
  FROM patient WHERE practice_id = $1 AND patient_id = survivor_of($1, $2) FOR NO KEY UPDATE
"""

CHANGE_PATIENT = """
UPDATE patient SET sealed = $3, changed_at = $4, coverage_is_told = $5
 WHERE practice_id = $1 AND patient_id = $2
"""

IS_KNOWN = "SELECT EXISTS (SELECT FROM patient WHERE practice_id = $1 AND patient_id = $2)"


class Chart(Contract):
    """What is sealed of a patient."""

    mrn: Annotated[Short, PHI]
    person: Person
    coverage: Coverage | None


@dataclass(frozen=True, slots=True)
class KeptPatient:
    """A patient's row."""

    patient: KnownPatient = field(repr=False)
    source_system: str
    """Who keeps the chart."""
    coverage_is_told: bool
    """Who pays was told once, be it that the patient does."""


async def add_patient(uow: UnitOfWork, kept: KeptPatient) -> bool:
    """True where the patient was new."""
    done = await uow.db.execute(
        ADD_PATIENT,
        uow.practice_id,
        kept.patient.patient_id,
        kept.source_system,
        _seal(uow, kept.patient),
        uow.now,
        kept.coverage_is_told,
    )
    return done == "INSERT 0 1"


async def lock_patient(uow: UnitOfWork, patient_id: UUID) -> KeptPatient | None:
    """The patient, locked until the transaction ends."""
    return _open(uow, await uow.db.fetchrow(LOCK_PATIENT, uow.practice_id, patient_id))


async def lock_survivor(uow: UnitOfWork, chart_id: UUID) -> KeptPatient | None:
    """The patient whom a chart number is about now, locked until the transaction ends."""
    return _open(uow, await uow.db.fetchrow(LOCK_SURVIVOR, uow.practice_id, chart_id))


async def find_patient(uow: UnitOfWork, patient_id: UUID) -> KeptPatient | None:
    """The patient, not locked."""
    return _open(uow, await uow.db.fetchrow(FIND_PATIENT, uow.practice_id, patient_id))


async def is_known(db: Db, practice_id: UUID, patient_id: UUID) -> bool:
    return await db.fetchval(IS_KNOWN, practice_id, patient_id)


async def change_patient(uow: UnitOfWork, kept: KeptPatient) -> None:
    """Write a locked patient as they are known from now on."""
    sealed = _seal(uow, kept.patient)
    row = uow.practice_id, kept.patient.patient_id, sealed, uow.now, kept.coverage_is_told
    await uow.db.execute(CHANGE_PATIENT, *row)


def _seal(uow: UnitOfWork, patient: KnownPatient) -> bytes:
    chart = Chart(mrn=patient.mrn, person=patient.person, coverage=patient.coverage)
    return uow.seal(chart.model_dump_json().encode(), _place(patient.patient_id))


def _open(uow: UnitOfWork, row: Record | None) -> KeptPatient | None:
    if row is None:
        return None
    patient_id: UUID = row["patient_id"]
    opened = uow.unseal(row["sealed"], _place(patient_id))
    chart = Chart.model_validate_json(opened, extra="ignore")  # kept by a newer replica
    known = KnownPatient(uow.practice_id, patient_id, chart.mrn, chart.person, chart.coverage)
    return KeptPatient(known, row["source_system"], row["coverage_is_told"])


def _place(patient_id: UUID) -> str:
    return f"patient/{patient_id}"
