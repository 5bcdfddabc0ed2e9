"""Follows a plan from instalment to instalment: a card is charged, or the money should be here."""

from __future__ import annotations

from datetime import UTC, datetime, time
from uuid import UUID, uuid5

from libs.events.contracts.billing_balances import InstalmentMissed, PaymentPlanEnded
from libs.events.contracts.values import PatientId, PracticeId
from libs.events.transport import Timer, UnitOfWork
from services.billing.balances.model import Balance, allocate
from services.billing.balances.payments import store as payments
from services.billing.balances.payments.model import CHARGE_TIMER, Payment
from services.billing.balances.plans import store
from services.billing.balances.plans.model import INSTALMENT_TIMER, Plan, PlanState, instalment_due
from services.billing.balances.policy.model import BalancePolicy
from services.billing.balances.policy.store import find_policy
from services.billing.balances.store import lock_balances

DUE_HOUR = time(18, tzinfo=UTC)


async def plan_instalment(uow: UnitOfWork, plan: Plan, number: int) -> None:
    due_at = datetime.combine(plan.due_on(number), DUE_HOUR)
    await uow.set_timer(INSTALMENT_TIMER, str(plan.plan_id), max(due_at, uow.now))


async def collect_instalment(timer: Timer, uow: UnitOfWork) -> None:
    """An instalment is due: charge the card on file, or see whether it was paid."""
    locked = await store.lock_plan(uow.db, uow.practice_id, UUID(timer.key))
    assert locked is not None, "a plan is kept with its timer"
    account, plan = locked
    if plan.state != "active":
        return
    owed = await lock_balances(uow.db, uow.practice_id, account.charts)
    due = instalment_due(plan, plan.open_of(owed))
    if due and plan.has_card:
        await _charge(uow, plan, owed, due)  # its answer goes on
    else:
        await note_instalment(uow, plan, owed, paid=due == 0)


async def note_instalment(uow: UnitOfWork, plan: Plan, owed: list[Balance], *, paid: bool) -> None:
    """The instalment that was due is paid or missed; the caller holds account and claims."""
    policy = await find_policy(uow.db, uow.practice_id) or BalancePolicy()
    if plan.state != "active":
        return
    if plan.open_of(owed) == 0:
        await end_plan(uow, plan, "completed")
        return
    missed = 0 if paid else plan.missed_in_a_row + 1
    if missed:
        await _miss(uow, plan, missed)
    await store.advance(uow.db, plan, plan.next_number + 1, missed)
    if missed >= policy.missed_instalments:
        await end_plan(uow, plan, "defaulted")
    else:
        await plan_instalment(uow, plan, plan.next_number + 1)


async def end_plan(uow: UnitOfWork, plan: Plan, reason: PlanState) -> None:
    """What is still open is billed and dunned again."""
    assert reason != "active"
    await store.set_state(uow.db, plan, reason)
    ended = PaymentPlanEnded(
        practice_id=PracticeId(uow.practice_id),
        plan_id=plan.plan_id,
        account_id=PatientId(plan.account_id),
        reason=reason,
    )
    await uow.publish(ended)


async def _miss(uow: UnitOfWork, plan: Plan, in_a_row: int) -> None:
    missed = InstalmentMissed(
        practice_id=PracticeId(uow.practice_id),
        plan_id=plan.plan_id,
        account_id=PatientId(plan.account_id),
        number=plan.next_number,
        in_a_row=in_a_row,
    )
    await uow.publish(missed)


async def _charge(uow: UnitOfWork, plan: Plan, owed: list[Balance], cents: int) -> None:
    """A card payment like any other, for the plan's claims."""
    parts = allocate([claim for claim in owed if claim.claim_id in plan.claims], cents)
    payment = Payment(
        practice_id=uow.practice_id,
        payment_id=uuid5(plan.plan_id, f"instalment/{plan.next_number}"),
        account_id=plan.account_id,
        method="card",
        cents=cents,
        received_on=uow.now.date(),
        told={part.claim_id: part.cents for part in parts},
        plan_id=plan.plan_id,
        origin=uow.origin.dump(),
    )
    token = await store.read_card(uow, plan.plan_id)
    await payments.add_payment(uow, payment, b"", token)
    await uow.set_timer(CHARGE_TIMER, str(payment.payment_id), uow.now)
