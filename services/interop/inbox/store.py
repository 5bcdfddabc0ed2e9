"""The SQL of the message pages; row-level security shows the practice's rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

from asyncpg import Record

from libs.events.transport.database import Db
from services.interop.inbox.filters import Filters, Place

GENERATION = "(SELECT generation FROM projection WHERE name = 'claims')"

LIST_PRACTICES = f"""
SELECT practice_id, name FROM practice
 WHERE generation = {GENERATION} ORDER BY name NULLS LAST, practice_id
"""

# In the order of an index, so that a page costs the same wherever it is.
LIST_INBOX = """
SELECT message_id, connection_id, kind, type, control_id, fate, refusals::text AS refusals,
       received_at
  FROM message
 WHERE {conditions}
 ORDER BY received_at DESC, message_id LIMIT {limit}
"""

LIST_VISITS = """
WITH told AS (
    SELECT encounter_id FROM encounter WHERE practice_id = $1 AND message_id = $2
    UNION
    SELECT subject::uuid FROM message_event
     WHERE practice_id = $1 AND message_id = $2 AND event_type LIKE 'interop.encounter-%'
       AND subject IS NOT NULL
)
SELECT e.encounter_id, e.state, e.service_on, e.message_id,
       (SELECT count(*) FROM query q
         WHERE q.practice_id = e.practice_id AND q.encounter_id = e.encounter_id
           AND q.answer IS NULL AND q.withdrawn_at IS NULL) AS queries_open
  FROM told JOIN encounter e ON e.practice_id = $1 AND e.encounter_id = told.encounter_id
 ORDER BY e.service_on, e.encounter_id LIMIT $3
"""

LIST_CLAIMS = f"""
SELECT claim_id, encounter_id, payer_id, state, charge_cents, paid_cents, adjusted_cents,
       patient_cents
  FROM claim
 WHERE generation = {GENERATION} AND practice_id = $1 AND encounter_id = ANY($2::uuid[])
 ORDER BY claim_id
"""

LIST_WRITTEN_BACK = """
SELECT connection_id, number, claim_id, control_id, made_at, tries, ended_at, answer, condition
  FROM write_back WHERE practice_id = $1 AND claim_id = ANY($2::uuid[]) ORDER BY number
"""


async def list_practices(db: Db) -> dict[UUID, str | None]:
    """Every practice that was heard of, by name; the caller's rights are the caller's to check."""
    return {row["practice_id"]: row["name"] for row in await db.fetch(LIST_PRACTICES)}


async def list_inbox(
    db: Db, practice_id: UUID, filters: Filters, after: Place | None, limit: int
) -> list[Record]:
    """The messages after that place, the newest first."""
    conditions = ["practice_id = $1"]
    values: list[object] = [practice_id]

    def add(condition: str, *told: object) -> None:
        places = range(len(values) + 1, len(values) + 1 + len(told))
        conditions.append(condition.format(*(f"${place}" for place in places)))
        values.extend(told)

    if filters.fate is not None:
        add("fate = {}", filters.fate)
    if filters.connection_id is not None:
        add("connection_id = {}", filters.connection_id)
    if filters.control_id is not None:
        add("control_id = {}", filters.control_id)
    if filters.type is not None:
        add("starts_with(type, {})", filters.type)
    if filters.day is not None:
        begin = datetime.combine(filters.day, time(), UTC)
        add("received_at >= {} AND received_at < {}", begin, begin + timedelta(days=1))
    if after is not None:
        place = after.received_at, after.received_at, after.message_id
        add("received_at <= {} AND (received_at < {} OR message_id > {})", *place)
    values.append(limit)
    wanted = LIST_INBOX.format(conditions=" AND ".join(conditions), limit=f"${len(values)}")
    return await db.fetch(wanted, *values)


async def list_visits(db: Db, practice_id: UUID, message_id: UUID, limit: int) -> list[Record]:
    """The visits that the message told of, or changed."""
    return await db.fetch(LIST_VISITS, practice_id, message_id, limit)


async def list_claims(db: Db, practice_id: UUID, visits: Sequence[UUID]) -> list[Record]:
    return await db.fetch(LIST_CLAIMS, practice_id, visits)


async def list_written_back(db: Db, practice_id: UUID, claims: Sequence[UUID]) -> list[Record]:
    """What the visits' EHRs were told of the claims, in its order."""
    return await db.fetch(LIST_WRITTEN_BACK, practice_id, claims)
