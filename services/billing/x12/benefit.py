"""One EB loop of a 271 (005010X279A1, 2110C and 2110D) while it is read."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import NoReturn

from services.billing.x12.eligibility import (
    Benefit,
    Level,
    Network,
    OtherPayer,
    Rejection,
    Span,
)
from services.billing.x12.errors import X12Error
from services.billing.x12.segments import Segments
from services.billing.x12.values import at, day_of, optional_cents, quantity, required

MOST_IN_A_BENEFIT = 500
"""Segments of one EB loop."""
_NETWORKS: dict[str, Network] = {"Y": "in", "N": "out", "W": "both"}
_YES_NO = {"Y": True, "N": False}


class BenefitReader:
    """Takes the segments that follow an EB until the next."""

    def __init__(self, segment: list[str], segments: Segments) -> None:
        self._eb = segment
        self._number = segments.number
        self._segments = segments
        required(segment, 1, self._number)
        self._repetition = segments.delimiters.repetition
        self._spans: list[Span] = []
        self._rejections: list[Rejection] = []
        self._others: list[OtherPayer] = []
        self._taken = 0

    def take(self, segment: list[str]) -> None:
        number = self._segments.number
        self._taken += 1
        if self._taken > MOST_IN_A_BENEFIT:
            message = f"A benefit has more than {MOST_IN_A_BENEFIT} segments."
            raise X12Error("too-many", number, message, "Ask the sender for a correct 271.")
        match segment[0]:
            case "DTP":
                if span := read_span(segment, number):
                    self._spans.append(span)
            case "AAA":
                self._rejections.append(read_rejection(segment, "benefit", number))
            case "NM1":
                if at(segment, 2) == "2" and at(segment, 3):
                    identifier = at(segment, 9) if at(segment, 8) in ("PI", "XV", "NI") else ""
                    other = OtherPayer(required(segment, 1, number), at(segment, 3),
                                       identifier or None)  # fmt: skip
                    self._others.append(other)
            case _:
                pass

    def close(self) -> Benefit:
        eb, number = self._eb, self._number
        return Benefit(
            code=eb[1],
            coverage_level=at(eb, 2) or None,
            service_types=self._repeated(3),
            insurance_type=at(eb, 4) or None,
            plan_name=at(eb, 5) or None,
            period=at(eb, 6) or None,
            amount_cents=_amount(eb, number),
            basis_points=_basis_points(eb, number),
            quantity_kind=at(eb, 9) or None,
            quantity=quantity(eb, 10, number),
            authorization_required=_YES_NO.get(at(eb, 11)),
            network=_NETWORKS.get(at(eb, 12), "not-said"),
            procedure=at(eb, 13) or None,
            spans=tuple(self._spans),
            rejections=tuple(self._rejections),
            other_payers=tuple(self._others),
        )

    def _repeated(self, index: int) -> tuple[str, ...]:
        text = at(self._eb, index)
        found = text.split(self._repetition) if self._repetition else [text]
        return tuple(filter(None, found))


def read_rejection(segment: list[str], level: Level, number: int) -> Rejection:
    """AAA: the reason and what may be done."""
    return Rejection(level, required(segment, 3, number), at(segment, 4))


def read_span(segment: list[str], number: int) -> Span | None:
    """DTP in D8 or RD8; None for a form that is no date."""
    qualifier, form, said = required(segment, 1, number), at(segment, 2), at(segment, 3)
    if form == "D8":
        on = day_of(said)
        return Span(qualifier, on, on, False) if on else _bad_date(number)
    if form != "RD8":
        return None
    first, _, last = said.partition("-")
    begin, end = day_of(first), day_of(last)
    if begin is None or end is None or end < begin:
        _bad_date(number)
    return Span(qualifier, begin, end, True)


def _bad_date(number: int) -> NoReturn:
    message = "DTP03 is not a calendar date, or not two in order, written CCYYMMDD."
    raise X12Error("bad-date", number, message, "Ask the sender to correct the date.")


def _amount(segment: list[str], number: int) -> int | None:
    """EB07 in cents; a benefit owes nobody anything below zero."""
    amount = optional_cents(segment, 7, number)
    if amount is not None and amount < 0:
        raise X12Error("bad-amount", number, "EB07 is below zero.", "Ask the sender about it.")
    return amount


def _basis_points(segment: list[str], number: int) -> int | None:
    """EB08 says a share of one: 0.2 for twenty percent; above one it is no share."""
    share = quantity(segment, 8, number)
    if share is None:
        return None
    if not 0 <= share <= 1 or share * 10_000 != int(share * 10_000):
        raise X12Error(
            "bad-quantity",
            number,
            "EB08 is not a share of one with at most four decimals, such as 0.2.",
            "Ask the sender to correct the percentage.",
        )
    return int(share * Decimal(10_000))


def born_on(segment: list[str]) -> date | None:
    """DMG02; None where it is left out or of another form."""
    return day_of(at(segment, 2)) if at(segment, 1) == "D8" else None
