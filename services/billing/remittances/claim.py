"""One claim of a remittance: ledger, posting and events, in the file's transaction."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from libs.events.contracts.billing import (
    Adjustment,
    ClaimDenied,
    ClaimPaid,
    PaymentPosted,
    PaymentReversed,
)
from libs.events.contracts.values import ClaimId, PaymentId, PracticeId, month_of
from libs.events.transport import Origin, UnitOfWork
from services.billing.balances.store import Share
from services.billing.claims.model import Claim, State, may_move
from services.billing.claims.moves import Move
from services.billing.claims.voiding import voided
from services.billing.coordination.forward import bring_back, go_on, recall
from services.billing.coordination.model import payer_at
from services.billing.coordination.store import Adjudicated
from services.billing.ledger import model as ledger
from services.billing.ledger.model import Decision
from services.billing.remittances.changes import Changes, Payment
from services.billing.remittances.model import (
    Denial,
    Posting,
    Standing,
    closes,
    denial_of,
    denied_lines,
    is_part,
    patient_shares,
)
from services.billing.remittances.store import NewPosting
from services.billing.x12 import RemittedClaim


async def post_decision(
    uow: UnitOfWork,
    standing: Standing,
    said: RemittedClaim,
    made: Decision,
    payment_id: UUID,
    changes: Changes,
) -> Standing:
    """Post a decision and say what became of the claim; gives how the claim stands then."""
    claim, refused = standing.claim, denied_lines(said)
    number = said.payer_claim_control_number or None
    posting = Posting(payment_id, made, number, refused, claim.payer_sequence, claim.revision)
    changes.note_number(claim.claim_id, number)
    changes.postings.append(NewPosting(claim.claim_id, said.status, posting))
    changes.adjudications.append(Adjudicated(claim, payment_id, said))
    changes.shares += [
        Share(payment_id, claim.claim_id, reason, cents)
        for reason, cents in patient_shares(said, made).items()
    ]
    event = _posted(uow, claim, payment_id, changes.payment, made)
    changes.entries.append(_entry(event, claim, made, undo=False))
    origin = await uow.publish(event, origin=Origin.load(claim.origin))
    if await changes.denials.decide(uow, claim, said, payment_id, made.denied_cents):
        standing = replace(standing, claim=replace(claim, was_refused=True))
    standing = standing.with_posting(posting)
    denial = denial_of(said, made)
    if is_part(claim, said):
        if sum(p.made.charge_cents for p in standing.postings) < claim.charge_cents:
            return standing  # the rest of a split claim is still to be decided
        made = _sum(standing)
        refused = sum(p.denied_lines for p in standing.postings)
        denial = denial if closes(made) == 0 else None
    if denial is not None:
        origin = await uow.publish(_denied(claim, denial, made), origin=origin)
        standing = _moved(standing, State.DENIED, origin, denial.category, changes)
    else:
        origin = await uow.publish(_paid(claim, made, refused), origin=origin)
        standing = _moved(standing, State.PAID, origin, None, changes)
    return await go_on(uow, standing, said, payment_id, changes)


async def post_reversal(
    uow: UnitOfWork, standing: Standing, posting: Posting, reversal_id: UUID, changes: Changes
) -> Standing:
    """Take a posted decision back, to the cent; the claim waits for its payer's correction."""
    if posting.place < standing.claim.payer_sequence:
        standing = await recall(uow, standing, posting.place, reversal_id, changes)
    claim = standing.claim
    decider = replace(claim, payer_id=payer_at(claim, posting.place))
    changes.reversed_by[posting.payment_id] = reversal_id
    changes.owed_less.add(claim.claim_id)
    event = _posted(uow, decider, posting.payment_id, changes.payment, posting.told)
    taken_back = PaymentReversed(**event.model_dump())
    changes.entries.append(_entry(taken_back, claim, posting.made, undo=True))
    origin = await uow.publish(taken_back, origin=Origin.load(claim.origin))
    await changes.denials.take_back(uow, claim, posting.payment_id)
    standing = standing.without(posting.payment_id)
    if posting.place > claim.payer_sequence:  # one before it has the claim, and all that is open
        cents = closes(posting.made)
        return await bring_back(uow, standing, posting.place, cents, reversal_id, changes)
    # A denial may be taken back after it was overtaken by a payment, which then still stands.
    if sum(closes(each.made) for each in standing.of(posting.place)):
        return standing
    if claim.state is State.VOID_SENT:
        origin = await uow.publish(voided(claim), origin=origin)
        return _moved(standing, State.VOIDED, origin, "reversed", changes)
    return _moved(standing, State.SUBMITTED, origin, "reversed", changes)


def _moved(
    standing: Standing, to: State, origin: Origin, reason: str | None, changes: Changes
) -> Standing:
    claim = standing.claim
    if not may_move(claim.state, to):
        return standing
    changes.moves.append(Move(claim.claim_id, to, origin.dump(), reason))
    was_refused = claim.was_refused or to is State.DENIED
    moved = replace(claim, state=to, origin=origin.dump(), was_refused=was_refused)
    return replace(standing, claim=moved)


def _sum(standing: Standing) -> Decision:
    made = [posting.made for posting in standing.postings]
    return Decision(
        sum(x.paid_cents for x in made),
        sum(x.adjusted_cents for x in made),
        sum(x.patient_cents for x in made),
        sum(x.denied_cents for x in made),
    )


def _posted(
    uow: UnitOfWork, claim: Claim, payment_id: UUID, payment: Payment, made: Decision
) -> PaymentPosted:
    assert claim.payer_id is not None
    return PaymentPosted(
        practice_id=PracticeId(claim.practice_id),
        payment_id=PaymentId(payment_id),
        claim_id=ClaimId(claim.claim_id),
        payer_id=claim.payer_id,
        trace_number=payment.trace_number,
        posted_on=uow.now.date(),
        service_month=month_of(claim.service_on),
        paid_cents=made.paid_cents,
        adjusted_cents=made.adjusted_cents,
        patient_cents=made.patient_cents,
        denied_cents=made.denied_cents,
    )


def _entry(
    event: PaymentPosted | PaymentReversed, claim: Claim, made: Decision, *, undo: bool
) -> ledger.Entry:
    return ledger.decision(
        claim.practice_id, claim.claim_id, claim.service_on, event.payment_id, made,
        payer_id=event.payer_id, event_id=event.event_id, undo=undo,
    )  # fmt: skip


def _paid(claim: Claim, made: Decision, refused_lines: int) -> ClaimPaid:
    assert claim.payer_id is not None
    return ClaimPaid(
        practice_id=PracticeId(claim.practice_id),
        claim_id=ClaimId(claim.claim_id),
        payer_id=claim.payer_id,
        service_month=month_of(claim.service_on),
        charge_cents=claim.charge_cents,
        paid_cents=made.paid_cents,
        patient_cents=made.patient_cents,
        denied_lines=refused_lines,
        first_pass=not claim.was_refused and not refused_lines,
    )


def _denied(claim: Claim, denial: Denial, made: Decision) -> ClaimDenied:
    assert claim.payer_id is not None
    return ClaimDenied(
        practice_id=PracticeId(claim.practice_id),
        claim_id=ClaimId(claim.claim_id),
        payer_id=claim.payer_id,
        service_month=month_of(claim.service_on),
        denied_cents=max(made.denied_cents, 0),
        category=denial.category,
        adjustments=tuple(
            Adjustment(group=a.group, reason=a.reason, cents=a.cents)  # type: ignore[arg-type]
            for a in denial.adjustments
        ),
        remarks=denial.remarks,
    )
