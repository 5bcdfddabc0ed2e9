"""Why payers refuse, and how much of it comes back: sums for people."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from libs.events.transport.database import Db

ROOT_CAUSES = """
SELECT * FROM (
    SELECT payer_id, category, reason, procedure_code, provider_npi, rule_id,
           count(*)::int AS denials, sum(denied_cents)::bigint AS denied_cents,
           sum(recovered_cents)::bigint AS recovered_cents,
           sum(recoverable_cents)::bigint AS recoverable_cents,
           (avg(extract(epoch FROM closed_at - opened_at)) / 86400)::float8 AS days_to_resolve,
           md5(row(payer_id, category, reason, procedure_code, provider_npi, rule_id)::text)::uuid
               AS place
      FROM denial
     WHERE practice_id = $1 AND (opened_at AT TIME ZONE 'UTC')::date >= $2::date
       AND (opened_at AT TIME ZONE 'UTC')::date < $3::date
     GROUP BY payer_id, category, reason, procedure_code, provider_npi, rule_id) causes
 WHERE $4::bigint IS NULL OR (denied_cents, place) < ($4, $5::uuid)
 ORDER BY denied_cents DESC, place DESC LIMIT $6
"""
MEASURES = """
WITH months AS (
    SELECT generate_series($2::date, $3::date, interval '1 month')::date AS month
), decided AS (
    SELECT DISTINCT ON (p.claim_id) p.claim_id, c.charge_cents, p.denied_cents, r.posted_at
      FROM posting p
      JOIN remittance r USING (practice_id, remittance_id)
      JOIN claim c USING (practice_id, claim_id)
     WHERE p.practice_id = $1 ORDER BY p.claim_id, r.posted_at, p.payment_id
), first AS (
    SELECT date_trunc('month', posted_at AT TIME ZONE 'UTC')::date AS month, count(*) AS claims,
           count(*) FILTER (WHERE denied_cents > 0) AS denied,
           sum(charge_cents) AS charged, sum(charge_cents) FILTER (WHERE denied_cents > 0)
               AS denied_charges
      FROM decided GROUP BY 1
), given_up AS (
    SELECT date_trunc('month', closed_at AT TIME ZONE 'UTC')::date AS month,
           sum(given_up_cents) AS cents
      FROM denial WHERE practice_id = $1 AND close_reason = 'given-up' GROUP BY 1
), revenue AS (
    SELECT date_trunc('month', e.posted_at AT TIME ZONE 'UTC')::date AS month,
           -sum(l.cents) FILTER (WHERE l.account = 'charges')
               - coalesce(sum(l.cents) FILTER (WHERE l.account = 'contractual-adjustment'), 0)
               AS cents
      FROM journal_entry e JOIN journal_line l USING (practice_id, entry_id)
     WHERE e.practice_id = $1 GROUP BY 1
), answered AS (
    SELECT date_trunc('month', decided_on)::date AS month, count(*) AS appeals,
           count(*) FILTER (WHERE outcome <> 'upheld') AS won
      FROM appeal WHERE practice_id = $1 AND outcome IS NOT NULL GROUP BY 1
)
SELECT month, coalesce(f.claims, 0)::int AS decided_claims,
       coalesce(f.denied, 0)::int AS denied_claims,
       coalesce(f.charged, 0)::bigint AS decided_charge_cents,
       coalesce(f.denied_charges, 0)::bigint AS denied_charge_cents,
       coalesce(g.cents, 0)::bigint AS given_up_cents,
       coalesce(r.cents, 0)::bigint AS net_revenue_cents,
       coalesce(a.appeals, 0)::int AS answered_appeals, coalesce(a.won, 0)::int AS won_appeals
  FROM months LEFT JOIN first f USING (month) LEFT JOIN given_up g USING (month)
  LEFT JOIN revenue r USING (month) LEFT JOIN answered a USING (month) ORDER BY month
"""


async def sum_root_causes(
    db: Db, practice_id: UUID, first: date, end: date, after: tuple[int, UUID] | None, limit: int
) -> list[dict[str, Any]]:
    """Denials opened from `first` to before `end`, those of the most cents first."""
    cents, place = after or (None, None)
    rows = await db.fetch(ROOT_CAUSES, practice_id, first, end, cents, place, limit)
    return [dict(row) for row in rows]


async def sum_months(db: Db, practice_id: UUID, first: date, last: date) -> list[dict[str, Any]]:
    """What the measures are made of, for each month from `first` to `last`."""
    return [dict(row) for row in await db.fetch(MEASURES, practice_id, first, last)]
