"""Pays a credit back: by check at once, to a card when the processor has answered.

What is to be paid back is set aside when it is asked for, so that no claim takes it meanwhile.
"""

from __future__ import annotations

from uuid import UUID

from libs.events.contracts.billing_balances import PatientRefunded
from libs.events.contracts.values import PatientId, PaymentId, PracticeId
from libs.events.transport import Origin, Timer, UnitOfWork, Work
from services.billing.balances import entries
from services.billing.balances.payments import store as payments
from services.billing.balances.payments.cards import CardProcessor, Declined, HttpCards
from services.billing.balances.refunds import store
from services.billing.balances.refunds.model import REFUND_TIMER, Refund
from services.billing.ledger.store import post


async def begin(uow: UnitOfWork, refund: Refund) -> None:
    """The refund is approved: post it, or ask the processor first."""
    if refund.method == "card":
        await uow.set_timer(REFUND_TIMER, str(refund.refund_id), uow.now)
    else:
        await _post(uow, refund)


async def refund_card(timer: Timer, work: Work) -> None:
    """Give back to the card that paid; raises CardsAwayError where it is to be tried again."""
    refund_id = UUID(timer.key)
    async with work.unit_of_work(timer.practice_id) as uow:
        refund = await store.find_refund(uow.db, uow.practice_id, refund_id)
        if refund is None or refund.state != "approved":
            return
        payment = await payments.find_payment(uow.db, uow.practice_id, refund.payment_id)
    assert payment is not None
    assert payment.charge is not None
    cards: CardProcessor = HttpCards()
    answer = await cards.refund(str(refund_id), payment.charge, refund.cents)
    async with work.unit_of_work(timer.practice_id) as uow:
        refund = await store.lock_refund(uow.db, uow.practice_id, refund_id)
        assert refund is not None, "refunds are never deleted"
        if refund.state != "approved":
            return
        if isinstance(answer, Declined):
            await refuse(uow, refund, answer.reason)
        else:
            await _post(uow, refund)


async def refuse(uow: UnitOfWork, refund: Refund, reason: str) -> None:
    """Nothing is paid back; it is the patient's credit as before."""
    payment = await payments.lock_payment(uow.db, uow.practice_id, refund.payment_id)
    assert payment is not None
    await payments.add_refunded(uow.db, payment, -refund.cents)
    await store.set_state(uow.db, uow.practice_id, refund, "refused", reason=reason)


async def _post(uow: UnitOfWork, refund: Refund) -> None:
    refunded = PatientRefunded(
        practice_id=PracticeId(uow.practice_id),
        refund_id=refund.refund_id,
        payment_id=PaymentId(refund.payment_id),
        account_id=PatientId(refund.account_id),
        method=refund.method,
        cents=refund.cents,
    )
    await store.set_state(uow.db, uow.practice_id, refund, "posted")
    entry = entries.refunded(uow.practice_id, refund.refund_id, refund.cents, refunded.event_id)
    await post(uow.db, entry, uow.now)
    await uow.publish(refunded, origin=Origin.load(refund.origin))
