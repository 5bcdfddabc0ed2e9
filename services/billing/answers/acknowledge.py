"""999 and 277CA: whether the payer took our claims in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from libs.events.contracts.billing import ClaimAccepted, ClaimRejected
from libs.events.contracts.values import ClaimId, PracticeId, month_of
from libs.events.transport import Origin, UnitOfWork
from services.billing.answers.refusals import RefusedFileError
from services.billing.claims import due, sent, store
from services.billing.claims.model import Claim, State, may_move
from services.billing.claims.voiding import void_refused, void_taken
from services.billing.x12 import BatchStatus, ClaimStatus, GroupAnswer

IS_OURS = """
SELECT EXISTS (SELECT FROM interchange WHERE practice_id = $1 AND interchange_number = $2)
"""
_MISROUTED = "Check whose file this is: it answers nothing that this practice sent."


async def take_set_verdicts(uow: UnitOfWork, answers: Sequence[GroupAnswer]) -> None:
    """A 999: a refused set refuses every claim in it; an accepted one only says it was read.

    Our group control number is the interchange's, so it names the claims. Raises RefusedFileError
    for a group that this practice never sent.
    """
    for answer in answers:
        number = await _interchange(uow, answer.group_control, "AK102")
        codes = [code for t in answer.transactions for code in t.codes] or list(answer.codes)
        verdicts = {answer.verdict, *(t.verdict for t in answer.transactions)}
        if "rejected" in verdicts:
            await _reject_all(uow, number, "999", codes[0] if codes else "R", None)


async def take_claim_statuses(uow: UnitOfWork, batches: Sequence[BatchStatus]) -> None:
    """A 277CA: each claim was taken in for adjudication, or not; or the whole batch was not.

    Raises RefusedFileError where not one of the claims is this practice's.
    """
    for batch in batches:
        if not batch.claims:
            await _take_batch_status(uow, batch)
            continue
        ours = [await _take_claim_status(uow, status, batch) for status in batch.claims]
        if not any(ours):
            raise RefusedFileError("unknown-claims", "2200D TRN02", _MISROUTED)


async def _take_batch_status(uow: UnitOfWork, batch: BatchStatus) -> None:
    """Loop 2200B alone: the batch that our BHT03 (the interchange's number) names."""
    number = await _interchange(uow, batch.batch_reference or "", "2200B TRN02")
    for status in batch.statuses:
        if status.verdict == "rejected":
            await _reject_all(uow, number, "277CA", status.category, status.code)


async def _take_claim_status(uow: UnitOfWork, status: ClaimStatus, batch: BatchStatus) -> bool:
    """False: not ours to know; a payer's list may hold another sender's claims."""
    claim = await store.lock_by_control(uow.db, uow.practice_id, status.control_number)
    if claim is None:
        return False
    if await _is_about_earlier(uow, claim, batch.batch_reference or ""):
        return True
    if status.verdict == "rejected":
        first = next(s for s in status.statuses if s.verdict == "rejected")
        await _reject(uow, claim, "277CA", first.category, first.code)
    elif status.verdict == "accepted":
        await _accept(uow, claim, status)
    return True


async def _is_about_earlier(uow: UnitOfWork, claim: Claim, reference: str) -> bool:
    """True: the claim went out again since, so this says nothing of what the payer has now."""
    sent_last = claim.interchange_number
    if sent_last is None or not (reference.isascii() and reference.isdigit()):
        return False
    number = int(reference[:10])
    return number < sent_last and await uow.db.fetchval(IS_OURS, uow.practice_id, number)


async def _interchange(uow: UnitOfWork, number: str, place: str) -> int:
    """The interchange that an answer names; RefusedFileError where it is none of ours."""
    is_number = number.isascii() and number.isdigit() and len(number) <= 9
    if is_number and await uow.db.fetchval(IS_OURS, uow.practice_id, int(number)):
        return int(number)
    raise RefusedFileError("unknown-interchange", place, _MISROUTED)


async def _reject_all(
    uow: UnitOfWork, number: int, by: Literal["999", "277CA"], category: str, code: str | None
) -> None:
    for claim in await store.lock_in_interchange(uow.db, uow.practice_id, number):
        await _reject(uow, claim, by, category, code)


async def _accept(uow: UnitOfWork, claim: Claim, status: ClaimStatus) -> None:
    number = status.payer_claim_control_number
    if claim.state is State.VOID_SENT:
        await void_taken(uow, claim)
        await due.resume(uow, [claim.claim_id])
        return
    if number is not None:
        await sent.set_payer_number(uow.db, claim, number)
        await due.resume(uow, [claim.claim_id])
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
    await due.resume(uow, [claim.claim_id])


async def _reject(
    uow: UnitOfWork, claim: Claim, by: Literal["999", "277CA"], category: str, code: str | None
) -> None:
    if not may_move(claim.state, State.REJECTED):
        return
    if claim.state is State.VOID_SENT:
        claim = await void_refused(uow, claim)
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
    await due.resume(uow, [claim.claim_id])
