"""A denial's last day is told before it comes, and when it has passed without the next action."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

from libs.events.transport import Origin, Timer, UnitOfWork
from services.billing.denials import events, store
from services.billing.denials.model import Denial, State

DEADLINE_TIMER = "denial-deadline"
NOTICE = timedelta(days=14)
"""How long before the last day it is told."""


async def watch_deadline(uow: UnitOfWork, denial: Denial) -> None:
    """Tell the denial's deadline in time; a deadline set anew is told anew."""
    if denial.deadline_on is None:
        return
    first = datetime.combine(denial.deadline_on, time(), UTC) - NOTICE
    about = [str(denial.claim_id)]
    await uow.set_timer(DEADLINE_TIMER, str(denial.denial_id), max(first, uow.now), about=about)


async def forget_deadlines(uow: UnitOfWork, denials: Sequence[Denial]) -> None:
    """The next action was taken, or there is none any more."""
    if denials:
        await uow.cancel_timer(DEADLINE_TIMER, *(str(denial.denial_id) for denial in denials))


async def tell_deadline(timer: Timer, uow: UnitOfWork) -> None:
    """Near first, then missed; a denial that is worked meanwhile is left alone."""
    denial = await store.lock(uow.db, uow.practice_id, UUID(timer.key))
    if denial is None or denial.state is not State.OPEN or denial.deadline_on is None:
        return
    event = events.deadline(denial, uow.now.date())
    await uow.publish(event, origin=Origin.load(denial.origin))
    missed = uow.now.date() > denial.deadline_on
    told = "deadline missed" if missed else "deadline near"
    await store.note(uow, [(denial.denial_id, told)])
    if not missed:
        passed = datetime.combine(denial.deadline_on, time(), UTC) + timedelta(days=1)
        about = [str(denial.claim_id)]
        await uow.set_timer(DEADLINE_TIMER, timer.key, passed, about=about)
