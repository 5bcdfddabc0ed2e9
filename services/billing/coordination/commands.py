"""What a biller knows of further payers: a coverage, and that a denial is final."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from libs.events.contracts.billing_cob import PayerPlace
from libs.events.contracts.interop import EncounterPosted
from libs.events.contracts.people import Coverage
from libs.events.transport import UnitOfWork
from services.billing.claims import due
from services.billing.claims.change import become
from services.billing.claims.correcting import never_taken_in
from services.billing.claims.model import Claim, State, coverages_of
from services.billing.claims.replace import (
    ClaimRequest,
    NotSentAgainError,
    lock_claim,
    visit_of,
    was_asked,
)
from services.billing.coordination.forward import pass_on
from services.billing.coordination.late import (
    Passed,
    is_too_late,
    learn_coverages,
    read_standing,
)
from services.billing.coordination.model import (
    PLACES,
    are_further_payers,
    denial_forwarded,
    next_payer,
    why_not_forwarded,
)
from services.billing.coordination.store import save_passed_on
from services.billing.denials.model import State as DenialState
from services.billing.denials.store import lock_unsettled

Final = Literal["not-covered", "benefit-exhausted", "not-in-force", "appeal-lost", "other"]
"""Why a denial is taken for final: the plan does not pay for it, or no more, or did not insure the
patient that day, or the appeal was lost."""


class TellCoverage(ClaimRequest):
    """Who pays at a place, as the patient or the payer told the biller: one more payer, or one that
    is known better."""

    place: PayerPlace
    coverage: Coverage


class ForwardDenial(ClaimRequest):
    """Ask the next payer for what the one that has the claim denied."""

    reason: Final


async def tell_coverage(uow: UnitOfWork, claim_id: UUID, asked: TellCoverage, by: str) -> Claim:
    """The claim goes on to a payer that it had not, and what it waited for may be there."""
    claim = await lock_claim(uow, claim_id)
    if await was_asked(uow, claim, asked, by):
        return claim
    known = await visit_of(uow, claim)
    told = _covered(known, asked)
    if claim.state in (State.VOID_SENT, State.VOIDED) or await due.find_due_of(uow, claim):
        raise NotSentAgainError("the visit was corrected or voided, and the payer is to be told")
    if never_taken_in(claim):
        await become(uow, claim, told)
    elif are_further_payers(claim, known, told):
        await learn_coverages(uow, claim, told, asked.request_id)
    else:
        raise NotSentAgainError("that payer has the claim; replace the claim there")
    return await lock_claim(uow, claim_id)


def _covered(visit: EncounterPosted, asked: TellCoverage) -> EncounterPosted:
    """The visit with the coverage; under the same event."""
    coverages = list(coverages_of(visit))
    place = list(PLACES.values()).index(asked.place)
    if place > len(coverages):
        raise NotSentAgainError("the payer before that one is not known; tell it first")
    coverages[place : place + 1] = [asked.coverage]
    changes = {"coverage": coverages[0], "other_coverages": tuple(coverages[1:])}
    return visit.model_copy(update=changes).with_event_id(visit.event_id)


async def forward_denial(uow: UnitOfWork, claim_id: UUID, asked: ForwardDenial, by: str) -> Claim:
    """The denial is final here, and the next payer decides: it is told of it (2320, 2430 CAS)."""
    claim = await lock_claim(uow, claim_id)
    if await was_asked(uow, claim, asked, by):
        return claim
    standing = await read_standing(uow, claim)
    denials = await lock_unsettled(uow.db, uow.practice_id, [claim_id])
    at_payer = {DenialState.APPEALED, DenialState.AWAITING_PAYMENT}
    obstacle = why_not_forwarded(
        standing,
        is_appealed=any(denial.state in at_payer for denial in denials),
        is_corrected=await due.find_due_of(uow, claim) is not None,
    )
    if obstacle is not None:
        raise NotSentAgainError(obstacle)
    found = next_payer(claim)
    assert found is not None
    if claim.given_to < found[0] and await is_too_late(uow, claim, found[1]):
        raise NotSentAgainError("the next payer takes no claim of that day any more")
    passed = Passed()
    for posting in denial_forwarded(standing):
        await save_passed_on(uow.db, uow.practice_id, posting)
        standing = standing.without(posting.payment_id).with_posting(posting)
    await pass_on(uow, standing, str(asked.request_id), passed)
    passed.say_why(asked.reason)
    await passed.save(uow, claim_id)
    return await lock_claim(uow, claim_id)
