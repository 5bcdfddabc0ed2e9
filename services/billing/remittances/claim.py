"""One claim of a remittance: ledger, posting and events, in the file's transaction."""

from __future__ import annotations

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
from services.billing.claims.model import Claim, State, may_move
from services.billing.claims.store import move
from services.billing.ledger import model as ledger
from services.billing.ledger.model import Decision
from services.billing.ledger.store import post
from services.billing.remittances import store
from services.billing.remittances.model import (
    Denial,
    decide,
    denial_of,
    denied_lines,
)
from services.billing.x12 import RemittedClaim


async def post_decision(
    uow: UnitOfWork,
    claim: Claim,
    said: RemittedClaim,
    remittance_id: UUID,
    payment_id: UUID,
    trace_number: str,
) -> None:
    """Post a decision and say what became of the claim."""
    made = decide(said)
    await store.add_posting(
        uow.db, uow.practice_id, payment_id, claim.claim_id, remittance_id, said.status, made
    )
    posted = _posted(uow, claim, payment_id, trace_number, made)
    await post(uow.db, _entry(posted, claim, made, undo=False), uow.now)
    origin = await uow.publish(posted, origin=Origin.load(claim.origin))
    denial = denial_of(said, made)
    state = State.DENIED if denial else State.PAID
    if denial is not None:
        origin = await uow.publish(_denied(claim, denial, made), origin=origin)
    else:
        origin = await uow.publish(_paid(claim, said, made), origin=origin)
    if may_move(claim.state, state):
        reason = denial.category if denial else None
        await move(uow.db, claim, state, uow.now, origin=origin.dump(), reason=reason)


async def post_reversal(
    uow: UnitOfWork,
    claim: Claim,
    found: tuple[UUID, Decision],
    reversal_id: UUID,
    trace_number: str,
) -> None:
    """Take a posted decision back, to the cent; the claim waits for its correction."""
    payment_id, made = found
    await store.mark_reversed(uow.db, uow.practice_id, payment_id, reversal_id)
    posted = _posted(uow, claim, payment_id, trace_number, made)
    taken_back = PaymentReversed(**posted.model_dump())
    await post(uow.db, _entry(taken_back, claim, made, undo=True), uow.now)
    origin = await uow.publish(taken_back, origin=Origin.load(claim.origin))
    # A denial may be taken back after it was overtaken by a payment, which then still stands.
    still_closed = await store.closed_cents(uow.db, uow.practice_id, claim.claim_id)
    if not still_closed and may_move(claim.state, State.SUBMITTED):
        await move(uow.db, claim, State.SUBMITTED, uow.now, origin=origin.dump(), reason="reversed")


def _posted(
    uow: UnitOfWork, claim: Claim, payment_id: UUID, trace_number: str, made: Decision
) -> PaymentPosted:
    assert claim.payer_id is not None
    return PaymentPosted(
        practice_id=PracticeId(claim.practice_id),
        payment_id=PaymentId(payment_id),
        claim_id=ClaimId(claim.claim_id),
        payer_id=claim.payer_id,
        trace_number=trace_number,
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


def _paid(claim: Claim, said: RemittedClaim, made: Decision) -> ClaimPaid:
    assert claim.payer_id is not None
    refused_lines = denied_lines(said)
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
