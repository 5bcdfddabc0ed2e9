"""The SQL of encounters."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from libs.events.transport import UnitOfWork
from libs.events.transport.database import Db

ADD_ENCOUNTER = """
INSERT INTO encounter (practice_id, encounter_id, connection_id, message_id, source_system,
                       patient_id, service_on, visit, state, received_at, posted_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (practice_id, encounter_id) DO NOTHING
"""

LOCK_ENCOUNTER = """
SELECT practice_id, encounter_id, connection_id, message_id, source_system,
       survivor_of(practice_id, patient_id) AS patient_id, service_on, visit, state
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
    """An encounter's row; `visit` is JSON as its slice wrote it, sealed where it is kept."""

    practice_id: UUID
    encounter_id: UUID
    connection_id: UUID
    message_id: UUID
    source_system: str
    patient_id: UUID
    service_on: date
    visit: str = field(repr=False)
    state: str


async def add_encounter(uow: UnitOfWork, encounter: KeptEncounter) -> bool:
    """True where the encounter was new."""
    done = await uow.db.execute(
        ADD_ENCOUNTER,
        encounter.practice_id,
        encounter.encounter_id,
        encounter.connection_id,
        encounter.message_id,
        encounter.source_system,
        encounter.patient_id,
        encounter.service_on,
        uow.seal(encounter.visit.encode(), _place(encounter.encounter_id)),
        encounter.state,
        uow.now,
        uow.now if encounter.state == "posted" else None,
    )
    return done == "INSERT 0 1"


async def lock_encounter(uow: UnitOfWork, encounter_id: UUID) -> KeptEncounter | None:
    """The encounter, locked until the transaction ends."""
    row = await uow.db.fetchrow(LOCK_ENCOUNTER, uow.practice_id, encounter_id)
    if row is None:
        return None
    found = dict(row)
    found["visit"] = uow.unseal(row["visit"], _place(encounter_id)).decode()
    return KeptEncounter(**found)


def _place(encounter_id: UUID) -> str:
    return f"encounter/{encounter_id}"


async def mark_posted(db: Db, encounter: KeptEncounter, at: datetime) -> None:
    await db.execute(MARK_POSTED, encounter.practice_id, encounter.encounter_id, at)


async def is_message_waiting(db: Db, practice_id: UUID, message_id: UUID) -> bool:
    """True while a visit of the message waits for an answer."""
    return bool(await db.fetchval(COUNT_WAITING, practice_id, message_id))
