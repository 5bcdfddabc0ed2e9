"""The SQL of patients. Lock the patient before the patient's consents and messages."""

from __future__ import annotations

from uuid import UUID

from libs.events.transport.database import Db
from services.engagement.patients.model import Patient

LOCK_PATIENT = """
INSERT INTO patient (practice_id, patient_id) VALUES ($1, $2)
ON CONFLICT (practice_id, patient_id) DO UPDATE SET patient_id = excluded.patient_id
RETURNING patient_id, known, given, email, language
"""

KEEP_PATIENT = """
INSERT INTO patient (practice_id, patient_id, known, given, email, language)
VALUES ($1, $2, true, $3, $4, $5)
ON CONFLICT (practice_id, patient_id) DO UPDATE
   SET known = true, given = excluded.given, email = excluded.email, language = excluded.language
"""

IS_KNOWN = "SELECT known FROM patient WHERE practice_id = $1 AND patient_id = $2"


async def lock_patient(db: Db, practice_id: UUID, patient_id: UUID) -> Patient:
    """The patient as heard so far, locked until the transaction ends."""
    row = await db.fetchrow(LOCK_PATIENT, practice_id, patient_id)
    assert row is not None
    return Patient(**dict(row))


async def keep_patient(db: Db, practice_id: UUID, patient: Patient) -> None:
    await db.execute(
        KEEP_PATIENT,
        practice_id,
        patient.patient_id,
        patient.given,
        patient.email,
        patient.language,
    )


async def is_known(db: Db, practice_id: UUID, patient_id: UUID) -> bool:
    """True where the patient's record was heard."""
    return bool(await db.fetchval(IS_KNOWN, practice_id, patient_id))
