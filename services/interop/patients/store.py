"""The SQL of patients."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from asyncpg import Record

from libs.events.contracts.interop import Coverage, Person
from libs.events.transport.database import Db
from services.interop.patients.model import KnownPatient

ADD_PATIENT = """
INSERT INTO patient (practice_id, patient_id, source_system, mrn, person, coverage, changed_at)
VALUES ($1, $2, $3, $4, $5::text::jsonb, $6::text::jsonb, $7)
ON CONFLICT (practice_id, patient_id) DO NOTHING
"""

FIND_PATIENT = """
SELECT source_system, mrn, person::text AS person, coverage::text AS coverage FROM patient
 WHERE practice_id = $1 AND patient_id = $2
"""

LOCK_PATIENT = FIND_PATIENT + " FOR NO KEY UPDATE"

CHANGE_PATIENT = """
UPDATE patient
   SET mrn = $3, person = $4::text::jsonb, coverage = $5::text::jsonb, changed_at = $6
 WHERE practice_id = $1 AND patient_id = $2
"""


async def add_patient(db: Db, patient: KnownPatient, source_system: str, at: datetime) -> bool:
    """True where the patient was new."""
    done = await db.execute(
        ADD_PATIENT,
        patient.practice_id,
        patient.patient_id,
        source_system,
        patient.mrn,
        patient.person.model_dump_json(),
        _write(patient.coverage),
        at,
    )
    return done == "INSERT 0 1"


async def lock_patient(
    db: Db, practice_id: UUID, patient_id: UUID
) -> tuple[KnownPatient, str] | None:
    """The patient, locked until the transaction ends, and the source system that keeps it."""
    return _read(practice_id, patient_id, await db.fetchrow(LOCK_PATIENT, practice_id, patient_id))


async def find_patient(
    db: Db, practice_id: UUID, patient_id: UUID
) -> tuple[KnownPatient, str] | None:
    """The patient, not locked, and the source system that keeps it."""
    return _read(practice_id, patient_id, await db.fetchrow(FIND_PATIENT, practice_id, patient_id))


async def change_patient(db: Db, patient: KnownPatient, at: datetime) -> None:
    await db.execute(
        CHANGE_PATIENT,
        patient.practice_id,
        patient.patient_id,
        patient.mrn,
        patient.person.model_dump_json(),
        _write(patient.coverage),
        at,
    )


def _write(coverage: Coverage | None) -> str | None:
    return coverage.model_dump_json() if coverage is not None else None


def _read(
    practice_id: UUID, patient_id: UUID, row: Record | None
) -> tuple[KnownPatient, str] | None:
    if row is None:
        return None
    coverage = row["coverage"]
    known = KnownPatient(
        practice_id=practice_id,
        patient_id=patient_id,
        mrn=row["mrn"],
        person=Person.model_validate_json(row["person"], extra="ignore"),
        coverage=coverage and Coverage.model_validate_json(coverage, extra="ignore"),
    )
    return known, row["source_system"]
