"""The work list: denials ranked by what can be recovered times how likely that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from libs.events.transport.database import Db
from services.billing.denials.model import State
from services.billing.denials.worth import likelihoods

READ_OUTCOMES = """
SELECT category, count(*) FILTER (WHERE outcome <> 'upheld') AS overturned, count(*) AS worked
  FROM denial WHERE practice_id = $1 AND outcome IS NOT NULL GROUP BY category
"""
LIST = """
SELECT * FROM (
    SELECT denial_id, claim_id, control_number, payer_claim_number, d.payer_id, line_number,
           procedure_code, d.service_on, decided_on, denied_cents, recoverable_cents,
           adjustment_group, reason, remarks, category, cause, owner, next_action, appealable,
           deadline_on, d.state, outcome, assigned_to, opened_at, likelihood,
           recoverable_cents * likelihood / 1000 AS expected_cents
      FROM denial d
      JOIN claim USING (practice_id, claim_id)
      JOIN unnest($2::text[], $3::int[]) AS l (category, likelihood) USING (category)
     WHERE practice_id = $1
       AND CASE WHEN $4::text IS NULL THEN d.state <> 'closed' ELSE d.state = $4 END
       AND ($5::text IS NULL OR owner = $5) AND ($6::text IS NULL OR d.payer_id = $6)
       AND ($7::text IS NULL OR category = $7)) ranked
 WHERE $8::bigint IS NULL OR (expected_cents, denial_id) < ($8, $9::uuid)
 ORDER BY expected_cents DESC, denial_id DESC LIMIT $10
"""


@dataclass(frozen=True, slots=True)
class Filters:
    """None: all; of states, all but the closed."""

    state: str | None = None
    owner: str | None = None
    payer_id: str | None = None
    category: str | None = None


async def list_denials(
    db: Db, practice_id: UUID, filters: Filters, after: tuple[int, UUID] | None, limit: int
) -> list[dict[str, Any]]:
    """The most worth working first; `after`: the last one's expected cents and id."""
    rows = await db.fetch(READ_OUTCOMES, practice_id)
    outcomes = {row["category"]: (row["overturned"], row["worked"]) for row in rows}
    likely = likelihoods(outcomes)
    expected, denial_id = after or (None, None)
    found = await db.fetch(
        LIST, practice_id, list(likely), list(likely.values()), filters.state, filters.owner,
        filters.payer_id, filters.category, expected, denial_id, limit,
    )  # fmt: skip
    return [{**dict(row), "state": State(row["state"])} for row in found]
