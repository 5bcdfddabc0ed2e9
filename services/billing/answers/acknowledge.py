"""TA1, 999 and 277CA: whether the payer took our claims in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from libs.events.contracts.billing import ClaimAccepted, ClaimRejected
from libs.events.contracts.values import ClaimId, PracticeId, month_of
from libs.events.transport import Origin, UnitOfWork
from services.billing.answers import store as answers
from services.billing.answers.held import hold
from services.billing.answers.model import (
    Verdict,
    interchange_number,
    obstacle_to,
    outweighs,
    told_charge,
)
from services.billing.answers.refusals import RefusedFileError
from services.billing.answers.store import Answer
from services.billing.claims import due, sent, store
from services.billing.claims.follow_up import stop_watching
from services.billing.claims.model import Claim, State, may_move
from services.billing.claims.voiding import void_refused, void_taken
from services.billing.x12 import (
    BatchStatus,
    ClaimStatus,
    GroupAnswer,
    InterchangeAnswer,
)

HAD_BEFORE = "025"
"""TA105, duplicate interchange control number. No two interchanges of ours share one, so the same
file came to its receiver twice, and its claims are there."""
IS_OURS = """
SELECT EXISTS (SELECT FROM interchange WHERE practice_id = $1 AND interchange_number = $2)
"""
_MISROUTED = "Check whose file this is: it answers nothing that this practice sent."


async def take_interchange_verdicts(uow: UnitOfWork, told: Sequence[InterchangeAnswer]) -> None:
    """A TA1: a refused interchange refuses every claim in it, but for one that its receiver has
    already: that is for a person.

    Raises RefusedFileError for one that this practice never sent.
    """
    for answer in told:
        number = await _interchange(uow, answer.control_number, "TA101")
        if answer.verdict == "rejected" and answer.note == HAD_BEFORE:
            reference = f"{number:09d}"
            await hold(uow, "TA1", "interchange-had-before", reference, None, category=answer.note)
        elif answer.verdict == "rejected":
            await _reject_all(uow, number, "TA1", answer.note, None)
        else:
            await _note_accepted(uow, number, "TA1", answer.note)


async def take_set_verdicts(uow: UnitOfWork, told: Sequence[GroupAnswer]) -> None:
    """A 999: a refused set refuses every claim in it; an accepted one only says it was read.

    Our interchange, group and set have one number, so it names the claims. Raises RefusedFileError
    for a group that this practice never sent.
    """
    for answer in told:
        number = await _interchange(uow, answer.group_control, "AK102")
        codes = [code for t in answer.transactions for code in t.codes] or list(answer.codes)
        if "rejected" in {answer.verdict, *(one.verdict for one in answer.transactions)}:
            await _reject_all(uow, number, "999", codes[0] if codes else "R", None)
        else:
            await _note_accepted(uow, number, "999", codes[0] if codes else None)


async def take_claim_statuses(uow: UnitOfWork, batches: Sequence[BatchStatus]) -> None:
    """A 277CA: each claim was taken in for adjudication, or not; or the whole batch was not.

    Raises RefusedFileError where not one of the claims is this practice's.
    """
    for batch in batches:
        if not batch.claims:
            await _take_batch_status(uow, batch)
            continue
        number = await _own_interchange(uow, batch.batch_reference or "")
        ours = [await _take_claim_status(uow, status, number) for status in batch.claims]
        if not any(ours):
            raise RefusedFileError("unknown-claims", "2200D TRN02", _MISROUTED)


async def _take_batch_status(uow: UnitOfWork, batch: BatchStatus) -> None:
    """Loop 2200B alone: the batch that our BHT03 (the interchange's number) names."""
    number = await _interchange(uow, batch.batch_reference or "", "2200B TRN02")
    for status in batch.statuses:
        if status.verdict == "rejected":
            await _reject_all(uow, number, "277CA", status.category, status.code)


async def _take_claim_status(uow: UnitOfWork, status: ClaimStatus, number: int | None) -> bool:
    """False: not ours to know; a payer's list may hold another sender's claims.

    `number`: the interchange that the batch answers, where it names one of ours.
    """
    claim = await store.lock_by_control(uow.db, uow.practice_id, status.control_number)
    first = next((s for s in status.statuses if s.verdict == status.verdict), status.statuses[0])
    if obstacle := obstacle_to(claim, status):
        await hold(
            uow, "277CA", obstacle, status.control_number, claim,
            category=first.category, code=first.code, told_cents=told_charge(status) or None,
        )  # fmt: skip
    if claim is None or obstacle is not None:
        return claim is not None
    before = await answers.list_verdicts(uow.db, claim)
    about = number if number is not None else claim.interchange_number
    verdict = status.verdict if status.verdict != "other" else "received"
    said = Answer("277CA", verdict, about, first.effective_on, first.category, first.code,
                  first.entity or None, told_charge(status) or None)  # fmt: skip
    await answers.add_answer(uow, claim, said)
    if about != claim.interchange_number:
        return True  # the claim was sent again since
    is_rejection = status.verdict == "rejected"
    if status.verdict == "other" or not outweighs(Verdict(is_rejection, said.effective_on), before):
        return True
    if is_rejection:
        await _reject(uow, [claim], "277CA", first.category, first.code)
    else:
        await _accept(uow, claim, status)
    return True


async def _interchange(uow: UnitOfWork, number: str, place: str) -> int:
    """The interchange that an answer names; RefusedFileError where it is none of ours."""
    found = await _own_interchange(uow, number)
    if found is None:
        raise RefusedFileError("unknown-interchange", place, _MISROUTED)
    return found


async def _own_interchange(uow: UnitOfWork, told: str) -> int | None:
    number = interchange_number(told)
    if number is None or not await uow.db.fetchval(IS_OURS, uow.practice_id, number):
        return None
    return number


async def _note_accepted(
    uow: UnitOfWork, number: int, by: Literal["TA1", "999"], code: str | None
) -> None:
    said = Answer(by, "accepted", number, answers.received_on(uow.now), code)
    await answers.add_for_interchange(uow, number, said)


async def _reject_all(
    uow: UnitOfWork,
    number: int,
    by: Literal["TA1", "999", "277CA"],
    category: str,
    code: str | None,
) -> None:
    said = Answer(by, "rejected", number, answers.received_on(uow.now), category, code)
    await answers.add_for_interchange(uow, number, said)
    in_it = await store.lock_in_interchange(uow.db, uow.practice_id, number)
    await _reject(uow, in_it, by, category, code)


async def _accept(uow: UnitOfWork, claim: Claim, status: ClaimStatus) -> None:
    number = status.payer_claim_control_number
    if claim.state is State.VOID_SENT:
        await void_taken(uow, claim)
        await due.resume(uow, [claim.claim_id])
        return
    if number is not None:
        await sent.set_payer_number(uow.db, claim, number)
    is_first = may_move(claim.state, State.ACCEPTED)  # else said before, or already decided
    if is_first:
        accepted = ClaimAccepted(
            practice_id=PracticeId(claim.practice_id),
            claim_id=ClaimId(claim.claim_id),
            payer_claim_number=number,
            service_month=month_of(claim.service_on),
        )
        origin = await uow.publish(accepted, origin=Origin.load(claim.origin))
        await store.move(uow.db, claim, State.ACCEPTED, uow.now, origin=origin.dump())
    if is_first or number is not None:
        await due.resume(uow, [claim.claim_id])


async def _reject(
    uow: UnitOfWork,
    claims: Sequence[Claim],
    by: Literal["TA1", "999", "277CA"],
    category: str,
    code: str | None,
) -> None:
    """Those that may still be rejected are; nobody waits for their payer any more."""
    rejected = [claim for claim in claims if may_move(claim.state, State.REJECTED)]
    for claim in rejected:
        await _reject_one(uow, claim, by, category, code)
    claim_ids = [claim.claim_id for claim in rejected]
    await stop_watching(uow, *claim_ids)
    await due.resume(uow, claim_ids)


async def _reject_one(
    uow: UnitOfWork,
    claim: Claim,
    by: Literal["TA1", "999", "277CA"],
    category: str,
    code: str | None,
) -> None:
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
