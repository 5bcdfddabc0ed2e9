"""What a 271 says (005010X279A1). Amounts are cents; messages (MSG) are dropped, they may say
anything about anybody.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

Level = Literal["payer", "provider", "subscriber", "dependent", "benefit"]
Network = Literal["in", "out", "both", "not-said"]


@dataclass(frozen=True, slots=True)
class Rejection:
    """One AAA: nothing was decided about coverage, and why."""

    level: Level
    code: str
    """AAA03, reject reason code (external code list 901)."""
    follow_up: str
    """AAA04: C correct and resubmit, R resubmission allowed, S and Y do not resubmit…"""


@dataclass(frozen=True, slots=True)
class Span:
    """A DTP: `first` and `last` are one day where it names one."""

    qualifier: str
    """DTP01: 291 plan, 307 eligibility, 346 and 347 plan begin and end, 356 and 357 of
    eligibility, 348 and 349 of a benefit…"""
    first: date
    last: date
    is_range: bool


@dataclass(frozen=True, slots=True)
class OtherPayer:
    """Who else pays (2120, LS/LE): an organization; persons are passed over."""

    entity: str
    """NM101: PR payer, PRP primary, SEP secondary, TTP tertiary, VN vendor…"""
    name: str
    identifier: str | None


@dataclass(frozen=True, slots=True)
class Benefit:
    """One EB and what belongs to it (2110C or 2110D)."""

    code: str
    """EB01: 1-5 active, 6-8 inactive, A coinsurance, B copayment, C deductible, F limitation,
    G out of pocket, I not covered, R other payer, CB basis…"""
    coverage_level: str | None
    """EB02: IND, FAM, EMP, CHD…"""
    service_types: tuple[str, ...]
    insurance_type: str | None
    plan_name: str | None
    period: str | None
    """EB06: 23 calendar year, 27 visit, 29 remaining…"""
    amount_cents: int | None
    basis_points: int | None
    """EB08, a hundredth of a percent each: 0.2 is 2,000."""
    quantity_kind: str | None
    quantity: Decimal | None
    authorization_required: bool | None
    network: Network
    procedure: str | None
    """EB13: qualifier and code, such as HC:99213."""
    spans: tuple[Span, ...]
    rejections: tuple[Rejection, ...]
    other_payers: tuple[OtherPayer, ...]


@dataclass(frozen=True, slots=True)
class AnsweredPerson:
    """Whom the payer speaks of; kept only to see that it is the patient who was asked about."""

    family: str = field(repr=False)
    given: str = field(repr=False)
    member_id: str = field(repr=False)
    """The subscriber's, also where the patient is a dependent."""
    born_on: date | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class EligibilityAnswer:
    """The answer about one patient, or to a whole 270 that was rejected before any (no traces)."""

    payer_name: str
    payer_id: str
    batch_reference: str
    """BHT03: that of our 270."""
    traces: tuple[str, ...]
    """TRN02 of the numbers that we gave (TRN01 2)."""
    person: AnsweredPerson | None
    """None: no patient is spoken of."""
    rejections: tuple[Rejection, ...]
    """Those above the benefits: the payer's, the provider's, the patient's."""
    spans: tuple[Span, ...]
    benefits: tuple[Benefit, ...]
    segment_number: int
    """Where the patient's level begins in the file."""
