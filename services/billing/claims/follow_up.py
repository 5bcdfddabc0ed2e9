"""A claim that its payer is silent about is asked after: the clock that runs meanwhile.

How it is asked, and what the payer says, is in `status/`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from pydantic_settings import BaseSettings, SettingsConfigDict

from libs.events.transport import UnitOfWork
from services.billing.claims.model import AWAITING
from services.billing.claims.moves import Move

FOLLOW_UP_TIMER = "follow-up"
"""Of a claim: its payer should have decided by now."""


class FollowUpSettings(BaseSettings):
    """BILLING_FOLLOW_UP_DAYS: from a claim's way out to the first question about it.
    BILLING_FOLLOW_UP_AGAIN_DAYS: from one question to the next."""

    model_config = SettingsConfigDict(env_prefix="BILLING_")

    follow_up_days: float = 14
    follow_up_again_days: float = 7


async def watch(uow: UnitOfWork, claim_id: UUID) -> None:
    """The payer has the claim from now on and is given its time."""
    due_at = uow.now + timedelta(days=FollowUpSettings().follow_up_days)
    await uow.set_timer(FOLLOW_UP_TIMER, str(claim_id), due_at)


async def stop_watching(uow: UnitOfWork, *claim_ids: UUID) -> None:
    """The payer has decided, or did not take the claims in."""
    await uow.cancel_timer(FOLLOW_UP_TIMER, *map(str, claim_ids))


async def heed_moves(uow: UnitOfWork, moves: Sequence[Move]) -> None:
    """Where claims went: a decided one is watched no more, one that was taken back is again."""
    last = {move.claim_id: move.to for move in moves}
    await stop_watching(uow, *(name for name, to in last.items() if to not in AWAITING))
    for claim_id, to in last.items():
        if to in AWAITING:
            await watch(uow, claim_id)
