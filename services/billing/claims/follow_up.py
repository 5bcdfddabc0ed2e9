"""A claim that its payer is silent about is asked after: the clock that runs meanwhile.

How it is asked, and what the payer says, is in `status/`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from pydantic_settings import BaseSettings, SettingsConfigDict

from libs.events.transport import UnitOfWork
from services.billing.claims import store
from services.billing.claims.model import AWAITING, Claim
from services.billing.claims.moves import Move
from services.billing.payers.model import PayerTerms
from services.billing.payers.store import read_directory

FOLLOW_UP_TIMER = "follow-up"
"""Of a claim: its payer should have decided by now."""


class FollowUpSettings(BaseSettings):
    """BILLING_FOLLOW_UP_DAYS: from a claim's way out to the first question about it, where the
    payer's terms do not say. BILLING_FOLLOW_UP_AGAIN_DAYS: from one question to the next."""

    model_config = SettingsConfigDict(env_prefix="BILLING_")

    follow_up_days: float = 14
    follow_up_again_days: float = 7


def patience_with(terms: PayerTerms) -> timedelta:
    """How long a payer is given before it is asked."""
    return timedelta(days=terms.follow_up_days or FollowUpSettings().follow_up_days)


async def watch(uow: UnitOfWork, claims: Sequence[Claim]) -> None:
    """Their payers have the claims from now on and are given their time."""
    payers = {claim.payer_id for claim in claims if claim.payer_id is not None}
    directory = await read_directory(uow.db, uow.practice_id, payers)
    patience = {one: patience_with(directory.get(one, PayerTerms())) for one in payers}
    for claim in claims:
        if claim.payer_id is not None:
            due_at = uow.now + patience[claim.payer_id]
            await uow.set_timer(FOLLOW_UP_TIMER, str(claim.claim_id), due_at)


async def stop_watching(uow: UnitOfWork, *claim_ids: UUID) -> None:
    """The payer has decided, or did not take the claims in."""
    await uow.cancel_timer(FOLLOW_UP_TIMER, *map(str, claim_ids))


async def heed_moves(uow: UnitOfWork, moves: Sequence[Move]) -> None:
    """Where claims went: a decided one is watched no more, one that was taken back is again."""
    last = {move.claim_id: move.to for move in moves}
    await stop_watching(uow, *(name for name, to in last.items() if to not in AWAITING))
    awaited = [name for name, to in last.items() if to in AWAITING]
    if awaited:
        await watch(uow, await store.lock_many(uow.db, uow.practice_id, awaited))
