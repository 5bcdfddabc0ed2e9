"""The interchanges that a claim travelled with, and what payers decided in their own words."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from libs.events.transport.database import Db

LIST_INTERCHANGES = """
SELECT interchange_number, kind, made_at, sent_at FROM interchange
 WHERE practice_id = $1 AND interchange_number IN (
       SELECT interchange_number FROM claim WHERE practice_id = $1 AND claim_id = $2
        UNION SELECT interchange_number FROM claim_answer
               WHERE practice_id = $1 AND claim_id = $2 AND source <> '277'
        UNION SELECT lost_interchange FROM claim_sent_again
               WHERE practice_id = $1 AND claim_id = $2)
 ORDER BY interchange_number
"""

LIST_DECISIONS = """
SELECT p.status, p.paid_cents, p.reversed_by, r.payer_id, r.trace_number, r.posted_at, a.said
  FROM posting p JOIN remittance r USING (practice_id, remittance_id)
  LEFT JOIN adjudication a USING (practice_id, payment_id)
 WHERE p.practice_id = $1 AND p.claim_id = $2 ORDER BY r.posted_at, p.payment_id
"""


async def list_decisions(db: Db, practice_id: UUID, claim_id: UUID) -> list[dict[str, Any]]:
    """Each with the adjustments that its 835 gave, its lines' included, as group, reason, cents."""
    rows = [dict(row) for row in await db.fetch(LIST_DECISIONS, practice_id, claim_id)]
    for row in rows:
        said = json.loads(row.pop("said") or '{"adjustments": [], "lines": []}')
        every = [*said["adjustments"], *(a for line in said["lines"] for a in line["adjustments"])]
        row["adjustments"] = [(group, reason, cents) for group, reason, cents, _ in every]
    return rows


async def list_interchanges(db: Db, practice_id: UUID, claim_id: UUID) -> list[dict[str, Any]]:
    return [dict(row) for row in await db.fetch(LIST_INTERCHANGES, practice_id, claim_id)]
