"""A further payer becomes known, or is to be asked in spite of a denial, after a payer decided.

The callers hold the practice's standing lock and the claim.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from uuid import UUID

from libs.events.contracts.billing_cob import PatientShareLifted
from libs.events.contracts.interop import EncounterPosted
from libs.events.contracts.values import ClaimId, PaymentId, PracticeId, month_of
from libs.events.transport import UnitOfWork
from services.billing.balances.settle import settle
from services.billing.claims import store
from services.billing.claims.follow_up import heed_moves
from services.billing.claims.model import Claim, State, payers_of
from services.billing.claims.moves import Move, move_all
from services.billing.claims.release import advance
from services.billing.coordination.books import lift
from services.billing.coordination.forward import pass_on
from services.billing.coordination.model import left_to_patient, lifted, next_payer
from services.billing.coordination.store import Goes, go_to_payers, save_passed_on
from services.billing.denials.follow import follow_balance
from services.billing.ledger.model import Entry
from services.billing.ledger.store import post_all
from services.billing.payers.model import filing_deadline
from services.billing.payers.store import find_terms
from services.billing.remittances.model import Posting, Standing
from services.billing.remittances.store import read_standings


@dataclass
class Passed:
    """One claim's way to its next payer, saved together."""

    entries: list[Entry] = field(default_factory=list[Entry])
    moves: list[Move] = field(default_factory=list[Move])
    goes: list[Goes] = field(default_factory=list[Goes])

    def say_why(self, reason: str) -> None:
        self.moves = [replace(move, reason=f"{move.reason}: {reason}") for move in self.moves]

    async def save(self, uow: UnitOfWork, claim_id: UUID) -> None:
        await post_all(uow.db, self.entries, uow.now)
        await move_all(uow.db, uow.practice_id, self.moves, uow.now)
        await heed_moves(uow, self.moves)
        await go_to_payers(uow.db, uow.practice_id, self.goes)
        await settle(uow, claim_id)
        await follow_balance(uow, [claim_id])


async def learn_coverages(
    uow: UnitOfWork, claim: Claim, encounter: EncounterPosted, source: UUID
) -> None:
    """Only payers that were not given the claim are told otherwise (`are_further_payers`); what
    the one before them left to the patient is asked of them. `source`: who told it."""
    await store.set_coverages(uow, claim, encounter)
    claim = replace(claim, payers=payers_of(encounter))
    if claim.payer_sequence != "P" and claim.state in (State.HELD, State.READY):
        await _look_again(uow, claim, encounter)
    elif claim.state in (State.PAID, State.DENIED):
        await _ask_for_patients_share(uow, claim, source)


async def _look_again(uow: UnitOfWork, claim: Claim, encounter: EncounterPosted) -> None:
    """What it waited for may be there, or something that it must say is there no more."""
    if claim.state is State.READY:
        await store.move(uow.db, claim, State.HELD, uow.now, origin=claim.origin)
        claim = replace(claim, state=State.HELD)
    await advance(uow, claim, encounter)


async def _ask_for_patients_share(uow: UnitOfWork, claim: Claim, source: UUID) -> None:
    found = next_payer(claim)
    standing = await read_standing(uow, claim)
    left = left_to_patient(standing)
    if found is None or not left:
        return
    if await is_too_late(uow, claim, found[1]):
        reason = f"{found[1]} takes no claim of that day any more"
        await store.move(uow.db, claim, claim.state, uow.now, origin=claim.origin, reason=reason)
        return
    passed = Passed()
    for posting in left:
        standing = await _lift(uow, standing, posting, passed)
    await pass_on(uow, standing, str(source), passed)
    await passed.save(uow, claim.claim_id)


async def read_standing(uow: UnitOfWork, claim: Claim) -> Standing:
    """What comes next is told after what is at hand, not after what moved the claim before."""
    claim = replace(claim, origin=uow.origin.dump())
    return (await read_standings(uow.db, uow.practice_id, [claim]))[claim.claim_id]


async def is_too_late(uow: UnitOfWork, claim: Claim, payer_id: str) -> bool:
    """The payer's last day for the claim has passed; False where the directory knows of none."""
    terms = await find_terms(uow.db, uow.practice_id, payer_id)
    last_day = filing_deadline(terms, claim.service_on, is_corrected=False)
    return last_day is not None and uow.now.date() > last_day


async def _lift(uow: UnitOfWork, standing: Standing, posting: Posting, passed: Passed) -> Standing:
    """What the decision left to the patient is open again, for the next payer."""
    claim, cents = standing.claim, posting.made.patient_cents
    assert claim.payer_id is not None
    event = PatientShareLifted(
        practice_id=PracticeId(claim.practice_id),
        claim_id=ClaimId(claim.claim_id),
        payment_id=PaymentId(posting.payment_id),
        payer_id=claim.payer_id,
        cents=cents,
        service_month=month_of(claim.service_on),
    )
    passed.entries.append(lift(claim, posting.payment_id, cents, event.event_id))
    origin = await uow.publish(event)
    changed = lifted(posting)
    await save_passed_on(uow.db, uow.practice_id, changed)
    claim = replace(claim, origin=origin.dump())
    return replace(standing.without(posting.payment_id).with_posting(changed), claim=claim)
