"""An inquiry ends: with what the payer says of the coverage, or with why nothing is known."""

from __future__ import annotations

from typing import Any

import structlog

from libs.events.contracts.billing_eligibility import (
    CoverageEnded,
    CoverageVerified,
    InquiryRefused,
)
from libs.events.contracts.values import InquiryId, PatientId, PracticeId
from libs.events.transport import Origin, UnitOfWork
from services.billing.claims.release import release_held_claims
from services.billing.eligibility import inquiries, store
from services.billing.eligibility.model import KeptInquiry, State
from services.billing.eligibility.verdict import Answered, Failed
from services.billing.patients.store import list_charts

log = structlog.get_logger("billing.eligibility")

MOST_TOLD = 200
"""Benefits in an event; all are kept."""


async def take_answer(uow: UnitOfWork, inquiry: KeptInquiry, answered: Answered) -> None:
    """Keep what was said, tell it, and let go the claims that waited for it.

    The caller holds the inquiry; patients are locked, so that a chart's events keep their order.
    """
    said = answered.said
    await store.lock_patient(uow.db, uow.practice_id, inquiry.patient_id)
    await inquiries.end(uow, inquiry, State.ANSWERED)
    await store.add_answer(uow, inquiry, answered)
    told: dict[str, Any] = {
        "practice_id": PracticeId(uow.practice_id),
        "patient_id": PatientId(inquiry.patient_id),
        "payer_id": inquiry.payer_id,
        "inquiry_id": InquiryId(inquiry.inquiry_id),
        "service_on": said.service_on,
        "starts_on": said.starts_on,
        "ends_on": said.ends_on,
    }
    event = (
        CoverageVerified(**told, benefits=answered.benefits[:MOST_TOLD])
        if said.status == "active"
        else CoverageEnded(**told)
    )
    await uow.publish(event, origin=Origin.load(inquiry.origin))
    await _let_go(uow, inquiry)


async def take_failure(uow: UnitOfWork, inquiry: KeptInquiry, failed: Failed) -> None:
    """Say that nothing is known, and let go the claims that waited; the caller holds the
    inquiry."""
    await store.lock_patient(uow.db, uow.practice_id, inquiry.patient_id)
    await inquiries.end(uow, inquiry, State.REFUSED, failed.reason, failed.notes)
    refused = InquiryRefused(
        practice_id=PracticeId(uow.practice_id),
        patient_id=PatientId(inquiry.patient_id),
        payer_id=inquiry.payer_id,
        inquiry_id=InquiryId(inquiry.inquiry_id),
        service_on=inquiry.service_on,
        reason=failed.reason,
        may_ask_again=failed.may_ask_again,
    )
    if failed.reason in ("answer-about-another", "answer-contradicts-itself"):
        log.error("answer put aside", reason=failed.reason, inquiry=str(inquiry.inquiry_id))
    await uow.publish(refused, origin=Origin.load(inquiry.origin))
    await _let_go(uow, inquiry)


async def _let_go(uow: UnitOfWork, inquiry: KeptInquiry) -> None:
    charts = await list_charts(uow.db, uow.practice_id, inquiry.patient_id)
    await release_held_claims(uow, patients=charts)
