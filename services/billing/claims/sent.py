"""What of a claim went to its payer, and by which number the payer knows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from libs.events.transport.database import Db
from services.billing.claims.model import Claim

SET_INTERCHANGE = """
UPDATE claim SET interchange_number = $3, given_to = greatest(given_to, payer_sequence)
 WHERE practice_id = $1 AND claim_id = ANY($2::uuid[])
"""
# Its visit is as it was: what was found on it, and let go, goes along.
SET_REVISION = """
WITH found AS (
    UPDATE claim_edit SET revision = $3
     WHERE practice_id = $1 AND claim_id = $2 AND revision = $3 - 1
), let_go AS (
    UPDATE edit_override SET revision = $3
     WHERE practice_id = $1 AND claim_id = $2 AND revision = $3 - 1
)
UPDATE claim SET revision = $3 WHERE practice_id = $1 AND claim_id = $2
"""
MARK_CORRECTED = """
UPDATE claim SET was_refused = true WHERE practice_id = $1 AND claim_id = $2
"""
SET_PAYER_NUMBER = """
UPDATE claim SET payer_claim_number = $3 WHERE practice_id = $1 AND claim_id = $2
"""
SET_PAYER_NUMBERS = """
UPDATE claim c SET payer_claim_number = new.number
  FROM unnest($2::uuid[], $3::text[]) AS new(claim_id, number)
 WHERE c.practice_id = $1 AND c.claim_id = new.claim_id
   AND c.payer_claim_number IS DISTINCT FROM new.number
"""


async def set_interchange(db: Db, practice_id: UUID, claims: Sequence[Claim], number: int) -> None:
    await db.execute(SET_INTERCHANGE, practice_id, [c.claim_id for c in claims], number)


async def set_revision(db: Db, claim: Claim) -> None:
    """The claim goes out, or is charged, anew for its `revision`; its visit did not change."""
    await db.execute(SET_REVISION, claim.practice_id, claim.claim_id, claim.revision)


async def mark_corrected(db: Db, claim: Claim) -> None:
    """What a payer decides from now on it did not decide at the first pass."""
    await db.execute(MARK_CORRECTED, claim.practice_id, claim.claim_id)


async def set_payer_number(db: Db, claim: Claim, number: str) -> None:
    await db.execute(SET_PAYER_NUMBER, claim.practice_id, claim.claim_id, number)


async def set_payer_numbers(db: Db, practice_id: UUID, numbers: Mapping[UUID, str]) -> None:
    """The payers' own numbers, by claim; of several the last counts."""
    if numbers:
        await db.execute(SET_PAYER_NUMBERS, practice_id, list(numbers), list(numbers.values()))
