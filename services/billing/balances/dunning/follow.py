"""The series of notices: each follows the one before by a timer, until paid or handed off."""

from __future__ import annotations

from uuid import UUID

from libs.events.transport import Timer, UnitOfWork
from services.billing.balances.dunning.collections import place
from services.billing.balances.dunning.model import (
    DUN_TIMER,
    FINAL_NOTICE,
    LOOK_AGAIN,
    pause_after,
)
from services.billing.balances.dunning.store import has_pending_application
from services.billing.balances.policy.model import BalancePolicy
from services.billing.balances.policy.store import find_policy
from services.billing.balances.statements.issue import due_now, issue
from services.billing.balances.store import account_of, lock_account, set_notices


async def dun(timer: Timer, uow: UnitOfWork) -> None:
    """The next notice, or the hand-off after the last; who may not be dunned now is looked at
    again later, and the series goes on where it stood."""
    account_id, charts = await account_of(uow.db, uow.practice_id, UUID(timer.key))
    policy = await find_policy(uow.db, uow.practice_id)
    notices, hold = await lock_account(uow.db, uow.practice_id, account_id)
    if policy is None or notices == 0:
        return
    if hold is not None or await has_pending_application(uow.db, uow.practice_id, charts):
        await uow.set_timer(
            DUN_TIMER, timer.key, uow.now + max(pause_after(policy, notices), LOOK_AGAIN)
        )
    elif notices < FINAL_NOTICE:
        await issue(uow, policy, account_id, charts, notices + 1)
    else:
        await _hand_off(uow, policy, account_id, charts)


async def _hand_off(
    uow: UnitOfWork, policy: BalancePolicy, account_id: UUID, charts: list[UUID]
) -> None:
    """Without an agency the final notice stands, until the account is paid."""
    due = await due_now(uow, charts)
    if policy.agency is not None and due:
        await place(uow, account_id, policy.agency, due)
    if policy.agency is not None or not due:
        await set_notices(uow.db, uow.practice_id, account_id, 0)
