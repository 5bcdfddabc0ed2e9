"""The SQL of patients. What is marked of one is kept sealed: nobody looks for a row by it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from asyncpg import Record

from libs.events.contracts import PHI, Contract
from libs.events.contracts.interop import Coverage, Person
from libs.events.contracts.values import Short
from libs.events.transport import UnitOfWork
from libs.events.transport.database import Db
from services.interop.patients.model import KnownPatient

ADD_PATIENT = """
INSERT INTO patient (practice_id, patient_id, source_system, sealed, changed_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (practice_id, patient_id) DO NOTHING
"""

FIND_PATIENT = """
SELECT source_system, sealed FROM patient WHERE practice_id = $1 AND patient_id = $2
"""

LOCK_PATIENT = FIND_PATIENT + " FOR NO KEY UPDATE"

CHANGE_PATIENT = """
UPDATE patient SET sealed = $3, changed_at = $4 WHERE practice_id = $1 AND patient_id = $2
"""

IS_KNOWN = "SELECT EXISTS (SELECT FROM patient WHERE practice_id = $1 AND patient_id = $2)"

MARK_COVERAGE_TOLD = """
UPDATE patient SET coverage_is_told = true
 WHERE practice_id = $1 AND patient_id = $2 AND NOT coverage_is_told
"""

IS_COVERAGE_TOLD = """
SELECT coverage_is_told FROM patient WHERE practice_id = $1 AND patient_id = $2
"""


class Chart(Contract):
    """What is sealed of a patient."""

    mrn: Annotated[Short, PHI]
    person: Person
    coverage: Coverage | None


async def add_patient(uow: UnitOfWork, patient: KnownPatient, source_system: str) -> bool:
    """True where the patient was new."""
    row = uow.practice_id, patient.patient_id, source_system, _seal(uow, patient), uow.now
    return await uow.db.execute(ADD_PATIENT, *row) == "INSERT 0 1"


async def lock_patient(uow: UnitOfWork, patient_id: UUID) -> tuple[KnownPatient, str] | None:
    """The patient, locked until the transaction ends, and the source system that keeps it."""
    row = await uow.db.fetchrow(LOCK_PATIENT, uow.practice_id, patient_id)
    return None if row is None else _open(uow, patient_id, row)


async def find_patient(uow: UnitOfWork, patient_id: UUID) -> tuple[KnownPatient, str] | None:
    """The patient, not locked, and the source system that keeps it."""
    row = await uow.db.fetchrow(FIND_PATIENT, uow.practice_id, patient_id)
    return None if row is None else _open(uow, patient_id, row)


async def is_known(db: Db, practice_id: UUID, patient_id: UUID) -> bool:
    return await db.fetchval(IS_KNOWN, practice_id, patient_id)


async def mark_coverage_told(db: Db, practice_id: UUID, patient_id: UUID) -> None:
    """Who pays was told, be it that the patient does."""
    await db.execute(MARK_COVERAGE_TOLD, practice_id, patient_id)


async def is_coverage_told(db: Db, practice_id: UUID, patient_id: UUID) -> bool:
    return bool(await db.fetchval(IS_COVERAGE_TOLD, practice_id, patient_id))


async def change_patient(uow: UnitOfWork, patient: KnownPatient) -> None:
    sealed = _seal(uow, patient)
    await uow.db.execute(CHANGE_PATIENT, uow.practice_id, patient.patient_id, sealed, uow.now)


def _seal(uow: UnitOfWork, patient: KnownPatient) -> bytes:
    chart = Chart(mrn=patient.mrn, person=patient.person, coverage=patient.coverage)
    return uow.seal(chart.model_dump_json().encode(), _place(patient.patient_id))


def _open(uow: UnitOfWork, patient_id: UUID, row: Record) -> tuple[KnownPatient, str]:
    opened = uow.unseal(row["sealed"], _place(patient_id))
    chart = Chart.model_validate_json(opened, extra="ignore")  # kept by a newer replica
    known = KnownPatient(uow.practice_id, patient_id, chart.mrn, chart.person, chart.coverage)
    return known, row["source_system"]


def _place(patient_id: UUID) -> str:
    return f"patient/{patient_id}"
