"""Payers are asked: at once for who waits, by file for those who come tomorrow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid5

from libs.events.contracts.interop import EncounterPosted
from libs.events.transport import Timer, UnitOfWork
from services.billing.eligibility import inquiries, members
from services.billing.eligibility.end import take_failure
from services.billing.eligibility.model import KeptInquiry, Member, member_of
from services.billing.eligibility.question import question, write_questions
from services.billing.eligibility.settings import EligibilitySettings
from services.billing.eligibility.store import coverage_on
from services.billing.eligibility.verdict import Failed
from services.billing.exchange.send import send
from services.billing.facts.store import look_up_practice
from services.billing.payers.model import PayerTerms
from services.billing.payers.store import find_terms
from services.billing.payers.way import Way
from services.billing.x12 import RefusedElementError
from services.billing.x12.write_270 import Inquiry

BEFORE_TIMER = "ask-before-visits"
"""Of a day: asks about everybody who is expected on it."""
BATCH_TIMER = "ask-by-file"
"""Of a payer: what waits goes out together."""
INQUIRE_TIMER = "inquire"
"""Of an inquiry: the payer is asked at once."""
OVERDUE_TIMER = "answer-overdue"
"""Of an interchange: what has no answer by then gets none."""

MOST_INQUIRIES = 99
"""Patients in one 270 that is no real-time one (005010X279A1, section 1.3.2)."""
ASK_AT = time(6, tzinfo=UTC)
"""The night before the visits everywhere in the United States."""
PATIENCE = timedelta(days=2)
"""CAQH CORE Operating Rules, batch response time: by the next business morning."""


async def ask(
    uow: UnitOfWork,
    inquiry_id: UUID,
    patient_id: UUID,
    payer_id: str,
    on: date,
    service_types: Sequence[str] = ("30",),
    *,
    at_once: bool,
) -> None:
    """Ask a payer about a patient's coverage on a day; the same inquiry again changes nothing."""
    if not await inquiries.add(uow, inquiry_id, patient_id, payer_id, on, service_types):
        return
    if at_once and payer_id in EligibilitySettings().inquire_urls:
        await uow.set_timer(INQUIRE_TIMER, str(inquiry_id), uow.now)
    else:
        await uow.set_timer(BATCH_TIMER, payer_id, uow.now)


async def ask_about_visit(uow: UnitOfWork, encounter: EncounterPosted) -> None:
    """Ask a visit's payer whether it covers the day, where it answers that and nobody did ask.

    The visit's own coverage is what counts: where the chart names another payer, nothing that a
    270 could say of this one is known.
    """
    named = member_of(encounter)
    if named is None:
        return
    payer_id, patient_id, on = named.coverage.payer_id, encounter.patient_id, encounter.service_on
    terms = await find_terms(uow.db, uow.practice_id, payer_id)
    if not terms.answers_eligibility:
        return
    about = uow.practice_id, patient_id, payer_id, on
    if await coverage_on(uow.db, *about) != "unknown":
        return
    if await inquiries.question_on(uow.db, *about) != "none":
        return
    await members.keep_new_member(uow, patient_id, named)
    member = await members.find_member(uow, patient_id)
    if member is not None and member.coverage.payer_id == payer_id:
        await ask(uow, inquiry_id_of(patient_id, payer_id, on), *about[1:], at_once=True)


def inquiry_id_of(patient_id: UUID, payer_id: str, on: date) -> UUID:
    """Of the inquiry that is made by itself: one a patient, payer and day."""
    return uuid5(patient_id, f"coverage by {payer_id} on {on}")


async def ask_before(uow: UnitOfWork, on: date) -> None:
    """Have everybody asked about who is expected on a day, the night before it."""
    due_at = datetime.combine(on - timedelta(days=1), ASK_AT)
    await uow.set_timer(BEFORE_TIMER, on.isoformat(), max(due_at, uow.now))


async def ask_before_visits(timer: Timer, uow: UnitOfWork) -> None:
    """Ask about the day's patients, except where the payer was asked a few days ago."""
    on = date.fromisoformat(timer.key)
    if await look_up_practice(uow.db, uow.practice_id) is None:
        return
    await members.forget_past(uow, on)
    since = on - timedelta(days=EligibilitySettings().eligibility_fresh_days)
    for patient_id in await members.list_expected(uow.db, uow.practice_id, on):
        member = await members.find_member(uow, patient_id)
        if member is None:
            continue
        payer_id = member.coverage.payer_id
        if await inquiries.was_asked_since(uow, patient_id, payer_id, since):
            continue
        inquiry_id = inquiry_id_of(patient_id, payer_id, on)
        await ask(uow, inquiry_id, patient_id, payer_id, on, at_once=False)


async def ask_by_file(timer: Timer, uow: UnitOfWork) -> None:
    """Put the payer's waiting inquiries into one interchange and set it on its way."""
    payer_id = timer.key
    waiting = await inquiries.lock_waiting(uow, payer_id, MOST_INQUIRIES)
    if len(waiting) == MOST_INQUIRIES:
        await uow.set_timer(BATCH_TIMER, payer_id, uow.now)
    asked = await sayable(uow, payer_id, waiting)
    if not asked:
        return
    way, questions = asked[0].way, [one.said for one in asked]
    number = await send(
        uow, "270", payer_id, way.route, lambda n: write_questions(n, way, questions, uow.now)
    )
    await note_asked(uow, asked, number)


@dataclass(frozen=True, slots=True)
class Sayable:
    """An inquiry as a 270 puts it, and whom it goes to."""

    inquiry: KeptInquiry
    said: Inquiry
    way: Way


async def sayable(uow: UnitOfWork, payer_id: str, waiting: Sequence[KeptInquiry]) -> list[Sayable]:
    """What can be asked of a payer; an inquiry that a 270 cannot carry is refused here, alone."""
    practice = await look_up_practice(uow.db, uow.practice_id)
    terms = await find_terms(uow.db, uow.practice_id, payer_id)
    found: list[Sayable] = []
    for inquiry in waiting:
        member = await members.find_member(uow, inquiry.patient_id)
        one = _compose(inquiry, practice, member, terms, uow.now)
        if isinstance(one, Failed):
            await take_failure(uow, inquiry, one)
        else:
            found.append(one)
    return found


def _compose(
    inquiry: KeptInquiry,
    practice: Mapping[str, Any] | None,
    member: Member | None,
    terms: PayerTerms,
    at: datetime,
) -> Sayable | Failed:
    if practice is None or member is None or member.coverage.payer_id != inquiry.payer_id:
        return Failed("member-data", may_ask_again=True)
    one = Sayable(inquiry, question(inquiry, member), Way.to(member.coverage, practice, terms))
    try:
        write_questions(1, one.way, [one.said], at)
    except RefusedElementError as refused:
        return Failed("member-data", may_ask_again=True, unwritable=refused.element)
    return one


async def note_asked(uow: UnitOfWork, asked: Sequence[Sayable], number: int) -> None:
    """They went out in the interchange; what has no answer in time gets none."""
    await inquiries.set_asked(uow, [one.inquiry for one in asked], number)
    await uow.set_timer(OVERDUE_TIMER, str(number), uow.now + PATIENCE)


async def give_up(timer: Timer, uow: UnitOfWork) -> None:
    """What went out in the interchange and has no answer gets none."""
    for inquiry in await inquiries.lock_in_interchange(uow, int(timer.key)):
        await take_failure(uow, inquiry, Failed("no-answer", may_ask_again=True))
