"""What a figure is, and how it is worked out from counters: integers and Decimals only.

A figure is data: its formula in words, the parts of it (signed sums of counters over service
months), and a function of those parts. So the page can show any figure with the numbers put in,
and list the events behind each part.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Literal

Unit = Literal["cents", "count", "percent", "days", "rvu"]
Window = Literal["month", "three-months", "to-date"]
Group = Literal["money", "quality", "work", "waiting"]
Value = int | Decimal | None
"""Cents and counts are int; percent and days have one decimal, wRVU two; None: nothing to say."""

Months = Mapping[date, Mapping[str, int]]
"""Counters by service month, of a practice or of several."""

SUMS: tuple[str, ...] = (
    "encounters",
    "queries_opened",
    "charge_cents",
    "claims",
    "claims_submitted",
    "claims_accepted",
    "claims_rejected",
    "claims_held",
    "claims_released",
    "paid_cents",
    "adjusted_cents",
    "patient_cents",
    "written_off_cents",
    "patient_paid_cents",
    "denied_cents",
    "adjudicated",
    "clean",
    "denied",
    "work_rvu_hundredths",
    "pay_cents",
    "fee_cents",
)
"""Counters that events add to."""

STATES: tuple[str, ...] = (
    "booked",
    "missed",
    "cancelled",
    "completed",
    "claims_on_hold",
    "open_queries",
    "interfaces_down",
    "patients",
    "video_visits",
)
"""Counters of what is so now: what became of appointments and visits, what waits, and how many
patients the charts of the month are."""

COUNTERS = SUMS + STATES


@dataclass(frozen=True, slots=True)
class Part:
    """One number in a formula: a signed sum of counters over a window of service months."""

    name: str
    label: str
    unit: Unit
    counters: Mapping[str, int]
    """Counter → 1 or -1."""
    window: Window = "month"


def part_of(name: str, label: str, unit: Unit, window: Window = "month", **counters: int) -> Part:
    """A part from its counters, each with its sign."""
    return Part(name, label, unit, counters, window)


@dataclass(frozen=True, slots=True)
class Reading:
    """The parts of a formula with their numbers put in."""

    parts: Mapping[str, int]
    days: int
    """Days of the last three service months in which anything was charged."""


Standing = Literal["met", "near", "missed"]


@dataclass(frozen=True, slots=True)
class Target:
    """A published target: `good` is met at or past it; `near`, where given, is a warning's edge."""

    text: str
    source: str
    better: Literal["higher", "lower"]
    good: Decimal
    near: Decimal | None = None
    inclusive: bool = True
    """False: the good edge itself does not meet the target (such as "under 5 %")."""
    warning: str = ""

    def standing(self, value: Value) -> Standing | None:
        """Judges the value as it is shown, rounded; None where there is no value."""
        if value is None:
            return None
        distance = value - self.good if self.better == "lower" else self.good - value
        if distance < 0 or (self.inclusive and distance == 0):
            return "met"
        if self.near is None:
            return "missed"
        over = value - self.near if self.better == "lower" else self.near - value
        return "near" if over <= 0 else "missed"


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of the scorecard; `worded` is its formula as a template over its parts' names."""

    name: str
    label: str
    unit: Unit
    group: Group
    formula: str
    worded: str
    definition: str
    parts: tuple[Part, ...]
    work_out: Callable[[Reading], Value]
    target: Target | None = None

    def part(self, name: str) -> Part | None:
        return next((part for part in self.parts if part.name == name), None)


def first_month(window: Window, month: date) -> date:
    """The first service month of a window that ends with `month`."""
    return {"month": month, "three-months": add_months(month, -2), "to-date": date.min}[window]


def months_in(window: Window, month: date, months: Months) -> list[date]:
    """The service months of a window that ends with `month`, those without rows left out."""
    return sorted(m for m in months if first_month(window, month) <= m <= month)


def read_parts(figure: Figure, months: Months, month: date) -> Reading:
    """Put the numbers of a service month into a figure's formula."""
    return Reading(
        parts={part.name: sum_part(part, months, month) for part in figure.parts},
        days=sum(
            monthrange(m.year, m.month)[1]
            for m in months_in("three-months", month, months)
            if months[m].get("charge_cents", 0)
        ),
    )


def sum_part(part: Part, months: Months, month: date) -> int:
    return sum(
        sign * months[m].get(counter, 0)
        for m in months_in(part.window, month, months)
        for counter, sign in part.counters.items()
    )


def work_out(figure: Figure, months: Months, month: date) -> Value:
    """The figure's value in a service month."""
    return figure.work_out(read_parts(figure, months, month))


def percent(part: int, whole: int) -> Decimal | None:
    """Percent with one decimal, half to even; None of nothing."""
    return ratio(part * 100, whole)


def ratio(dividend: int, divisor: int) -> Decimal | None:
    """A quotient with one decimal, half to even; None where the divisor is zero or less."""
    if divisor <= 0:
        return None
    return (Decimal(dividend) / divisor).quantize(Decimal("0.1"), rounding=ROUND_HALF_EVEN)


def add_months(month: date, count: int) -> date:
    """The first day of the month that many months on."""
    years, zero_based = divmod(month.year * 12 + month.month - 1 + count, 12)
    return date(years, zero_based + 1, 1)


def add_up(scorecards: list[Months]) -> dict[date, dict[str, int]]:
    """The counters of several practices together."""
    total: dict[date, dict[str, int]] = {}
    for months in scorecards:
        for month, counters in months.items():
            row = total.setdefault(month, dict.fromkeys(COUNTERS, 0))
            for counter in COUNTERS:
                row[counter] += counters.get(counter, 0)
    return total
