"""Published by billing: what payers say of patients' coverage (X12 005010X279A1, 270 and 271).

Keyed by the patient's chart. Each inquiry ends with one of the three, so a chart's last event of a
payer says how its coverage stands. Nobody is named, and no member's number is told.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from libs.events.contracts.base import Contract, Event, Topic
from libs.events.contracts.values import InquiryId, PatientId, PayerId, PositiveCents

COVERAGES = Topic("billing.coverages")

ServiceType = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{1,2}$")]
"""Health care service type code (X12 external code list 1365); 30 is the plan as a whole."""

BenefitKind = Literal[
    "active",
    "inactive",
    "copayment",
    "coinsurance",
    "deductible",
    "out-of-pocket",
    "limitation",
    "not-covered",
    "coverage-basis",
]
BenefitPeriod = Literal[
    "visit",
    "day",
    "week",
    "month",
    "calendar-year",
    "service-year",
    "year-to-date",
    "contract",
    "episode",
    "admission",
    "lifetime",
    "remaining",
    "lifetime-remaining",
    "other",
]
InquiryFailure = Literal[
    "member-not-found",
    "member-data",
    "provider",
    "date",
    "not-allowed",
    "payer-unavailable",
    "request-invalid",
    "no-decision",
    "no-answer",
    "answer-contradicts-itself",
    "answer-about-another",
]
"""Why nothing is known. The first seven are AAA rejections, by what is to be mended: who is
insured, what we say of them, who asks, for which day, whether we may ask; the payer's system; the
270 itself. no-decision: it answered, and neither active nor inactive. The last two go to a
person."""


class CoverageBenefit(Contract):
    """One benefit that a payer tells (271 EB); an amount, a share, or neither."""

    kind: BenefitKind
    service_types: Annotated[tuple[ServiceType, ...], Field(max_length=99)]
    network: Literal["in", "out", "both", "not-said"]
    coverage_level: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] | None
    """EB02: IND the individual, FAM the family…"""
    period: BenefitPeriod | None
    cents: PositiveCents | None
    basis_points: Annotated[int, Field(ge=0, le=10_000)] | None
    """What the patient bears, in hundredths of a percent."""
    authorization_required: bool | None
    """EB11; None: not said."""


class CoverageVerified(Event):
    """A payer said that a coverage is in force on a day (271 EB01 1 to 5)."""

    type: ClassVar = "billing.coverage-verified.v1"
    topic: ClassVar = COVERAGES
    key: ClassVar = "patient_id"

    patient_id: PatientId
    payer_id: PayerId
    inquiry_id: InquiryId
    service_on: date
    """The day that was asked for."""
    starts_on: date | None
    ends_on: date | None
    """The plan's last day, where the payer named one."""
    benefits: Annotated[tuple[CoverageBenefit, ...], Field(max_length=200)]
    """The first two hundred; billing keeps them all."""


class CoverageEnded(Event):
    """A payer said that a coverage is not in force on a day (271 EB01 6 to 8).

    Also where its plan begins after the day.
    """

    type: ClassVar = "billing.coverage-ended.v1"
    topic: ClassVar = COVERAGES
    key: ClassVar = "patient_id"

    patient_id: PatientId
    payer_id: PayerId
    inquiry_id: InquiryId
    service_on: date
    starts_on: date | None
    """The plan's first day, where it is still to come."""
    ends_on: date | None


class InquiryRefused(Event):
    """An inquiry ended without a word on the coverage: what was known of it before still stands.

    A rejection (271 AAA) is never a coverage that ended.
    """

    type: ClassVar = "billing.inquiry-refused.v1"
    topic: ClassVar = COVERAGES
    key: ClassVar = "patient_id"

    patient_id: PatientId
    payer_id: PayerId
    inquiry_id: InquiryId
    service_on: date
    reason: InquiryFailure
    may_ask_again: bool
    """False: the payer asks not to send it again (AAA04 N, S, Y), or a person is to look first."""
