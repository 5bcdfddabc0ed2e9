"""The SQL of credits that nobody claims."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from libs.events.transport.database import Db
from services.billing.balances.unclaimed.model import Rule

RULE = """state, effective_on, dormancy_months, cut_off, report_due, letter_from_cents,
       letter_latest_days, letter_earliest_days, none_below_cents, source"""
ADD_RULE = f"""
INSERT INTO unclaimed_rule (practice_id, rule_id, {RULE})
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING
"""
FIND_RULE = f"SELECT {RULE} FROM unclaimed_rule WHERE practice_id = $1 AND rule_id = $2"
RULES_OF_STATE = f"SELECT {RULE} FROM unclaimed_rule WHERE practice_id = $1 AND state = $2"
LIST_RULES = f"""
SELECT rule_id, {RULE} FROM unclaimed_rule
 WHERE practice_id = $1 AND ($2::uuid IS NULL OR rule_id > $2) ORDER BY rule_id LIMIT $3
"""
ADD_PROPERTY = """
INSERT INTO unclaimed_property (practice_id, property_id, payment_id, account_id, state, cents,
                                dormant_on, letter_sent_on, report_due_on)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
FIND_PROPERTY = """
SELECT property_id, payment_id, account_id, state, cents, dormant_on, letter_sent_on, report_due_on
  FROM unclaimed_property WHERE practice_id = $1 AND property_id = $2
"""
LIST_PROPERTY = """
SELECT property_id, payment_id, account_id, state, cents, dormant_on, letter_sent_on, report_due_on
  FROM unclaimed_property
 WHERE practice_id = $1
   AND ($2::uuid IS NULL OR made > (SELECT made FROM unclaimed_property
                                     WHERE practice_id = $1 AND property_id = $2))
 ORDER BY made LIMIT $3
"""


async def add_rule(db: Db, practice_id: UUID, rule_id: UUID, rule: Rule) -> bool:
    """False where the practice has another rule of this id, or of this state and day."""
    values = (getattr(rule, name) for name in Rule.model_fields)
    await db.execute(ADD_RULE, practice_id, rule_id, *values)
    row = await db.fetchrow(FIND_RULE, practice_id, rule_id)
    return row is not None and Rule(**dict(row)) == rule


async def rules_of(db: Db, practice_id: UUID, state: str) -> list[Rule]:
    """What the practice itself set for a state."""
    return [Rule(**dict(row)) for row in await db.fetch(RULES_OF_STATE, practice_id, state)]


async def list_rules(
    db: Db, practice_id: UUID, limit: int, after: UUID | None
) -> list[dict[str, Any]]:
    return [dict(row) for row in await db.fetch(LIST_RULES, practice_id, after, limit)]


async def add_property(
    db: Db,
    practice_id: UUID,
    property_id: UUID,
    payment_id: UUID,
    account_id: UUID,
    state: str,
    cents: int,
    dormant_on: date,
    letter_sent_on: date | None,
    report_due_on: date,
) -> None:
    await db.execute(
        ADD_PROPERTY, practice_id, property_id, payment_id, account_id, state, cents, dormant_on,
        letter_sent_on, report_due_on,
    )  # fmt: skip


async def find_property(db: Db, practice_id: UUID, property_id: UUID) -> dict[str, Any] | None:
    row = await db.fetchrow(FIND_PROPERTY, practice_id, property_id)
    return dict(row) if row else None


async def list_property(
    db: Db, practice_id: UUID, limit: int, after: UUID | None
) -> list[dict[str, Any]]:
    return [dict(row) for row in await db.fetch(LIST_PROPERTY, practice_id, after, limit)]
