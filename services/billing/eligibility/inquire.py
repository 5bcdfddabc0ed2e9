"""A payer is asked at once, over HTTP, outside any transaction; where that fails, by file.

Real time means within twenty seconds (CAQH CORE Eligibility & Benefits Operating Rules, real-time
response).
"""

from __future__ import annotations

import io
from uuid import UUID

import structlog

from libs.events.transport import Origin, Timer, UnitOfWork, Work
from services.billing.answers.refusals import RefusedFileError
from services.billing.eligibility import inquiries
from services.billing.eligibility.answer import take_coverage_answers
from services.billing.eligibility.ask import BATCH_TIMER, note_asked, sayable
from services.billing.eligibility.envelope import (
    Enclosed,
    Endpoint,
    NoAnswerError,
    disclose,
    enclose,
)
from services.billing.eligibility.model import KeptInquiry, State
from services.billing.eligibility.question import write_questions
from services.billing.eligibility.settings import EligibilitySettings
from services.billing.exchange.send import confirm_sent, keep, read_kept_interchange
from services.billing.outside.post import NotAnsweredError, post
from services.billing.x12 import X12Error

log = structlog.get_logger("billing.eligibility")


async def inquire(timer: Timer, work: Work) -> None:
    """Ask, and take the answer in. Asked again after a crash: a question changes nothing."""
    inquiry_id = UUID(timer.key)
    async with work.unit_of_work(timer.practice_id, origin=timer.origin) as uow:
        asked = await _prepare(uow, inquiry_id)
    if asked is None:
        return
    inquiry, number, content = asked
    origin = Origin.load(inquiry.origin)
    try:
        endpoint = Endpoint.of(EligibilitySettings().inquire_urls[inquiry.payer_id])
        answered = await _ask(enclose(content, inquiry_id, work.now(), endpoint), endpoint.url)
        async with work.unit_of_work(timer.practice_id, origin=origin) as uow:
            await confirm_sent(uow, number)
            await take_coverage_answers(uow, io.BytesIO(answered))
    except (NotAnsweredError, NoAnswerError, X12Error, RefusedFileError, KeyError) as error:
        why = str(error) if isinstance(error, NoAnswerError) else type(error).__name__
        log.warning("asked by file instead", payer=inquiry.payer_id, error=why)
        async with work.unit_of_work(timer.practice_id, origin=origin) as uow:
            await inquiries.set_waiting(uow, inquiry_id)
            await uow.set_timer(BATCH_TIMER, inquiry.payer_id, uow.now)


async def _prepare(uow: UnitOfWork, inquiry_id: UUID) -> tuple[KeptInquiry, int, bytes] | None:
    """The interchange that asks, kept before it is sent; None where nothing is to be asked."""
    inquiry = await inquiries.lock(uow, inquiry_id)
    assert inquiry is not None, "an inquiry is kept with its timer"
    number = inquiry.interchange_number
    if inquiry.state is State.WAITING:
        asked = await sayable(uow, inquiry.payer_id, [inquiry])
        if not asked:
            return None
        [one] = asked
        number = await keep(
            uow, "270", inquiry.payer_id, lambda n: write_questions(n, one.way, [one.said], uow.now)
        )
        await note_asked(uow, asked, number)
    elif inquiry.state is not State.ASKED:
        return None
    assert number is not None, "what was asked went out in an interchange"
    kept = await read_kept_interchange(uow, number)
    return inquiry, number, kept.content


async def _ask(asked: Enclosed, url: str) -> bytes:
    """The 271; raises NotAnsweredError unless the payer answers with a 200 in time, and
    NoAnswerError where that brings none."""
    headers = [("Content-Type", asked.content_type), ("User-Agent", "Mainstay")]
    answer = await post(url, headers, asked.body)
    if answer.status != 200:
        raise NotAnsweredError(f"the payer answered {answer.status}")
    return disclose(answer.content_type, answer.body)
