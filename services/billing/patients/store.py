"""The SQL of patients' charts and their accounts."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from libs.events.transport.database import Db

KEEP_ALIAS = """
INSERT INTO alias (practice_id, patient_id, survivor_id) VALUES ($1, $2, $3)
ON CONFLICT (practice_id, patient_id) DO UPDATE SET survivor_id = excluded.survivor_id
"""
FORGET_ALIAS = "DELETE FROM alias WHERE practice_id = $1 AND patient_id = $2"
LIST_CHARTS = """
WITH survivor AS (
    SELECT coalesce(
        (SELECT survivor_id FROM alias WHERE practice_id = $1 AND patient_id = $2), $2) AS id
)
SELECT id FROM survivor
UNION ALL
SELECT patient_id FROM alias JOIN survivor ON survivor_id = id WHERE practice_id = $1
"""
LIST_CLAIMS = """
SELECT c.claim_id, c.patient_id, c.service_on, c.state, c.charge_cents,
       coalesce(sum(l.cents) FILTER (WHERE l.account = 'payer-receivable'), 0)::bigint
           AS payer_cents,
       coalesce(sum(l.cents) FILTER (WHERE l.account = 'patient-receivable'), 0)::bigint
           AS patient_cents
  FROM claim c
  LEFT JOIN journal_entry e USING (practice_id, claim_id)
  LEFT JOIN journal_line l USING (practice_id, entry_id)
 WHERE c.practice_id = $1 AND c.patient_id = ANY ($2::uuid[])
 GROUP BY c.practice_id, c.claim_id ORDER BY c.service_on, c.claim_id
"""


async def keep_alias(db: Db, practice_id: UUID, patient_id: UUID, survivor_id: UUID) -> None:
    await db.execute(KEEP_ALIAS, practice_id, patient_id, survivor_id)


async def forget_alias(db: Db, practice_id: UUID, patient_id: UUID) -> None:
    await db.execute(FORGET_ALIAS, practice_id, patient_id)


async def list_charts(db: Db, practice_id: UUID, patient_id: UUID) -> list[UUID]:
    """Every chart of the patient; the one that they go by first."""
    return [row["id"] for row in await db.fetch(LIST_CHARTS, practice_id, patient_id)]


async def list_claims(db: Db, practice_id: UUID, charts: list[UUID]) -> list[dict[str, Any]]:
    """The charts' claims with what is open of each, the oldest service first."""
    return [dict(row) for row in await db.fetch(LIST_CLAIMS, practice_id, charts)]
