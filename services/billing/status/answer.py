"""Payers tell how claims stand that they were asked about: 277 (005010X212)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from libs.events.contracts.billing_answers import ClaimStatusTold
from libs.events.contracts.values import ClaimId, PracticeId, month_of
from libs.events.transport import Origin, UnitOfWork
from services.billing.answers.held import hold
from services.billing.answers.model import for_a_person, is_news
from services.billing.answers.refusals import RefusedFileError
from services.billing.answers.store import Answer, add_answer
from services.billing.claims import sent
from services.billing.claims import store as claims
from services.billing.claims.model import Claim
from services.billing.status import store
from services.billing.status.lost import take_loss
from services.billing.x12 import StatusAnswer, meaning_of_status

_MISROUTED = "Check whose file this is: it answers no question that this practice asked."


async def take_status_answers(uow: UnitOfWork, answers: Sequence[StatusAnswer]) -> None:
    """Each answer is matched by the trace that we gave the question (TRN02).

    It decides nothing: money comes with an 835. Raises RefusedFileError where not one is ours.
    """
    await claims.lock_standing(uow.db, uow.practice_id)  # a claim may go out again
    ours = [await _take(uow, answer) for answer in answers]
    if not any(ours):
        raise RefusedFileError("unknown-questions", "2200D TRN02", _MISROUTED)
    for answer, is_ours in zip(answers, ours, strict=True):
        if not is_ours:
            await hold(uow, "277", "unknown-question", answer.trace_number, None)


async def _take(uow: UnitOfWork, answer: StatusAnswer) -> bool:
    found = await store.note_answered(uow, answer.trace_number)
    if found is None:
        return False
    claim_id, number = found
    claim = await claims.lock(uow.db, uow.practice_id, claim_id)
    assert claim is not None, "a question is about a claim"
    told = answer.statuses[0]
    meaning = meaning_of_status(told.category)
    if answer.payer_claim_control_number and claim.payer_claim_number is None:
        await sent.set_payer_number(uow.db, claim, answer.payer_claim_control_number)
        claim = replace(claim, payer_claim_number=answer.payer_claim_control_number)
    said = Answer("277", meaning, number, told.effective_on, told.category, told.code,
                  told.entity or None, told.charge_cents, told.paid_cents)  # fmt: skip
    await add_answer(uow, claim, said)
    origin = await uow.publish(_told(claim, answer), origin=Origin.load(claim.origin))
    if not is_news(claim, number):
        return True
    reason = for_a_person(meaning)
    if meaning == "not-found":
        reason = await take_loss(uow, claim, told.code, origin)
    if reason is not None:
        await hold(
            uow, "277", reason, claim.control_number, claim,
            category=told.category, code=told.code,
        )  # fmt: skip
    return True


def _told(claim: Claim, answer: StatusAnswer) -> ClaimStatusTold:
    assert claim.payer_id is not None
    told = answer.statuses[0]
    return ClaimStatusTold(
        practice_id=PracticeId(claim.practice_id),
        claim_id=ClaimId(claim.claim_id),
        payer_id=claim.payer_id,
        meaning=meaning_of_status(told.category),
        status_category=told.category,
        status_code=told.code,
        effective_on=told.effective_on,
        paid_cents=told.paid_cents,
        payer_claim_number=answer.payer_claim_control_number,
        service_month=month_of(claim.service_on),
    )
