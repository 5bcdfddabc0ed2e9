"""What payers said of coverages: kept by the chart's EHR, read and told."""

from __future__ import annotations

from libs.events.contracts.billing_eligibility import (
    CoverageBenefit,
    CoverageEnded,
    CoverageVerified,
)
from libs.events.transport import UnitOfWork
from services.interop.patients.store import find_patient
from services.interop.subscriptions.answers import add_answer
from services.interop.subscriptions.coverage_response import CoverageAnswer
from services.interop.subscriptions.tell import tell_subscribers


async def tell_verified_coverage(told: CoverageVerified, uow: UnitOfWork) -> None:
    await _tell(told, told.benefits, uow)


async def tell_ended_coverage(told: CoverageEnded, uow: UnitOfWork) -> None:
    await _tell(told, (), uow)


HANDLERS = (tell_verified_coverage, tell_ended_coverage)


async def _tell(
    told: CoverageVerified | CoverageEnded,
    benefits: tuple[CoverageBenefit, ...],
    uow: UnitOfWork,
) -> None:
    """Keep it for the chart's EHR, and count it for each subscription that it is for."""
    found = await find_patient(uow, told.patient_id)
    if found is None:
        return
    answer = CoverageAnswer(
        inquiry_id=told.inquiry_id,
        patient_id=told.patient_id,
        payer_id=told.payer_id,
        service_on=told.service_on,
        in_force=isinstance(told, CoverageVerified),
        starts_on=told.starts_on,
        ends_on=told.ends_on,
        benefits=benefits,
        answered_at=uow.now,
    )
    # A refused inquiry may be answered after all, but none is answered twice.
    if await add_answer(uow, answer, found.source_system):
        await tell_subscribers(answer, found.source_system, uow)
