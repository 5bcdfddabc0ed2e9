"""The SQL of when charges were posted, and of what corrections would add."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from libs.events.contracts.interop import ChargeLine
from libs.events.transport import UnitOfWork
from libs.events.transport.database import Db
from services.billing.charges.lag import PostedVisit
from services.billing.charges.model import Service
from services.billing.claims.due import open_correction

# A claim that was corrected was charged several times; it came when it was charged first.
LIST_POSTED = """
SELECT c.provider_npi, c.service_on, (e.posted_at AT TIME ZONE 'UTC')::date AS posted_on
  FROM journal_entry e JOIN claim c USING (practice_id, claim_id)
 WHERE e.practice_id = $1 AND e.kind = 'charge' AND c.encounter_id IS NOT NULL
   AND e.posted_at >= $2::date::timestamp AT TIME ZONE 'UTC'
   AND e.posted_at < $3::date::timestamp AT TIME ZONE 'UTC'
   AND NOT EXISTS (SELECT FROM journal_entry b
        WHERE b.practice_id = $1 AND b.claim_id = e.claim_id AND b.kind = 'charge-reversal'
          AND b.posted_at <= e.posted_at)
"""
LIST_LATE = """
SELECT c.claim_id, c.encounter_id, c.provider_npi, c.service_on, first.posted_on,
       first.posted_on - c.service_on AS lag_days, c.charge_cents
  FROM claim c CROSS JOIN LATERAL (
       SELECT min(posted_at AT TIME ZONE 'UTC')::date AS posted_on FROM journal_entry e
        WHERE e.practice_id = c.practice_id AND e.claim_id = c.claim_id AND e.kind = 'charge'
       ) first
 WHERE c.practice_id = $1 AND c.encounter_id IS NOT NULL AND c.claim_id > $3
   AND first.posted_on - c.service_on > $2
 ORDER BY c.claim_id LIMIT $4
"""
LIST_CORRECTED = """
SELECT d.claim_id, c.encounter_id, c.provider_npi, c.service_on, d.event_id,
       d.encounter AS corrected
  FROM correction_due d JOIN claim c USING (practice_id, claim_id)
 WHERE d.practice_id = $1 AND d.kind = 'replace' AND d.claim_id > $2
 ORDER BY d.claim_id LIMIT $3
"""
LINES_OF = """
SELECT claim_id, procedure_code, modifiers, sum(units)::int AS units FROM claim_line
 WHERE practice_id = $1 AND claim_id = ANY ($2::uuid[]) GROUP BY 1, 2, 3
"""


async def list_posted(db: Db, practice_id: UUID, start: date, end: date) -> list[PostedVisit]:
    """Those whose charges were posted first on these days."""
    rows = await db.fetch(LIST_POSTED, practice_id, start, end)
    return [PostedVisit(**dict(row)) for row in rows]


async def list_late(
    db: Db, practice_id: UUID, late_after_days: int, after: UUID, limit: int
) -> list[dict[str, Any]]:
    rows = await db.fetch(LIST_LATE, practice_id, late_after_days, after, limit)
    return [dict(row) for row in rows]


async def list_corrected(
    uow: UnitOfWork, after: UUID, limit: int
) -> list[tuple[dict[str, Any], dict[Service, int], Sequence[ChargeLine]]]:
    """Claims that are due to be replaced: what left, and the visit as it is now."""
    rows = [dict(r) for r in await uow.db.fetch(LIST_CORRECTED, uow.practice_id, after, limit)]
    ids = [row["claim_id"] for row in rows]
    left: dict[UUID, dict[Service, int]] = {}
    for line in await uow.db.fetch(LINES_OF, uow.practice_id, ids):
        service = line["procedure_code"], tuple(line["modifiers"])
        left.setdefault(line["claim_id"], {})[service] = line["units"]
    found: list[tuple[dict[str, Any], dict[Service, int], Sequence[ChargeLine]]] = []
    for row in rows:
        visit = open_correction(uow, row["claim_id"], row.pop("corrected"))
        found.append((row, left.get(row["claim_id"], {}), visit.lines))
    return found
