"""The series of notices: each follows the one before by a timer, until paid or handed off."""

from __future__ import annotations

from uuid import UUID

from libs.events.transport import Timer, UnitOfWork
from services.billing.balances.assistance.store import has_pending
from services.billing.balances.dunning.collections import place
from services.billing.balances.dunning.model import (
    DUN_TIMER,
    FINAL_NOTICE,
    LOOK_AGAIN,
    handed_off,
    next_hand_off,
    pause_after,
)
from services.billing.balances.policy.model import BalancePolicy
from services.billing.balances.policy.store import find_policy
from services.billing.balances.statements.issue import due_now, issue
from services.billing.balances.statements.store import first_billed
from services.billing.balances.store import PatientAccount, lock_account, set_notices


async def dun(timer: Timer, uow: UnitOfWork) -> None:
    """The next notice, or the hand-off after the last; who may not be dunned now is looked at
    again later, and the series goes on where it stood."""
    account = await lock_account(uow.db, uow.practice_id, UUID(timer.key))
    policy = await find_policy(uow.db, uow.practice_id)
    if policy is None or account.notices == 0:
        return
    if account.hold is not None or await has_pending(uow.db, uow.practice_id, account.charts):
        pause = max(pause_after(policy, account.notices), LOOK_AGAIN)
        await uow.set_timer(DUN_TIMER, timer.key, uow.now + pause)
    elif account.notices < FINAL_NOTICE:
        await issue(uow, policy, account, account.notices + 1)
    else:
        await _hand_off(uow, policy, account)


async def _hand_off(uow: UnitOfWork, policy: BalancePolicy, account: PatientAccount) -> None:
    """Without an agency the final notice stands, until the account is paid. Under a hospital's
    policy each claim waits for its day, and what was not billed yet begins a series anew."""
    due = await due_now(uow, account.charts)
    if policy.agency is None and due:
        return
    ready, again_on = due, None
    if policy.hospital_policy is not None:
        billed = await first_billed(uow, account.charts)
        ready = handed_off(due, billed, uow.now.date())
        again_on = next_hand_off(due, billed)
    if policy.agency is not None and ready:
        await place(uow, account.account_id, policy.agency, ready)
    elif again_on is not None:
        pause = again_on - uow.now.date()
        await uow.set_timer(DUN_TIMER, str(account.account_id), uow.now + pause)
        return
    await set_notices(uow.db, uow.practice_id, account.account_id, 0)
