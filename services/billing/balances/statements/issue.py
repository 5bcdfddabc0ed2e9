"""The billing cycle: on its day of the month each account that owes enough gets a statement."""

from __future__ import annotations

from datetime import UTC, datetime, time
from uuid import UUID, uuid5

from libs.events.contracts.billing_balances import StatementIssued
from libs.events.contracts.values import PatientId, PracticeId
from libs.events.transport import Timer, UnitOfWork
from services.billing.balances.assistance.store import has_pending
from services.billing.balances.dunning.model import DUN_TIMER, pause_after
from services.billing.balances.model import Balance
from services.billing.balances.payments.book import apply_credits
from services.billing.balances.plans.store import find_active
from services.billing.balances.policy.model import BalancePolicy, next_cycle
from services.billing.balances.policy.store import find_policy
from services.billing.balances.statements import store
from services.billing.balances.statements.compose import compose
from services.billing.balances.statements.model import NOTICES
from services.billing.balances.store import (
    PatientAccount,
    count_entries,
    list_accounts,
    lock_account,
    lock_balances,
    read_balances,
    set_notices,
)
from services.billing.facts.store import look_up_practice
from services.billing.writeoffs.decide import write_off_as_decided
from services.billing.writeoffs.model import Wanted

CYCLE_TIMER = "bill-patients"
STATEMENT_TIMER = "issue-statement"
MOST_ACCOUNTS = 500
"""In one transaction; the rest follow in the next."""
CYCLE_HOUR = time(12, tzinfo=UTC)


async def plan_cycle(uow: UnitOfWork, policy: BalancePolicy) -> None:
    """The practice's next day of statements; a cycle that is under way goes on."""
    on = next_cycle(uow.now.date(), policy.statement_day)
    await uow.set_timer(CYCLE_TIMER, str(uow.practice_id), datetime.combine(on, CYCLE_HOUR))


async def bill_patients(timer: Timer, uow: UnitOfWork) -> None:
    """Look at every account that owes something, each in a transaction of its own."""
    policy = await find_policy(uow.db, uow.practice_id)
    if policy is None:
        return
    _, _, after = timer.key.partition("/")
    accounts = await list_accounts(
        uow.db, uow.practice_id, MOST_ACCOUNTS, UUID(after) if after else None
    )
    for account_id in accounts:
        await uow.set_timer(STATEMENT_TIMER, str(account_id), uow.now)
    if len(accounts) == MOST_ACCOUNTS:
        await uow.set_timer(CYCLE_TIMER, f"{uow.practice_id}/{accounts[-1]}", uow.now)
    if not after:
        await plan_cycle(uow, policy)


async def issue_statement(timer: Timer, uow: UnitOfWork) -> None:
    """The cycle's statement, where the account is in no series of notices already."""
    account = await lock_account(uow.db, uow.practice_id, UUID(timer.key))
    policy = await find_policy(uow.db, uow.practice_id)
    if policy is not None:
        await begin_series(uow, policy, account)


async def begin_series(uow: UnitOfWork, policy: BalancePolicy, account: PatientAccount) -> None:
    """The first statement of an account that is in no series and may be asked for money."""
    if account.notices or account.hold is not None:
        return
    if await has_pending(uow.db, uow.practice_id, account.charts):
        return
    await issue(uow, policy, account, 1)


async def due_now(uow: UnitOfWork, charts: list[UUID]) -> list[Balance]:
    """The claims that the patient may be asked for now, locked; what was paid beforehand is taken
    first, and what a plan covers is left to the plan."""
    owed = await lock_balances(uow.db, uow.practice_id, charts)
    if await apply_credits(uow, charts, [claim for claim in owed if claim.is_due]):
        owed = await read_balances(uow.db, uow.practice_id, charts)
    plans = await find_active(uow.db, uow.practice_id, charts)
    planned = {claim_id for plan in plans for claim_id in plan.claims}
    return [claim for claim in owed if claim.is_due and claim.claim_id not in planned]


async def issue(
    uow: UnitOfWork, policy: BalancePolicy, account: PatientAccount, number: int
) -> None:
    """Make the series' notice of this number, and say that it is there. Where too little is due, or
    the practice was not heard of yet, none is made and the series is over.
    """
    due = await due_now(uow, account.charts)
    total = sum(claim.patient_cents for claim in due)
    if total <= policy.small_balance_cents:
        await _write_off(uow, due)
        total = 0
    practice = await look_up_practice(uow.db, uow.practice_id)
    if total < max(policy.minimum_cents, 1) or practice is None:
        await set_notices(uow.db, uow.practice_id, account.account_id, 0)
        return
    notice = NOTICES[number - 1]
    content = await compose(uow, policy, practice, account, due, notice)
    statement_id = uuid5(account.account_id, f"statement/{content.statement_number}")
    await store.add_statement(uow, statement_id, account.account_id, content)
    await set_notices(uow.db, uow.practice_id, account.account_id, number)
    issued = StatementIssued(
        practice_id=PracticeId(uow.practice_id),
        statement_id=statement_id,
        account_id=PatientId(account.account_id),
        notice=notice,
        issued_on=content.issued_on,
        due_on=content.due_on,
        portal_url=policy.portal_url,
    )
    await uow.publish(issued)
    await uow.set_timer(DUN_TIMER, str(account.account_id), uow.now + pause_after(policy, number))


async def _write_off(uow: UnitOfWork, due: list[Balance]) -> None:
    """It costs more to ask for than it is: the practice's policy decided it."""
    for claim in due:
        number = await count_entries(uow.db, uow.practice_id, claim.claim_id)
        wanted = Wanted(
            write_off_id=uuid5(claim.claim_id, f"small-balance/{number}"),
            claim_id=claim.claim_id,
            owed_by="patient",
            reason="small-balance",
            cents=claim.patient_cents,
        )
        await write_off_as_decided(uow, wanted, "balance-policy")
