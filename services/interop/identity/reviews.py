"""The SQL of reviews: pairs of charts that may be one patient, and of what finds them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from uuid import UUID, uuid5

from asyncpg import Record

from libs.events.transport import UnitOfWork
from libs.events.transport.database import Db
from services.interop.identity.model import Match

FORGET_FINGERPRINTS = """
DELETE FROM patient_fingerprint WHERE practice_id = $1 AND patient_id = $2
"""

# With every patient that is new: one statement for what is kept and whether it is looked for.
KEEP_FINGERPRINTS = """
WITH kept AS (
    INSERT INTO patient_fingerprint (practice_id, patient_id, fingerprint)
    SELECT $1, $2, unnest($3::bytea[])
)
SELECT EXISTS (SELECT FROM connection WHERE practice_id = $1 AND source_system <> $4)
"""

MOST_CANDIDATES = 100
"""A blocking key that many share, such as a placeholder's, is not compared to its end."""

FIND_CANDIDATES = """
SELECT DISTINCT patient_id, survivor_of($1, patient_id) AS survivor_id
  FROM patient_fingerprint JOIN patient USING (practice_id, patient_id)
 WHERE practice_id = $1 AND fingerprint = ANY ($2::bytea[]) AND source_system <> $3
 ORDER BY patient_id LIMIT $4
"""

FIND_APART = """
SELECT survivor_of($1, one_id) AS one, survivor_of($1, other_id) AS other FROM patient_review
 WHERE practice_id = $1 AND state = 'apart'
   AND $2 IN (survivor_of($1, one_id), survivor_of($1, other_id))
"""

OPEN_REVIEW = """
INSERT INTO patient_review (practice_id, review_id, one_id, other_id, levels, evidence_hundredths,
                            state, opened_at)
VALUES ($1, $2, $3, $4, $5, $6, 'open', $7)
ON CONFLICT (practice_id, one_id, other_id) DO NOTHING
"""

KEEP_APART = """
INSERT INTO patient_review (practice_id, review_id, one_id, other_id, levels, evidence_hundredths,
                            state, opened_at, decided_at)
SELECT $1, $2, $3, $4, '{}', 0, 'apart', $5, $5
 WHERE 2 = (SELECT count(*) FROM patient WHERE practice_id = $1 AND patient_id IN ($3, $4))
ON CONFLICT (practice_id, one_id, other_id)
DO UPDATE SET state = 'apart', survivor_id = NULL, decided_at = excluded.decided_at
"""

# A pair that was merged by another way meanwhile is nothing to ask about.
LIST_REVIEWS = """
SELECT * FROM patient_review
 WHERE practice_id = $1 AND ($2::text IS NULL OR state = $2)
   AND (state <> 'open'
        OR survivor_of(practice_id, one_id) <> survivor_of(practice_id, other_id))
 ORDER BY opened_at, review_id LIMIT $3
"""

LOCK_REVIEW = """
SELECT * FROM patient_review WHERE practice_id = $1 AND review_id = $2 FOR NO KEY UPDATE
"""

DECIDE = """
UPDATE patient_review SET state = $3, survivor_id = $4, decided_at = $5
 WHERE practice_id = $1 AND review_id = $2 RETURNING *
"""

READ_POLICY = "SELECT automatic_linking FROM identity_policy WHERE practice_id = $1"

SET_POLICY = """
INSERT INTO identity_policy (practice_id, automatic_linking, changed_at) VALUES ($1, $2, $3)
ON CONFLICT (practice_id) DO UPDATE
   SET automatic_linking = excluded.automatic_linking, changed_at = excluded.changed_at
"""


async def forget_fingerprints(uow: UnitOfWork, patient_id: UUID) -> None:
    await uow.db.execute(FORGET_FINGERPRINTS, uow.practice_id, patient_id)


async def keep_fingerprints(
    uow: UnitOfWork, patient_id: UUID, kept: Sequence[bytes], source_system: str
) -> bool:
    """Keep what finds a patient; true where the practice has an EHR beside the patient's."""
    return await uow.db.fetchval(
        KEEP_FINGERPRINTS, uow.practice_id, patient_id, list(kept), source_system
    )


async def find_candidates(
    uow: UnitOfWork, fingerprints: Sequence[bytes], *, not_of: str
) -> list[tuple[UUID, UUID]]:
    """(chart, the chart that it goes by) of other systems' charts that share a blocking key."""
    rows = await uow.db.fetch(
        FIND_CANDIDATES, uow.practice_id, list(fingerprints), not_of, MOST_CANDIDATES
    )
    return [(row["patient_id"], row["survivor_id"]) for row in rows]


async def find_apart(db: Db, practice_id: UUID, survivor_id: UUID) -> set[UUID]:
    """Whom a person keeps apart from this patient, by the charts that they go by now."""
    rows = await db.fetch(FIND_APART, practice_id, survivor_id)
    return {chart for row in rows for chart in (row["one"], row["other"])} - {survivor_id}


async def open_review(uow: UnitOfWork, chart_id: UUID, match: Match) -> None:
    """Ask about a pair; one that was asked about before stays as it is."""
    one, other = sorted((chart_id, match.survivor_id))
    found = match.comparison
    levels, hundredths = json.dumps(dict(found.levels)), round(found.bits * 100)
    pair = uow.practice_id, _id_of(uow.practice_id, one, other), one, other
    await uow.db.execute(OPEN_REVIEW, *pair, levels, hundredths, uow.now)


async def keep_apart(uow: UnitOfWork, chart_id: UUID, other_id: UUID) -> None:
    """Remember for good that a person holds these two for two patients, where both are known."""
    one, other = sorted((chart_id, other_id))
    pair = uow.practice_id, _id_of(uow.practice_id, one, other), one, other
    await uow.db.execute(KEEP_APART, *pair, uow.now)


async def list_reviews(db: Db, practice_id: UUID, *, state: str | None, limit: int) -> list[Record]:
    """The oldest first."""
    return await db.fetch(LIST_REVIEWS, practice_id, state, limit)


async def lock_review(db: Db, practice_id: UUID, review_id: UUID) -> Record | None:
    return await db.fetchrow(LOCK_REVIEW, practice_id, review_id)


async def decide(
    uow: UnitOfWork, review_id: UUID, state: str, survivor_id: UUID | None = None
) -> Record:
    row = await uow.db.fetchrow(DECIDE, uow.practice_id, review_id, state, survivor_id, uow.now)
    assert row is not None
    return row


async def links_automatically(db: Db, practice_id: UUID) -> bool:
    """Whether the practice switched it on; it did not, unless it said so."""
    return bool(await db.fetchval(READ_POLICY, practice_id))


async def set_policy(uow: UnitOfWork, *, automatic_linking: bool) -> None:
    await uow.db.execute(SET_POLICY, uow.practice_id, automatic_linking, uow.now)


def _id_of(practice_id: UUID, one: UUID, other: UUID) -> UUID:
    return uuid5(practice_id, json.dumps(["review", str(one), str(other)]))
