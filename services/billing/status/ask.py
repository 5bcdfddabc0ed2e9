"""Payers are asked how claims stand that they are silent about: 276 (005010X212)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from libs.events.contracts.billing_answers import ClaimFollowedUp
from libs.events.contracts.values import ClaimId, PracticeId, month_of
from libs.events.transport import Origin, Timer, UnitOfWork
from services.billing.answers.held import hold
from services.billing.claims import store as claims
from services.billing.claims.follow_up import FOLLOW_UP_TIMER, FollowUpSettings
from services.billing.claims.model import AWAITING, Claim
from services.billing.claims.release import next_window
from services.billing.exchange.send import send
from services.billing.facts.store import find_practice
from services.billing.payers.model import PayerTerms
from services.billing.payers.store import find_terms
from services.billing.payers.way import Way
from services.billing.status import store
from services.billing.status.question import coverage_of, status_question, write_questions
from services.billing.status.store import Question
from services.billing.x12 import RefusedElementError
from services.billing.x12.write_276 import StatusQuestion

STATUS_TIMER = "ask-after-claims"
"""Of a payer: what is to be asked goes out together."""
MOST_QUESTIONS = 500
"""In one file, so that it is answered in time."""


async def follow_up(timer: Timer, uow: UnitOfWork) -> None:
    """A claim's payer had its time: it is asked with the next file, and again after a while."""
    claim = await claims.lock(uow.db, uow.practice_id, UUID(timer.key))
    if claim is None or claim.state not in AWAITING or claim.payer_id is None:
        return
    await store.add(uow, claim)
    await uow.set_timer(STATUS_TIMER, claim.payer_id, next_window(uow.now))
    again = timedelta(days=FollowUpSettings().follow_up_again_days)
    await uow.set_timer(FOLLOW_UP_TIMER, timer.key, uow.now + again)


async def ask_after_claims(timer: Timer, uow: UnitOfWork) -> None:
    """Put the payer's questions into one interchange and set it on its way."""
    payer_id = timer.key
    waiting = await store.lock_unsent(uow, payer_id, MOST_QUESTIONS)
    if not waiting:
        return
    if len(waiting) == MOST_QUESTIONS:
        await uow.set_timer(timer.name, payer_id, uow.now)
    practice = await find_practice(uow.db, uow.practice_id)
    terms = await find_terms(uow.db, uow.practice_id, payer_id)
    silent = await _lock_claims(uow, payer_id, waiting)
    asked = [
        one
        for question in waiting
        if (claim := silent.get(question.claim_id))
        and (one := await _compose(uow, question, claim, practice, terms))
    ]
    sayable = {one.question for one in asked}
    await store.drop(uow, [question for question in waiting if question not in sayable])
    if not asked:
        return
    way, said = asked[0].way, [one.said for one in asked]
    number = await send(
        uow, "276", payer_id, way.route, lambda n: write_questions(n, way, said, uow.now)
    )
    await store.note_asked(uow, [one.question for one in asked], number)
    for one in asked:
        followed_up = _followed_up(one.claim, one.question, number)
        await uow.publish(followed_up, origin=Origin.load(one.claim.origin))


@dataclass(frozen=True, slots=True)
class _Asked:
    question: Question
    claim: Claim
    said: StatusQuestion
    way: Way


async def _lock_claims(
    uow: UnitOfWork, payer_id: str, questions: Sequence[Question]
) -> dict[UUID, Claim]:
    """Those that the payer still has to decide."""
    claim_ids = {question.claim_id for question in questions}
    locked = await claims.lock_many(uow.db, uow.practice_id, claim_ids)
    return {
        claim.claim_id: claim
        for claim in locked
        if claim.state in AWAITING and claim.payer_id == payer_id
    }


async def _compose(
    uow: UnitOfWork,
    question: Question,
    claim: Claim,
    practice: Mapping[str, Any],
    terms: PayerTerms,
) -> _Asked | None:
    """What is asked about the claim; None where it cannot be asked after, and a person has to."""
    if claim.encounter_id is not None:  # one that was taken over names nobody who is insured
        encounter = await claims.read_encounter(uow, claim)
        if coverage := coverage_of(claim, encounter):
            said = status_question(question, claim, encounter, coverage)
            way = Way.to(coverage, practice, terms)
            if _can_be_written(way, said, uow.now):
                return _Asked(question, claim, said, way)
    await hold(uow, "276", "cannot-be-asked", claim.control_number, claim)
    return None


def _can_be_written(way: Way, said: StatusQuestion, at: datetime) -> bool:
    """Asked beforehand: one that cannot be written would stop its whole interchange."""
    try:
        write_questions(1, way, [said], at)
    except RefusedElementError:
        return False
    return True


def _followed_up(claim: Claim, question: Question, number: int) -> ClaimFollowedUp:
    assert claim.payer_id is not None
    return ClaimFollowedUp(
        practice_id=PracticeId(claim.practice_id),
        claim_id=ClaimId(claim.claim_id),
        payer_id=claim.payer_id,
        interchange_number=number,
        times_asked=question.times_asked,
        service_month=month_of(claim.service_on),
    )
