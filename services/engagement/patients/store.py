"""The SQL of patients. Lock the patient before the patient's consents and messages.

What is marked of a patient is kept sealed. Who only locks does not open it: a word of STOP is
heeded also where the practice's key is missing or erased.
"""

from __future__ import annotations

import json
from uuid import UUID

from libs.events.transport import UnitOfWork
from libs.events.transport.database import Db
from services.engagement.patients.model import Patient

LOCK_PATIENT = """
INSERT INTO patient (practice_id, patient_id) VALUES ($1, $2)
ON CONFLICT (practice_id, patient_id) DO UPDATE SET patient_id = excluded.patient_id
RETURNING known, sealed, language
"""

KEEP_PATIENT = """
INSERT INTO patient (practice_id, patient_id, known, sealed, language)
VALUES ($1, $2, true, $3, $4)
ON CONFLICT (practice_id, patient_id) DO UPDATE
   SET known = true, sealed = excluded.sealed, language = excluded.language
"""

IS_KNOWN = "SELECT known FROM patient WHERE practice_id = $1 AND patient_id = $2"


async def lock_patient(db: Db, practice_id: UUID, patient_id: UUID) -> None:
    """Lock the patient until the transaction ends."""
    await db.execute(LOCK_PATIENT, practice_id, patient_id)


async def open_patient(uow: UnitOfWork, patient_id: UUID) -> Patient:
    """The patient as heard so far, locked until the transaction ends."""
    row = await uow.db.fetchrow(LOCK_PATIENT, uow.practice_id, patient_id)
    assert row is not None
    known, sealed, language = row
    if not known:
        return Patient(patient_id, known, None, None, language)
    opened = json.loads(uow.unseal(sealed, place_of(patient_id)))
    return Patient(patient_id, known, opened["given"], opened["email"], language)


async def keep_patient(uow: UnitOfWork, patient: Patient) -> None:
    marked = json.dumps({"given": patient.given, "email": patient.email}).encode()
    sealed = uow.seal(marked, place_of(patient.patient_id))
    row = uow.practice_id, patient.patient_id, sealed, patient.language
    await uow.db.execute(KEEP_PATIENT, *row)


async def is_known(db: Db, practice_id: UUID, patient_id: UUID) -> bool:
    """True where the patient's record was heard."""
    return bool(await db.fetchval(IS_KNOWN, practice_id, patient_id))


def place_of(patient_id: UUID) -> str:
    """What a patient's values are sealed for, and open for."""
    return f"patient/{patient_id}"
