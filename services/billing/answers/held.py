"""Answers that moved nothing by themselves, until a person has dealt with them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID, uuid5

from libs.events.transport import UnitOfWork
from libs.events.transport.database import Db
from services.billing.answers.model import HeldReason
from services.billing.claims.model import Claim

HOLD = """
INSERT INTO held_answer (practice_id, held_answer_id, source, reason, reference, claim_id, category,
                         code, expected_cents, told_cents, held_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING
"""
LIST = """
SELECT held_answer_id, source, reason, reference, claim_id, category, code, expected_cents,
       told_cents, held_at, settled_by, settled_at
  FROM held_answer
 WHERE practice_id = $1 AND settled_at IS NULL AND ($2::uuid IS NULL OR (held_at, held_answer_id) >
        (SELECT held_at, held_answer_id FROM held_answer
          WHERE practice_id = $1 AND held_answer_id = $2))
 ORDER BY held_at, held_answer_id LIMIT $3
"""
SETTLE = """
UPDATE held_answer SET settled_by = coalesce(settled_by, $3), settled_at = coalesce(settled_at, $4)
 WHERE practice_id = $1 AND held_answer_id = $2
RETURNING held_answer_id, source, reason, reference, claim_id, category, code, expected_cents,
       told_cents, held_at, settled_by, settled_at
"""
REASONS_OF_CLAIM = """
SELECT reason FROM held_answer
 WHERE practice_id = $1 AND claim_id = $2 AND settled_at IS NULL ORDER BY held_at, held_answer_id
"""
LONGEST = 50


async def hold(
    uow: UnitOfWork,
    source: Literal["TA1", "277CA", "277", "276"],
    reason: HeldReason,
    reference: str,
    claim: Claim | None,
    *,
    category: str | None = None,
    code: str | None = None,
    told_cents: int | None = None,
) -> None:
    """Put an answer on the list; the same about the same is there once."""
    about = f"{source}/{reason}/{reference}/{category}/{code}/{told_cents}"
    await uow.db.execute(
        HOLD, uow.practice_id, uuid5(uow.practice_id, about), source, reason, reference[:LONGEST],
        claim and claim.claim_id, category, code, claim and claim.charge_cents, told_cents,
        uow.now,
    )  # fmt: skip


async def list_held(
    db: Db, practice_id: UUID, after: UUID | None, limit: int
) -> list[dict[str, Any]]:
    """Those that wait longest first."""
    return [dict(row) for row in await db.fetch(LIST, practice_id, after, limit)]


async def settle(
    db: Db, practice_id: UUID, held_answer_id: UUID, by: str, at: datetime
) -> dict[str, Any] | None:
    """It is dealt with; the first to say so is kept."""
    row = await db.fetchrow(SETTLE, practice_id, held_answer_id, by, at)
    return dict(row) if row else None


async def reasons_of_claim(db: Db, practice_id: UUID, claim_id: UUID) -> list[str]:
    rows = await db.fetch(REASONS_OF_CLAIM, practice_id, claim_id)
    return [row["reason"] for row in rows]
