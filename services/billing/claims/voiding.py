"""What the payer makes of a void: it has nothing of the claim any more, or it has it still."""

from __future__ import annotations

from dataclasses import replace

from libs.events.contracts.billing_claims import ClaimVoided
from libs.events.contracts.values import ClaimId, PracticeId, month_of
from libs.events.transport import Origin, UnitOfWork
from services.billing.claims import due, sent, store
from services.billing.claims.model import Claim, State
from services.billing.claims.release import charge

SUM_CLOSED = """
SELECT coalesce(sum(paid_cents + adjusted_cents + patient_cents), 0)::bigint FROM posting
 WHERE practice_id = $1 AND claim_id = $2 AND reversed_by IS NULL
"""


def voided(claim: Claim) -> ClaimVoided:
    assert claim.payer_id is not None
    return ClaimVoided(
        practice_id=PracticeId(claim.practice_id),
        claim_id=ClaimId(claim.claim_id),
        payer_id=claim.payer_id,
        service_month=month_of(claim.service_on),
    )


async def void_taken(uow: UnitOfWork, claim: Claim) -> None:
    """The payer took the void in; what it paid it takes back in an 835, and then it is void."""
    if await uow.db.fetchval(SUM_CLOSED, claim.practice_id, claim.claim_id):
        return
    origin = await uow.publish(voided(claim), origin=Origin.load(claim.origin))
    await store.move(uow.db, claim, State.VOIDED, uow.now, origin=origin.dump())


async def void_refused(uow: UnitOfWork, claim: Claim) -> Claim:
    """The payer has the claim still, so it is charged again; a person looks at why."""
    encounter = await store.read_encounter(uow, claim)
    claim = replace(claim, revision=claim.revision + 1)
    claim = await charge(uow, claim, encounter, claim.charge_cents)
    await sent.set_revision(uow.db, claim)
    await due.note_wait(uow.db, claim, "void-rejected")
    return claim
