"""The SQL of refunds and of what payers paid too much."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from libs.events.transport.database import Db
from services.billing.balances.refunds.model import Refund, RefundState
from services.billing.balances.store import lock_with_account

COLUMNS = """refund_id, payment_id, account_id, method, cents, state, requested_by, approved_by,
       reason, origin"""
ADD_REFUND = """
INSERT INTO patient_refund (practice_id, refund_id, payment_id, account_id, method, cents, state,
                            requested_by, origin)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
FIND_REFUND = f"SELECT {COLUMNS} FROM patient_refund WHERE practice_id = $1 AND refund_id = $2"
SET_STATE = """
UPDATE patient_refund
   SET state = $3, approved_by = coalesce($4, approved_by), reason = coalesce($5, reason)
 WHERE practice_id = $1 AND refund_id = $2
"""
LIST_REFUNDS = f"""
SELECT {COLUMNS} FROM patient_refund
 WHERE practice_id = $1 AND ($2::text IS NULL OR state = $2)
   AND ($3::uuid IS NULL OR made > (SELECT made FROM patient_refund
                                     WHERE practice_id = $1 AND refund_id = $3))
 ORDER BY made LIMIT $4
"""
LIST_PAYER_CREDITS = """
SELECT c.claim_id, c.payer_id, c.service_on, -sum(l.cents)::bigint AS credit_cents
  FROM claim c
  JOIN journal_entry e USING (practice_id, claim_id)
  JOIN journal_line l USING (practice_id, entry_id)
 WHERE c.practice_id = $1 AND l.account = 'payer-receivable'
   AND ($2::uuid IS NULL OR c.claim_id > $2)
 GROUP BY c.practice_id, c.claim_id HAVING sum(l.cents) < 0 ORDER BY c.claim_id LIMIT $3
"""


async def add_refund(db: Db, practice_id: UUID, refund: Refund) -> None:
    await db.execute(
        ADD_REFUND, practice_id, refund.refund_id, refund.payment_id, refund.account_id,
        refund.method, refund.cents, refund.state, refund.requested_by, refund.origin,
    )  # fmt: skip


async def find_refund(db: Db, practice_id: UUID, refund_id: UUID) -> Refund | None:
    row = await db.fetchrow(FIND_REFUND, practice_id, refund_id)
    return Refund(**dict(row)) if row else None


async def lock_refund(db: Db, practice_id: UUID, refund_id: UUID) -> Refund | None:
    """A refund, while its account is locked."""
    locked = await lock_with_account(
        db, practice_id, lambda: find_refund(db, practice_id, refund_id)
    )
    return locked and locked[1]


async def set_state(
    db: Db,
    practice_id: UUID,
    refund: Refund,
    state: RefundState,
    *,
    approved_by: str | None = None,
    reason: str | None = None,
) -> None:
    await db.execute(SET_STATE, practice_id, refund.refund_id, state, approved_by, reason)


async def list_refunds(
    db: Db, practice_id: UUID, state: str | None, limit: int, after: UUID | None
) -> list[Refund]:
    rows = await db.fetch(LIST_REFUNDS, practice_id, state, after, limit)
    return [Refund(**dict(row)) for row in rows]


async def list_payer_credits(
    db: Db, practice_id: UUID, limit: int, after: UUID | None
) -> list[dict[str, Any]]:
    """Claims of which payers paid more than they owed, by id."""
    rows = await db.fetch(LIST_PAYER_CREDITS, practice_id, after, limit)
    return [dict(row) for row in rows]
