"""Remittances and their postings."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from libs.events.transport.database import Db
from services.billing.ledger.model import Decision
from services.billing.remittances.model import Obstacle
from services.billing.x12 import RemittanceHeader, RemittedClaim

ADD_REMITTANCE = """
INSERT INTO remittance (practice_id, remittance_id, payer_id, trace_number, payer_trace_id, paid_on,
                        payment_cents, sha256, warning, posted_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (practice_id, payer_id, payer_trace_id, trace_number) DO NOTHING RETURNING 1
"""
READ_CONTENT = "SELECT sha256 FROM remittance WHERE practice_id = $1 AND remittance_id = $2"
READ_PRACTICE_NPI = "SELECT npi FROM practice WHERE practice_id = $1"
ADD_POSTING = """
INSERT INTO posting (practice_id, payment_id, claim_id, remittance_id, status, paid_cents,
                     adjusted_cents, patient_cents, denied_cents)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
SUM_CLOSED = """
SELECT coalesce(sum(paid_cents + adjusted_cents + patient_cents), 0)::bigint FROM posting
 WHERE practice_id = $1 AND claim_id = $2 AND reversed_by IS NULL
"""
FIND_TO_REVERSE = """
SELECT payment_id, paid_cents, adjusted_cents, patient_cents, denied_cents FROM posting
 WHERE practice_id = $1 AND claim_id = $2 AND reversed_by IS NULL AND paid_cents = $3
 ORDER BY (adjusted_cents, patient_cents, denied_cents) = ($4, $5, $6) DESC, payment_id LIMIT 1
"""
MARK_REVERSED = """
UPDATE posting SET reversed_by = $3 WHERE practice_id = $1 AND payment_id = $2
"""
LIST_POSTINGS = """
SELECT p.payment_id, p.remittance_id, r.payer_id, r.trace_number, p.status, p.paid_cents,
       p.adjusted_cents, p.patient_cents, p.denied_cents, p.reversed_by, r.posted_at
  FROM posting p JOIN remittance r USING (practice_id, remittance_id)
 WHERE p.practice_id = $1 AND p.claim_id = $2 ORDER BY r.posted_at, p.payment_id
"""
LIST_UNMATCHED = """
SELECT u.remittance_id, u.place, u.control_number, u.status, u.paid_cents, u.reason,
       r.payer_id, r.trace_number, r.paid_on, r.warning
  FROM unmatched_remittance u JOIN remittance r USING (practice_id, remittance_id)
 WHERE u.practice_id = $1 ORDER BY r.posted_at, u.remittance_id, u.place LIMIT $2 OFFSET $3
"""
ADD_UNMATCHED = """
INSERT INTO unmatched_remittance (practice_id, remittance_id, place, control_number, status,
                                  paid_cents, reason)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""


async def add_remittance(
    db: Db,
    practice_id: UUID,
    remittance_id: UUID,
    header: RemittanceHeader,
    sha256: bytes,
    at: datetime,
) -> bytes | None:
    """Record a payment; gives the earlier content where this trace number was posted before.

    `sha256` is of what the transaction says, not of the file around it.
    """
    own = await db.fetchval(READ_PRACTICE_NPI, practice_id)
    warning = None if header.payee_npi == own else "the payee's NPI is not the practice's"
    added = await db.fetchval(
        ADD_REMITTANCE, practice_id, remittance_id, header.payer_id or header.payer_name,
        header.trace_number, header.payer_trace_id, header.paid_on, header.payment_cents, sha256,
        warning, at,
    )  # fmt: skip
    if added is not None:
        return None
    return await db.fetchval(READ_CONTENT, practice_id, remittance_id)


async def add_posting(
    db: Db,
    practice_id: UUID,
    payment_id: UUID,
    claim_id: UUID,
    remittance_id: UUID,
    status: str,
    made: Decision,
) -> None:
    await db.execute(
        ADD_POSTING, practice_id, payment_id, claim_id, remittance_id, status, made.paid_cents,
        made.adjusted_cents, made.patient_cents, made.denied_cents,
    )  # fmt: skip


async def closed_cents(db: Db, practice_id: UUID, claim_id: UUID) -> int:
    """What postings in force have taken off the claim's charge."""
    return await db.fetchval(SUM_CLOSED, practice_id, claim_id)


async def find_to_reverse(
    db: Db, practice_id: UUID, claim_id: UUID, made: Decision
) -> tuple[UUID, Decision] | None:
    """The posting in force that paid this much; among several, the one with the same parts."""
    row = await db.fetchrow(
        FIND_TO_REVERSE, practice_id, claim_id, made.paid_cents, made.adjusted_cents,
        made.patient_cents, made.denied_cents,
    )  # fmt: skip
    if row is None:
        return None
    parts = (row["paid_cents"], row["adjusted_cents"], row["patient_cents"], row["denied_cents"])
    return row["payment_id"], Decision(*parts)


async def mark_reversed(db: Db, practice_id: UUID, payment_id: UUID, by: UUID) -> None:
    await db.execute(MARK_REVERSED, practice_id, payment_id, by)


async def add_unmatched(
    db: Db,
    practice_id: UUID,
    remittance_id: UUID,
    place: int,
    claim: RemittedClaim,
    reason: Obstacle,
) -> None:
    await db.execute(
        ADD_UNMATCHED, practice_id, remittance_id, place, claim.control_number[:50], claim.status,
        claim.paid_cents, reason,
    )  # fmt: skip


async def list_postings(db: Db, practice_id: UUID, claim_id: UUID) -> list[dict[str, Any]]:
    """A claim's postings, oldest first, with the payment that brought each."""
    return [dict(row) for row in await db.fetch(LIST_POSTINGS, practice_id, claim_id)]


async def list_unmatched(
    db: Db, practice_id: UUID, limit: int, offset: int
) -> list[dict[str, Any]]:
    """The work list: remitted claims that fit none of ours, oldest first."""
    return [dict(row) for row in await db.fetch(LIST_UNMATCHED, practice_id, limit, offset)]
