"""A denial that a rule could have caught proposes that rule, once for payer and procedure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid5

from libs.events.contracts.billing_denials import DenialId, RuleProposed
from libs.events.contracts.values import PracticeId
from libs.events.transport import UnitOfWork
from libs.events.transport.database import Db
from services.billing.denials.model import Denial

MOST_EXAMPLES = 5
ABOUT_A_PROCEDURE = frozenset({"authorization-missing", "ncci-pairs", "mue-line", "mue-clinical"})
"""Rules that are proposed for the procedure that was denied."""
PUT = """
INSERT INTO rule_proposal AS p (practice_id, proposal_id, rule_id, payer_id, procedure_code,
                                denials, denied_cents, examples, proposed_at, state)
VALUES ($1, $2, $3, $4, $5, 1, $6, ARRAY[$7::uuid], $8, 'proposed')
ON CONFLICT (practice_id, proposal_id) DO UPDATE
   SET denials = p.denials + 1, denied_cents = p.denied_cents + excluded.denied_cents,
       examples = CASE WHEN cardinality(p.examples) < $9 THEN p.examples || excluded.examples
                       ELSE p.examples END
RETURNING denials
"""
LIST = """
SELECT proposal_id, rule_id, payer_id, procedure_code, denials, denied_cents, examples, proposed_at,
       state, decided_at, decided_by, effect, effective_on, filing_days
  FROM rule_proposal
 WHERE practice_id = $1 AND ($2::text IS NULL OR state = $2)
   AND ($3::bigint IS NULL OR (denied_cents, proposal_id) < ($3, $4::uuid))
 ORDER BY denied_cents DESC, proposal_id DESC LIMIT $5
"""
LOCK = """
SELECT proposal_id, rule_id, payer_id, procedure_code, denials, denied_cents, examples, proposed_at,
       state, decided_at, decided_by, effect, effective_on, filing_days
  FROM rule_proposal WHERE practice_id = $1 AND proposal_id = $2 FOR UPDATE
"""
DECIDE = """
UPDATE rule_proposal
   SET state = $3, decided_at = $4, decided_by = $5, effect = $6, effective_on = $7,
       filing_days = $8
 WHERE practice_id = $1 AND proposal_id = $2
"""


async def propose_rule(uow: UnitOfWork, denial: Denial) -> None:
    """Count the denial for its rule's proposal, which is published with the first one.

    A person may have declined it; it is counted further and not proposed again.
    """
    rule_id = denial.rule_id
    if rule_id is None:
        return
    procedure = denial.procedure_code if rule_id in ABOUT_A_PROCEDURE else None
    name = f"rule-proposal/{rule_id}/{denial.payer_id}/{procedure or ''}"
    proposal_id = uuid5(denial.practice_id, name)
    count = await uow.db.fetchval(
        PUT, denial.practice_id, proposal_id, rule_id, denial.payer_id, procedure,
        denial.denied_cents, denial.denial_id, uow.now, MOST_EXAMPLES,
    )  # fmt: skip
    if count > 1:
        return
    proposed = RuleProposed(
        practice_id=PracticeId(denial.practice_id),
        proposal_id=proposal_id,
        rule_id=rule_id,
        payer_id=denial.payer_id,
        procedure_code=procedure,
        denial_id=DenialId(denial.denial_id),
        denied_cents=denial.denied_cents,
    )
    await uow.publish(proposed)


async def list_proposals(
    db: Db, practice_id: UUID, state: str | None, after: tuple[int, UUID] | None, limit: int
) -> list[dict[str, Any]]:
    """Those of the most denied cents first."""
    cents, proposal_id = after or (None, None)
    rows = await db.fetch(LIST, practice_id, state, cents, proposal_id, limit)
    return [dict(row) for row in rows]


async def lock_proposal(db: Db, practice_id: UUID, proposal_id: UUID) -> dict[str, Any] | None:
    row = await db.fetchrow(LOCK, practice_id, proposal_id)
    return dict(row) if row else None


async def decide_proposal(
    db: Db, practice_id: UUID, proposal_id: UUID, decided: Mapping[str, Any]
) -> None:
    """`decided`: all that a decision says of it, in the order of the statement."""
    await db.execute(DECIDE, practice_id, proposal_id, *decided.values())
