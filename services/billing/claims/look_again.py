"""A claim that waits, or whose replacement waits, is looked at again."""

from __future__ import annotations

from uuid import UUID

from libs.events.transport import Timer, UnitOfWork
from services.billing.claims import due, store
from services.billing.claims.model import Claim, State
from services.billing.claims.release import advance


async def look_again(timer: Timer, uow: UnitOfWork) -> None:
    """The day has come that the claim waited for."""
    await store.lock_standing(uow.db, uow.practice_id)
    claim = await store.lock(uow.db, uow.practice_id, UUID(timer.key))
    if claim is not None:
        await look_at(uow, claim)


async def look_at(uow: UnitOfWork, claim: Claim) -> None:
    """Something that held it holds it no more. The caller holds `store.lock_standing` and it."""
    if claim.state is State.HELD:
        await advance(uow, claim, await store.read_encounter(uow, claim))
    else:
        await due.resume(uow, [claim.claim_id])
