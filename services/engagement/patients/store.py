"""The SQL of patients. Lock the patient before the patient's consents and messages.

A chart that was merged goes by another one. Both are locked, the chart first: so whoever waited for
a merge sees it, and the survivor's lock puts all that concerns the patient one after the other.

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

IS_KNOWN = """
SELECT EXISTS (SELECT FROM patient WHERE practice_id = $1 AND patient_id = $2 AND known)
       OR EXISTS (SELECT FROM alias WHERE practice_id = $1 AND patient_id = $2)
"""

FIND_SURVIVOR = "SELECT survivor_id FROM alias WHERE practice_id = $1 AND patient_id = $2"

LIST_CHARTS = """
SELECT patient_id FROM alias WHERE practice_id = $1 AND survivor_id = $2 ORDER BY patient_id
"""

KEEP_ALIAS = """
INSERT INTO alias (practice_id, patient_id, survivor_id) VALUES ($1, $2, $3)
ON CONFLICT (practice_id, patient_id) DO UPDATE SET survivor_id = excluded.survivor_id
"""

FORGET_ALIAS = "DELETE FROM alias WHERE practice_id = $1 AND patient_id = $2"


async def lock_chart(db: Db, practice_id: UUID, patient_id: UUID) -> None:
    """Lock this chart alone until the transaction ends."""
    await db.execute(LOCK_PATIENT, practice_id, patient_id)


async def lock_patient(db: Db, practice_id: UUID, patient_id: UUID) -> UUID:
    """Lock the patient of a chart until the transaction ends; gives the chart that they go by."""
    await lock_chart(db, practice_id, patient_id)
    survivor_id = await db.fetchval(FIND_SURVIVOR, practice_id, patient_id)
    if survivor_id is None:
        return patient_id
    await lock_chart(db, practice_id, survivor_id)
    return survivor_id


async def list_charts(db: Db, practice_id: UUID, survivor_id: UUID) -> list[UUID]:
    """A patient's charts: the one that they go by, then what was merged into it."""
    rows = await db.fetch(LIST_CHARTS, practice_id, survivor_id)
    return [survivor_id, *(row["patient_id"] for row in rows)]


async def keep_alias(db: Db, practice_id: UUID, patient_id: UUID, survivor_id: UUID) -> None:
    await db.execute(KEEP_ALIAS, practice_id, patient_id, survivor_id)


async def forget_alias(db: Db, practice_id: UUID, patient_id: UUID) -> None:
    await db.execute(FORGET_ALIAS, practice_id, patient_id)


async def open_patient(uow: UnitOfWork, patient_id: UUID) -> Patient:
    """The patient of a chart as heard so far, locked until the transaction ends."""
    patient_id = await lock_patient(uow.db, uow.practice_id, patient_id)
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
    """True where the patient's record was heard, or that their chart goes by another one."""
    return bool(await db.fetchval(IS_KNOWN, practice_id, patient_id))


def place_of(patient_id: UUID) -> str:
    """What a patient's values are sealed for, and open for."""
    return f"patient/{patient_id}"
