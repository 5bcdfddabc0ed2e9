"""999 and 277CA: whether the payer took our claims in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from libs.events.contracts.billing import ClaimAccepted, ClaimRejected
from libs.events.contracts.values import ClaimId, PracticeId, month_of
from libs.events.transport import Origin, UnitOfWork
from services.billing.claims import store
from services.billing.claims.model import Claim, State, may_move
from services.billing.x12 import BatchStatus, ClaimStatus, GroupAnswer


async def take_set_verdicts(uow: UnitOfWork, answers: Sequence[GroupAnswer]) -> None:
    """A 999: a refused set refuses every claim in it; an accepted one only says it was read.

    Our group control number is the interchange's, so it names the claims.
    """
    for answer in answers:
        if answer.verdict != "rejected" and not any(
            t.verdict == "rejected" for t in answer.transactions
        ):
            continue
        if not answer.group_control.isdigit():
            continue
        number = int(answer.group_control)
        codes = [code for t in answer.transactions for code in t.codes] or list(answer.codes)
        for claim in await store.lock_in_interchange(uow.db, uow.practice_id, number):
            await _reject(uow, claim, "999", codes[0] if codes else "R", None)


async def take_claim_statuses(uow: UnitOfWork, batches: Sequence[BatchStatus]) -> None:
    """A 277CA: each claim was taken in for adjudication, or not."""
    for batch in batches:
        for status in batch.claims:
            claim = await store.lock_by_control(uow.db, uow.practice_id, status.control_number)
            if claim is None:
                continue  # not ours to know; the payer's list may hold another sender's claims
            if status.verdict == "rejected":
                first = next(s for s in status.statuses if s.verdict == "rejected")
                await _reject(uow, claim, "277CA", first.category, first.code)
            elif status.verdict == "accepted":
                await _accept(uow, claim, status)


async def _accept(uow: UnitOfWork, claim: Claim, status: ClaimStatus) -> None:
    number = status.payer_claim_control_number
    if number is not None and claim.payer_claim_number is None:
        await store.set_payer_number(uow.db, claim, number)
    if not may_move(claim.state, State.ACCEPTED):
        return  # said before, or already decided
    accepted = ClaimAccepted(
        practice_id=PracticeId(claim.practice_id),
        claim_id=ClaimId(claim.claim_id),
        payer_claim_number=number,
        service_month=month_of(claim.service_on),
    )
    origin = await uow.publish(accepted, origin=Origin.load(claim.origin))
    await store.move(uow.db, claim, State.ACCEPTED, uow.now, origin=origin.dump())


async def _reject(
    uow: UnitOfWork, claim: Claim, by: Literal["999", "277CA"], category: str, code: str | None
) -> None:
    if not may_move(claim.state, State.REJECTED):
        return
    rejected = ClaimRejected(
        practice_id=PracticeId(claim.practice_id),
        claim_id=ClaimId(claim.claim_id),
        answered_by=by,
        status_category=category,
        status_code=code,
        service_month=month_of(claim.service_on),
    )
    origin = await uow.publish(rejected, origin=Origin.load(claim.origin))
    await store.move(
        uow.db, claim, State.REJECTED, uow.now, origin=origin.dump(), reason=f"{by} {category}"
    )
