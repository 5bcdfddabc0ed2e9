"""Coverage as people ask about it and look at it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, HTTPException, Query
from pydantic import Field

from libs.events.contracts import Contract
from libs.events.contracts.billing_eligibility import CoverageBenefit, InquiryFailure, ServiceType
from libs.events.contracts.values import AppointmentId, InquiryId, PatientId, PayerId
from libs.service.http import Uow, json_body
from services.billing.eligibility import inquiries, members, store
from services.billing.eligibility.ask import ask
from services.billing.eligibility.inquiries import NOBODY
from services.billing.eligibility.model import KeptInquiry, State
from services.billing.facts.store import look_up_practice
from services.billing.patients.store import list_charts

routes = APIRouter(tags=["eligibility"])


class AskCoverage(Contract):
    """A question: of a patient on a day, or of an appointment's."""

    inquiry_id: InquiryId
    patient_id: PatientId | None = None
    """Left out only with `appointment_id`."""
    appointment_id: AppointmentId | None = None
    payer_id: PayerId | None = None
    """The patient's own where it is left out; of another one no member number is known."""
    service_on: date | None = None
    """The appointment's day, or today, where it is left out."""
    service_types: Annotated[tuple[ServiceType, ...], Field(min_length=1, max_length=20)] = ("30",)


class InquiryView(Contract):
    """A question and how it ended; nothing about its patient but the chart's id."""

    inquiry_id: UUID
    patient_id: UUID
    payer_id: str
    service_on: date
    service_types: tuple[str, ...]
    state: State
    reason: InquiryFailure | None
    notes: tuple[str, ...]
    """Why it was refused: AAA03/AAA04 of each rejection, or the element that a 270 cannot carry."""
    interchange_number: int | None
    made_at: datetime
    answered_at: datetime | None

    @classmethod
    def of(cls, kept: KeptInquiry) -> InquiryView:
        return cls(**{name: getattr(kept, name) for name in cls.model_fields})


class OtherPayerView(Contract):
    """Who else pays, as the payer said; its member number is not kept."""

    entity: str
    name: str
    identifier: str | None


class CoverageView(Contract):
    """What is known of a patient's coverage by one payer."""

    payer_id: str
    standing: Literal["active", "inactive", "unknown"]
    """On the day that was asked for here."""
    inquiry_id: UUID | None
    """The last one that was answered; the rest of this is what the payer said then. None: no
    answer yet."""
    service_on: date | None
    answered_at: datetime | None
    starts_on: date | None
    ends_on: date | None
    plan_name: str | None
    benefits: tuple[CoverageBenefit, ...]
    other_payers: tuple[OtherPayerView, ...]


@routes.post("/eligibility-inquiries", status_code=202)
async def ask_coverage(
    command: Annotated[AskCoverage, json_body(AskCoverage)], uow: Uow
) -> InquiryView:
    """Ask a payer; look here again for the answer. The same again asks no second time."""
    known = await inquiries.find(uow.db, uow.practice_id, command.inquiry_id)
    if known is None:
        await _ask(command, uow)
        known = await inquiries.find(uow.db, uow.practice_id, command.inquiry_id)
        assert known is not None, "it was added just now"
    elif not _same(command, known):
        raise HTTPException(409, "another inquiry has this inquiry_id")
    return InquiryView.of(known)


@routes.get("/eligibility-inquiries/{inquiry_id}")
async def show_inquiry(inquiry_id: UUID, uow: Uow) -> InquiryView:
    """How a question stands."""
    known = await inquiries.find(uow.db, uow.practice_id, inquiry_id)
    if known is None:
        raise HTTPException(404, "there is no such inquiry")
    return InquiryView.of(known)


@routes.get("/eligibility-inquiries")
async def list_inquiries(
    uow: Uow,
    state: State | None = None,
    reason: InquiryFailure | None = None,
    after: UUID = NOBODY,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[InquiryView]:
    """By id; by `reason`, those that a person has to look at."""
    found = await inquiries.list_inquiries(uow.db, uow.practice_id, state, reason, after, limit)
    return [InquiryView.of(one) for one in found]


@routes.get("/patients/{patient_id}/coverages")
async def show_coverages(patient_id: UUID, uow: Uow, on: date | None = None) -> list[CoverageView]:
    """What each payer said last; the same for each of a patient's charts. 404: nothing is known."""
    day = on or uow.now.date()
    charts = await list_charts(uow.db, uow.practice_id, patient_id)
    rows = await store.list_latest(uow.db, uow.practice_id, charts)
    payers = await members.list_payers(uow.db, uow.practice_id, charts)
    views = [await _view(uow, patient_id, row, day) for row in rows]
    answered = {row["payer_id"] for row in rows}
    views += [_unknown(payer_id) for payer_id in payers if payer_id not in answered]
    if not views:
        raise HTTPException(404, "no coverage of this patient is known")
    return views


async def _ask(command: AskCoverage, uow: Uow) -> None:
    patient_id, on = command.patient_id, command.service_on
    if command.appointment_id is not None:
        expected = await members.find_expected(uow.db, uow.practice_id, command.appointment_id)
        if expected is None or patient_id not in (None, expected[0]):
            raise HTTPException(404, "no such visit is expected")
        patient_id, on = PatientId(expected[0]), on or expected[1]
    if patient_id is None:
        raise HTTPException(422, "name a patient_id or an appointment_id")
    if await look_up_practice(uow.db, uow.practice_id) is None:
        raise HTTPException(409, "the practice is not onboarded yet")
    member = await members.find_member(uow, patient_id)
    if member is None or command.payer_id not in (None, member.coverage.payer_id):
        raise HTTPException(404, "no such coverage of this patient is known")
    await ask(
        uow, command.inquiry_id, patient_id, member.coverage.payer_id, on or uow.now.date(),
        command.service_types, at_once=True,
    )  # fmt: skip


def _same(command: AskCoverage, known: KeptInquiry) -> bool:
    """What was left out may have been anything; an appointment's patient may have changed."""
    return (
        command.patient_id in (None, known.patient_id)
        and command.payer_id in (None, known.payer_id)
        and command.service_on in (None, known.service_on)
        and command.service_types == known.service_types
    )


async def _view(uow: Uow, patient_id: UUID, row: dict[str, Any], on: date) -> CoverageView:
    row["other_payers"] = tuple(OtherPayerView(**other) for other in row["other_payers"])
    standing = await store.coverage_on(uow.db, uow.practice_id, patient_id, row["payer_id"], on)
    return CoverageView(standing=standing, **row)


def _unknown(payer_id: str) -> CoverageView:
    return CoverageView(
        payer_id=payer_id, standing="unknown", inquiry_id=None, service_on=None, answered_at=None,
        starts_on=None, ends_on=None, plan_name=None, benefits=(), other_payers=(),
    )  # fmt: skip
