"""The SQL of practices and their policies."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from libs.events.transport.database import Db
from services.engagement.practices.model import Practice

# What is planned for patients goes on side by side; a practice becomes known alone, so that no
# message planned meanwhile misses it. The lock ends with the transaction.
SHARE_PRACTICE = "SELECT pg_advisory_xact_lock_shared(hashtextextended('practice ' || $1::text, 0))"
HOLD_PRACTICE = "SELECT pg_advisory_xact_lock(hashtextextended('practice ' || $1::text, 0))"

ADD_PRACTICE = """
INSERT INTO practice (practice_id, name, time_zone) VALUES ($1, $2, $3)
ON CONFLICT (practice_id) DO UPDATE SET name = excluded.name, time_zone = excluded.time_zone
"""

FIND_PRACTICE = "SELECT name, time_zone FROM practice WHERE practice_id = $1"

SET_POLICY = """
INSERT INTO policy (practice_id, intake_consent, changed_at) VALUES ($1, $2, $3)
ON CONFLICT (practice_id) DO UPDATE
   SET intake_consent = excluded.intake_consent, changed_at = excluded.changed_at
 WHERE policy.intake_consent <> excluded.intake_consent
"""

FIND_INTAKE_CONSENT = "SELECT intake_consent FROM policy WHERE practice_id = $1"


async def share_practice(db: Db, practice_id: UUID) -> Practice | None:
    """The practice where it is known; until the transaction ends, it stays so or unknown."""
    await db.execute(SHARE_PRACTICE, str(practice_id))
    return await find_practice(db, practice_id)


async def find_practice(db: Db, practice_id: UUID) -> Practice | None:
    row = await db.fetchrow(FIND_PRACTICE, practice_id)
    return None if row is None else Practice(row["name"], row["time_zone"])


async def add_practice(db: Db, practice_id: UUID, practice: Practice) -> None:
    """Make the practice known; until the transaction ends, nobody plans a message for it."""
    await db.execute(HOLD_PRACTICE, str(practice_id))
    await db.execute(ADD_PRACTICE, practice_id, practice.name, practice.time_zone)


async def set_policy(db: Db, practice_id: UUID, *, intake_consent: bool, at: datetime) -> None:
    await db.execute(SET_POLICY, practice_id, intake_consent, at)


async def has_intake_consent(db: Db, practice_id: UUID) -> bool:
    """True where the practice's intake form asks for consent to e-mail; false until it is told."""
    return bool(await db.fetchval(FIND_INTAKE_CONSENT, practice_id))
