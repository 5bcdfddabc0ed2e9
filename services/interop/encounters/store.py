"""The SQL of encounters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from libs.events.transport.database import Db

ADD_ENCOUNTER = """
INSERT INTO encounter (practice_id, encounter_id, connection_id, message_id, source_system,
                       patient_id, service_on, visit, visit_sha256, state, received_at, posted_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8::text::jsonb, $9, $10, $11, $12)
ON CONFLICT (practice_id, encounter_id) DO NOTHING
"""

LOCK_ENCOUNTER = """
SELECT practice_id, encounter_id, connection_id, message_id, source_system, patient_id, service_on,
       visit::text AS visit, visit_sha256, state
  FROM encounter WHERE practice_id = $1 AND encounter_id = $2 FOR NO KEY UPDATE
"""

MARK_POSTED = """
UPDATE encounter SET state = 'posted', posted_at = $3 WHERE practice_id = $1 AND encounter_id = $2
"""

COUNT_WAITING = """
SELECT count(*) FROM encounter
 WHERE practice_id = $1 AND message_id = $2 AND state = 'waiting'
"""


@dataclass(frozen=True, slots=True)
class KeptEncounter:
    """An encounter's row; `visit` is JSON as its slice wrote it."""

    practice_id: UUID
    encounter_id: UUID
    connection_id: UUID
    message_id: UUID
    source_system: str
    patient_id: UUID
    service_on: date
    visit: str
    visit_sha256: bytes
    state: str


async def add_encounter(db: Db, encounter: KeptEncounter, at: datetime) -> bool:
    """True where the encounter was new."""
    done = await db.execute(
        ADD_ENCOUNTER,
        encounter.practice_id,
        encounter.encounter_id,
        encounter.connection_id,
        encounter.message_id,
        encounter.source_system,
        encounter.patient_id,
        encounter.service_on,
        encounter.visit,
        encounter.visit_sha256,
        encounter.state,
        at,
        at if encounter.state == "posted" else None,
    )
    return done == "INSERT 0 1"


async def lock_encounter(db: Db, practice_id: UUID, encounter_id: UUID) -> KeptEncounter | None:
    """The encounter, locked until the transaction ends."""
    row = await db.fetchrow(LOCK_ENCOUNTER, practice_id, encounter_id)
    return None if row is None else KeptEncounter(**dict(row))


async def mark_posted(db: Db, encounter: KeptEncounter, at: datetime) -> None:
    await db.execute(MARK_POSTED, encounter.practice_id, encounter.encounter_id, at)


async def is_message_waiting(db: Db, practice_id: UUID, message_id: UUID) -> bool:
    """True while a visit of the message waits for an answer."""
    return bool(await db.fetchval(COUNT_WAITING, practice_id, message_id))
