"""The SQL of encounters."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from asyncpg import Record

from libs.events.contracts.interop import EncounterPosted
from libs.events.transport import UnitOfWork
from libs.events.transport.database import Db
from libs.events.transport.payload import read_kept, write_kept
from services.interop.encounters.decide import State
from services.interop.writeback.store import sealed_reference

# With the EHR's own number of the visit, where it has one.
ADD_ENCOUNTER = """
WITH visit AS (
    INSERT INTO encounter (practice_id, encounter_id, connection_id, message_id, source_system,
                           patient_id, service_on, visit, standing, state, received_at, posted_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
    ON CONFLICT (practice_id, encounter_id) DO NOTHING
    RETURNING practice_id, encounter_id
), reference AS (
    INSERT INTO visit_reference (practice_id, encounter_id, sealed)
    SELECT practice_id, encounter_id, $13 FROM visit WHERE $13::bytea IS NOT NULL
)
SELECT FROM visit
"""

LOCK_ENCOUNTER = """
SELECT practice_id, encounter_id, connection_id, message_id, source_system,
       survivor_of(practice_id, patient_id) AS patient_id, service_on, visit, standing, state,
       posted_at IS NOT NULL AS was_posted
  FROM encounter WHERE practice_id = $1 AND encounter_id = $2 FOR NO KEY UPDATE
"""

# It stays under the chart that it came under while that chart is the patient's.
CHANGE_ENCOUNTER = """
UPDATE encounter
   SET connection_id = $3, message_id = $4,
       patient_id = CASE WHEN survivor_of(practice_id, patient_id) = $5 THEN patient_id
                         ELSE $5 END,
       service_on = $6, visit = $7,
       standing = $8, state = $9,
       posted_at = coalesce(posted_at, CASE WHEN $8::bytea IS NOT NULL THEN $10::timestamptz END)
 WHERE practice_id = $1 AND encounter_id = $2
"""

LIST_WAITING_OF = """
SELECT encounter_id FROM encounter
 WHERE practice_id = $1
   AND patient_id IN (SELECT $2::uuid UNION ALL
                      SELECT patient_id FROM patient_link
                       WHERE practice_id = $1 AND survivor_id = $2)
   AND state = 'waiting'
 ORDER BY encounter_id
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
    state: State
    standing: EncounterPosted | None = None
    """What was posted last, under the id of the event that said so."""
    was_posted: bool = False


async def add_encounter(
    uow: UnitOfWork, encounter: KeptEncounter, reference: str | None = None
) -> bool:
    """True where the encounter was new; `reference` is its EHR's own number of it."""
    encounter_id = encounter.encounter_id
    done = await uow.db.execute(
        ADD_ENCOUNTER,
        encounter.practice_id,
        encounter_id,
        encounter.connection_id,
        encounter.message_id,
        encounter.source_system,
        encounter.patient_id,
        encounter.service_on,
        *_sealed(uow, encounter),
        encounter.state,
        uow.now,
        None if encounter.standing is None else uow.now,
        None if reference is None else sealed_reference(uow, encounter_id, reference),
    )
    return done == "SELECT 1"


async def change_encounter(uow: UnitOfWork, encounter: KeptEncounter) -> None:
    """Write how a locked encounter stands from now on."""
    await uow.db.execute(
        CHANGE_ENCOUNTER,
        encounter.practice_id,
        encounter.encounter_id,
        encounter.connection_id,
        encounter.message_id,
        encounter.patient_id,
        encounter.service_on,
        *_sealed(uow, encounter),
        encounter.state,
        uow.now,
    )


async def lock_encounter(uow: UnitOfWork, encounter_id: UUID) -> KeptEncounter | None:
    """The encounter, locked until the transaction ends."""
    row = await uow.db.fetchrow(LOCK_ENCOUNTER, uow.practice_id, encounter_id)
    return None if row is None else _opened(uow, row)


async def list_waiting_of(db: Db, practice_id: UUID, patient_id: UUID) -> list[UUID]:
    """The patient's encounters that wait for something."""
    rows = await db.fetch(LIST_WAITING_OF, practice_id, patient_id)
    return [row["encounter_id"] for row in rows]


async def is_message_waiting(db: Db, practice_id: UUID, message_id: UUID) -> bool:
    """True while a visit of the message waits for an answer."""
    return bool(await db.fetchval(COUNT_WAITING, practice_id, message_id))


def _sealed(uow: UnitOfWork, encounter: KeptEncounter) -> tuple[bytes, bytes | None]:
    place = _place(encounter.encounter_id)
    standing = encounter.standing
    return (
        uow.seal(encounter.visit.encode(), place),
        None if standing is None else uow.seal(write_kept(standing), f"{place}/standing"),
    )


def _opened(uow: UnitOfWork, row: Record) -> KeptEncounter:
    found, place = dict(row), _place(row["encounter_id"])
    found["visit"] = uow.unseal(row["visit"], place).decode()
    if row["standing"] is not None:
        standing = uow.unseal(row["standing"], f"{place}/standing")
        found["standing"] = read_kept(standing, EncounterPosted)
    return KeptEncounter(**found)


def _place(encounter_id: UUID) -> str:
    return f"encounter/{encounter_id}"
