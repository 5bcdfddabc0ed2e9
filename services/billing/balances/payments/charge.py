"""Charge a card: the intent is kept before, and the payment's id is the processor's key.

A crash between the charge and our note asks again under the same key, which charges nothing.
"""

from __future__ import annotations

from uuid import UUID

from libs.events.contracts.billing_balances import CardPaymentDeclined
from libs.events.contracts.values import PatientId, PaymentId, PracticeId
from libs.events.transport import Origin, Timer, UnitOfWork, Work
from services.billing.balances.payments import book, store
from services.billing.balances.payments.cards import CardProcessor, Charged, Declined, HttpCards
from services.billing.balances.payments.model import Payment, PaymentState
from services.billing.balances.plans.follow import note_instalment
from services.billing.balances.plans.store import find_plan
from services.billing.balances.store import lock_account, lock_balances, read_balances


async def charge_card(timer: Timer, work: Work) -> None:
    """Charge what the timer's key names; raises CardsAwayError where it is to be tried again."""
    payment_id = UUID(timer.key)
    async with work.unit_of_work(timer.practice_id) as uow:
        payment = await store.find_payment(uow.db, uow.practice_id, payment_id)
        if payment is None or payment.state is not PaymentState.PENDING:
            return
        token = await store.read_card(uow, payment_id)
    cards: CardProcessor = HttpCards()
    answer = await cards.charge(str(payment_id), token, payment.cents)
    async with work.unit_of_work(timer.practice_id) as uow:
        await _note_answer(uow, payment_id, answer)


async def _note_answer(uow: UnitOfWork, payment_id: UUID, answer: Charged | Declined) -> None:
    """What came of the charge, once."""
    payment = await store.find_payment(uow.db, uow.practice_id, payment_id)
    assert payment is not None
    account = await lock_account(uow.db, uow.practice_id, payment.account_id)
    owed = await lock_balances(uow.db, uow.practice_id, account.charts)
    payment = await store.lock_payment(uow.db, uow.practice_id, payment_id)
    assert payment is not None
    if payment.state is not PaymentState.PENDING:
        return
    if isinstance(answer, Declined):
        await _decline(uow, payment, answer)
    else:
        await book.receive(uow, payment, owed, charge=answer.charge)
    if payment.plan_id is not None:
        plan = await find_plan(uow.db, uow.practice_id, payment.plan_id)
        assert plan is not None
        left = await read_balances(uow.db, uow.practice_id, account.charts)
        await note_instalment(uow, plan, left, paid=isinstance(answer, Charged))


async def _decline(uow: UnitOfWork, payment: Payment, answer: Declined) -> None:
    await store.set_state(uow.db, payment, PaymentState.DECLINED, reason=answer.reason)
    declined = CardPaymentDeclined(
        practice_id=PracticeId(uow.practice_id),
        payment_id=PaymentId(payment.payment_id),
        account_id=PatientId(payment.account_id),
        reason=answer.reason,
    )
    await uow.publish(declined, origin=Origin.load(payment.origin))
