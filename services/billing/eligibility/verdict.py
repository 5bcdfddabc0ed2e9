"""What an answer comes to, decided without I/O: covered, not covered, or nothing is known."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from libs.events.contracts.billing_eligibility import (
    BenefitKind,
    BenefitPeriod,
    CoverageBenefit,
    InquiryFailure,
)
from services.billing.eligibility.model import Member, Said
from services.billing.x12.eligibility import (
    AnsweredPerson,
    Benefit,
    EligibilityAnswer,
    OtherPayer,
    Rejection,
    Span,
)

ACTIVE, INACTIVE = frozenset("12345"), frozenset("678")
"""EB01, eligibility or benefit information code (005010X279A1, 2110C)."""
PLAN = "30"
_KINDS: Mapping[str, BenefitKind] = {
    **dict.fromkeys(ACTIVE, "active"), **dict.fromkeys(INACTIVE, "inactive"),
    "A": "coinsurance", "B": "copayment", "C": "deductible", "CB": "coverage-basis",
    "F": "limitation", "G": "out-of-pocket", "I": "not-covered",
}  # fmt: skip
_PERIODS: Mapping[str, BenefitPeriod] = {
    "7": "day", "22": "service-year", "23": "calendar-year", "24": "year-to-date",
    "25": "contract", "26": "episode", "27": "visit", "29": "remaining", "32": "lifetime",
    "33": "lifetime-remaining", "34": "month", "35": "week", "36": "admission",
}  # fmt: skip
_BEGINS, _ENDS, _RUNS = frozenset({"346", "356"}), frozenset({"347", "357"}), {"291", "307"}
_REJECTED_FOR: Mapping[InquiryFailure, tuple[str, ...]] = {
    "member-not-found": ("67", "68", "75", "76", "77", "78", "95"),
    "member-data": ("58", "64", "65", "66", "71", "72", "73", "74"),
    "provider": ("35", "43", "44", "45", "46", "47", "48", "49", "50", "51", "97"),
    "date": ("52", "56", "57", "60", "61", "62", "63"),
    "not-allowed": ("04", "41"),
    "payer-unavailable": ("42", "80"),
}
"""AAA03 (external code list 901) by what is to be mended; all others are the 270's own."""
_REASONS: Mapping[str, InquiryFailure] = {
    code: reason for reason, codes in _REJECTED_FOR.items() for code in codes
}
_FINAL = frozenset("NSY")


@dataclass(frozen=True, slots=True)
class Answered:
    """What the payer says of the coverage on the day asked for."""

    said: Said
    plan_name: str | None
    benefits: tuple[CoverageBenefit, ...]
    other_payers: tuple[OtherPayer, ...]


@dataclass(frozen=True, slots=True)
class Failed:
    """Nothing is known: what was known before still stands."""

    reason: InquiryFailure
    may_ask_again: bool
    rejections: tuple[Rejection, ...] = ()
    unwritable: str | None = None
    """The element of the 270 that could not be written, such as `2100C NM109`."""

    @property
    def notes(self) -> list[str]:
        """AAA03/AAA04 of each rejection, or the element."""
        codes = [f"{one.code}/{one.follow_up}" for one in self.rejections]
        return [self.unwritable] if self.unwritable else codes


def decide(answer: EligibilityAnswer, member: Member | None, on: date) -> Answered | Failed:
    """Read the answer to our question about `member` on a day; None: nobody to compare with.

    A rejection comes first: it says that nothing was decided, whatever stands beside it.
    """
    if answer.rejections:
        return _rejected(answer.rejections)
    if member and answer.person and not is_about(member, answer.person):
        return Failed("answer-about-another", may_ask_again=False)
    plan = [b for b in answer.benefits if not b.service_types or PLAN in b.service_types]
    decisive = [b for b in plan if b.code in ACTIVE | INACTIVE] or list(answer.benefits)
    holding = [b for b in decisive if b.code in ACTIVE and _holds(b.spans or answer.spans, on)]
    refusing = [b for b in decisive if b.code in INACTIVE]
    if holding and any(_holds(b.spans, on) for b in refusing):
        return Failed("answer-contradicts-itself", may_ask_again=False)
    deciding = holding or refusing or [b for b in decisive if b.code in ACTIVE]
    if not deciding:
        below = tuple(r for b in answer.benefits for r in b.rejections)
        return _rejected(below) if below else Failed("no-decision", may_ask_again=True)
    starts_on, ends_on = _bounds(deciding[0].spans or answer.spans)
    said = Said(on, "active" if holding else "inactive", starts_on, ends_on)
    others = [o for b in answer.benefits if b.code == "R" for o in b.other_payers]
    return Answered(said, deciding[0].plan_name, _benefits(answer.benefits), tuple(others))


def is_about(member: Member, person: AnsweredPerson) -> bool:
    """Whether the payer speaks of our patient: another birth date is another person; of number,
    family and given name one may be spelt otherwise.
    """
    if person.born_on is not None and person.born_on != member.birth_on:
        return False
    pairs = (
        (person.member_id, member.coverage.member_id),
        (person.family, member.family),
        (person.given, member.given),
    )
    return sum(bool(told) and _plain(told) != _plain(ours) for told, ours in pairs) < 2


def _rejected(rejections: Sequence[Rejection]) -> Failed:
    """The reason of the first that says one; to be sent again unless one of them forbids it."""
    reasons: list[InquiryFailure] = [_REASONS[r.code] for r in rejections if r.code in _REASONS]
    reason: InquiryFailure = reasons[0] if reasons else "request-invalid"
    again = not any(r.follow_up in _FINAL for r in rejections)
    return Failed(reason, again, tuple(rejections))


def _bounds(spans: Sequence[Span]) -> tuple[date | None, date | None]:
    """The first and last day that these dates give a plan."""
    begins = [s.first for s in spans if s.qualifier in _BEGINS]
    ends = [s.last for s in spans if s.qualifier in _ENDS]
    for span in spans:
        if span.qualifier in _RUNS and span.is_range:
            begins.append(span.first)
            ends.append(span.last)
    return max(begins, default=None), min(ends, default=None)


def _holds(spans: Sequence[Span], on: date) -> bool:
    starts_on, ends_on = _bounds(spans)
    return (starts_on is None or starts_on <= on) and (ends_on is None or on <= ends_on)


def _benefits(told: Sequence[Benefit]) -> tuple[CoverageBenefit, ...]:
    return tuple(_benefit(one) for one in told if one.code in _KINDS)


def _benefit(told: Benefit) -> CoverageBenefit:
    level = told.coverage_level
    return CoverageBenefit(
        kind=_KINDS[told.code],
        service_types=tuple(t for t in told.service_types if re.fullmatch("[A-Z0-9]{1,2}", t))[:99],
        network=told.network,
        coverage_level=level if level and re.fullmatch("[A-Z]{3}", level) else None,
        period=_PERIODS.get(told.period, "other") if told.period else None,
        cents=told.amount_cents,
        basis_points=told.basis_points,
        authorization_required=told.authorization_required,
    )


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text).upper()
    return "".join(c for c in folded if c.isascii() and c.isalnum())
