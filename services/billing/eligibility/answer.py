"""A 271 is taken in: each patient's answer ends the inquiry that its trace number names."""

from __future__ import annotations

from typing import BinaryIO
from uuid import UUID

import structlog

from libs.events.transport import UnitOfWork
from services.billing.answers.model import interchange_number
from services.billing.answers.refusals import RefusedFileError
from services.billing.eligibility import inquiries
from services.billing.eligibility.end import take_answer, take_failure
from services.billing.eligibility.members import find_member
from services.billing.eligibility.model import KeptInquiry, State
from services.billing.eligibility.question import inquiry_of
from services.billing.eligibility.verdict import Failed, decide
from services.billing.x12 import EligibilityAnswer, read_271

log = structlog.get_logger("billing.eligibility")

_MISROUTED = "Check whose file this is: it answers nothing that this practice asked."


async def take_coverage_answers(uow: UnitOfWork, stream: BinaryIO) -> None:
    """All of a file's answers, or none: raises X12Error, and RefusedFileError where not one of
    them answers a question of this practice.
    """
    ours = [await _take(uow, answer) for answer in read_271(stream)]
    if not any(ours):
        raise RefusedFileError("unknown-inquiries", "2000C TRN02", _MISROUTED)


async def _take(uow: UnitOfWork, answer: EligibilityAnswer) -> bool:
    """False: not ours to know, a payer's file may answer others too."""
    if answer.person is None and not answer.traces:
        return await _take_rejected_batch(uow, answer)
    inquiry = await _lock(uow, answer)
    if inquiry is None:
        log.warning("answer to no inquiry", segment=answer.segment_number)
        return False
    if inquiry.state is State.ANSWERED:
        return True  # said before
    member = await find_member(uow, inquiry.patient_id)
    decided = decide(answer, member, inquiry.service_on)
    if isinstance(decided, Failed):
        await take_failure(uow, inquiry, decided)
    else:
        await take_answer(uow, inquiry, decided)
    return True


async def _take_rejected_batch(uow: UnitOfWork, answer: EligibilityAnswer) -> bool:
    """No patient is spoken of: everything that went out in the 270 is refused."""
    number = interchange_number(answer.batch_reference)
    if number is None:
        return False
    asked = await inquiries.lock_in_interchange(uow, number)
    for inquiry in asked:
        decided = decide(answer, None, inquiry.service_on)
        assert isinstance(decided, Failed), "the reader tells of no patient only where it rejects"
        await take_failure(uow, inquiry, decided)
    return bool(asked)


async def _lock(uow: UnitOfWork, answer: EligibilityAnswer) -> KeptInquiry | None:
    """A clearinghouse adds a trace number of its own beside ours."""
    named: list[UUID] = [found for trace in answer.traces if (found := inquiry_of(trace))]
    for inquiry_id in named:
        if inquiry := await inquiries.lock(uow, inquiry_id):
            return inquiry
    return None
