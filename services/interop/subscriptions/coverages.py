"""What payers said of coverages: kept by the chart's EHR, read and told."""

from __future__ import annotations

import json

from libs.events.contracts.billing_eligibility import (
    CoverageBenefit,
    CoverageEnded,
    CoverageVerified,
)
from libs.events.transport import UnitOfWork
from services.interop.patients.store import find_patient
from services.interop.subscriptions import store
from services.interop.subscriptions.model import Sending
from services.interop.subscriptions.send import set_sending
from services.interop.subscriptions.topics import COVERAGE_ELIGIBILITY

ADD_ANSWER = """
INSERT INTO coverage_answer (practice_id, inquiry_id, patient_id, source_system, payer_id,
                             service_on, in_force, starts_on, ends_on, benefits, answered_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT DO NOTHING RETURNING 1
"""


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
    written = json.dumps([one.model_dump(mode="json") for one in benefits])
    added = await uow.db.fetchval(
        ADD_ANSWER, uow.practice_id, told.inquiry_id, told.patient_id, found.source_system,
        told.payer_id, told.service_on, isinstance(told, CoverageVerified), told.starts_on,
        told.ends_on, written, uow.now,
    )  # fmt: skip
    if added is None:
        return  # a refused inquiry may be answered after all, but none is answered twice
    topic, source = COVERAGE_ELIGIBILITY.url, found.source_system
    for one in await store.count_event(uow, source, topic, told.patient_id):
        await store.add_coverage_event(uow, one, told.inquiry_id)
        if one.status == "active":
            sending = Sending(one.subscription_id, one.activation, "event", one.number)
            await set_sending(uow, sending)
