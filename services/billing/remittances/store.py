"""Remittances and their postings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from libs.events.transport.database import Db
from services.billing.claims.model import Claim
from services.billing.ledger.model import Decision
from services.billing.remittances.model import Posting, Standing
from services.billing.writeoffs.store import list_written_off
from services.billing.x12 import RemittanceHeader

ADD_REMITTANCE = """
INSERT INTO remittance (practice_id, remittance_id, payer_id, trace_number, payer_trace_id, paid_on,
                        payment_cents, payment_method, sha256, warning, posted_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (practice_id, payer_id, payer_trace_id, trace_number) DO NOTHING RETURNING 1
"""
READ_CONTENT = "SELECT sha256 FROM remittance WHERE practice_id = $1 AND remittance_id = $2"
READ_PRACTICE_NPI = "SELECT npi FROM practice WHERE practice_id = $1"
ADD_POSTINGS = """
INSERT INTO posting (practice_id, payment_id, claim_id, remittance_id, status, paid_cents,
                     adjusted_cents, patient_cents, denied_cents, payer_claim_number, denied_lines,
                     forwarded_cents, payer_sequence, revision)
SELECT $1, payment_id, claim_id, $2, status, paid_cents, adjusted_cents, patient_cents,
       denied_cents, payer_claim_number, denied_lines, forwarded_cents, payer_sequence, revision
  FROM unnest($3::uuid[], $4::uuid[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[],
              $9::bigint[], $10::text[], $11::int[], $12::bigint[], $13::text[], $14::int[])
       AS new(payment_id, claim_id, status, paid_cents, adjusted_cents, patient_cents,
              denied_cents, payer_claim_number, denied_lines, forwarded_cents, payer_sequence,
              revision)
"""
LIST_IN_FORCE = """
SELECT claim_id, payment_id, paid_cents, adjusted_cents, patient_cents, denied_cents,
       forwarded_cents, payer_claim_number, denied_lines, payer_sequence, revision,
       denial_forwarded_cents
  FROM posting WHERE practice_id = $1 AND claim_id = ANY($2::uuid[]) AND reversed_by IS NULL
 ORDER BY payment_id
"""
FIND_BY_PAYER_NUMBERS = """
SELECT DISTINCT claim_id FROM posting
 WHERE practice_id = $1 AND payer_claim_number = ANY($2::text[]) AND reversed_by IS NULL
"""
MARK_REVERSED = """
UPDATE posting p SET reversed_by = new.reversed_by
  FROM unnest($2::uuid[], $3::uuid[]) AS new(payment_id, reversed_by)
 WHERE p.practice_id = $1 AND p.payment_id = new.payment_id
"""
LIST_POSTINGS = """
SELECT p.payment_id, p.remittance_id, r.payer_id, r.trace_number, p.status, p.paid_cents,
       p.adjusted_cents, p.patient_cents, p.denied_cents, p.forwarded_cents, p.payer_sequence,
       p.reversed_by, r.posted_at
  FROM posting p JOIN remittance r USING (practice_id, remittance_id)
 WHERE p.practice_id = $1 AND p.claim_id = $2 ORDER BY r.posted_at, p.payment_id
"""


class NewPosting(NamedTuple):
    """A decision to post on a claim."""

    claim_id: UUID
    status: str
    posting: Posting


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
        ADD_REMITTANCE, practice_id, remittance_id, header.payer, header.trace_number,
        header.payer_trace_id, header.paid_on, header.payment_cents, header.payment_method, sha256,
        warning, at,
    )  # fmt: skip
    if added is not None:
        return None
    return await db.fetchval(READ_CONTENT, practice_id, remittance_id)


async def add_postings(
    db: Db, practice_id: UUID, remittance_id: UUID, added: Sequence[NewPosting]
) -> None:
    if not added:
        return
    rows = [
        (
            posting.payment_id, claim_id, status, made.paid_cents, made.adjusted_cents,
            made.patient_cents, made.denied_cents, posting.payer_claim_number, posting.denied_lines,
            made.forwarded_cents, posting.place, posting.revision,
        )
        for claim_id, status, posting in added
        for made in (posting.made,)
    ]  # fmt: skip
    await db.execute(ADD_POSTINGS, practice_id, remittance_id, *map(list, zip(*rows, strict=True)))


async def list_in_force(
    db: Db, practice_id: UUID, claim_ids: Collection[UUID]
) -> Mapping[UUID, Sequence[Posting]]:
    """The postings in force of these claims, by claim and in the order of their ids."""
    found: defaultdict[UUID, list[Posting]] = defaultdict(list)
    for row in await db.fetch(LIST_IN_FORCE, practice_id, list(claim_ids)):
        claim_id, payment_id, paid, adjusted, patient, denied, forwarded, *rest = row
        made = Decision(paid, adjusted, patient, denied, forwarded)
        found[claim_id].append(Posting(payment_id, made, *rest))
    return found


async def read_standings(
    db: Db, practice_id: UUID, claims: Sequence[Claim]
) -> dict[UUID, Standing]:
    """How claims, locked by the caller, stand with their payers."""
    ids = [claim.claim_id for claim in claims]
    in_force = await list_in_force(db, practice_id, ids)
    written_off = await list_written_off(db, practice_id, ids)
    return {
        one.claim_id: Standing(
            one, tuple(in_force.get(one.claim_id, ())), written_off.get(one.claim_id, {})
        )
        for one in claims
    }


async def find_by_payer_numbers(db: Db, practice_id: UUID, numbers: Collection[str]) -> set[UUID]:
    """The claims with a posting in force that payers know by one of these numbers (CLP07)."""
    rows = await db.fetch(FIND_BY_PAYER_NUMBERS, practice_id, list(numbers))
    return {row["claim_id"] for row in rows}


async def mark_reversed(db: Db, practice_id: UUID, reversed_by: Mapping[UUID, UUID]) -> None:
    """Postings by their ids, with the reversals that take them back."""
    if reversed_by:
        await db.execute(MARK_REVERSED, practice_id, list(reversed_by), list(reversed_by.values()))


async def list_postings(db: Db, practice_id: UUID, claim_id: UUID) -> list[dict[str, Any]]:
    """A claim's postings, oldest first, with the payment that brought each."""
    return [dict(row) for row in await db.fetch(LIST_POSTINGS, practice_id, claim_id)]
