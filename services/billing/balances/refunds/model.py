"""Who may pay a credit back, and when an unclaimed one is owed to a state; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal
from uuid import UUID

REFUND_TIMER = "refund-card"
RefundState = Literal["requested", "approved", "posted", "refused"]
LETTER_BEFORE_REPORT = timedelta(days=60)
"""Until then the owner is written to: uniform acts ask for a letter 60 to 120 days before the
report (such as 27 V.S.A. 1247(e))."""


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund as its row holds it."""

    refund_id: UUID
    payment_id: UUID
    account_id: UUID
    method: Literal["check", "card"]
    cents: int
    state: RefundState
    requested_by: str
    approved_by: str | None
    reason: str | None
    origin: str


def needs_second_person(cents: int, limit_cents: int) -> bool:
    return cents > limit_cents


@dataclass(frozen=True, slots=True)
class Dormancy:
    """A state's rule for a credit that a customer does not claim."""

    years: int
    cut_off: tuple[int, int]
    """Month and day: what is dormant by then is in the next report."""
    report: tuple[int, int]
    """Month and day on which the report is due."""
    since: date
    """From when on we know the rule to hold."""
    source: str


STATES: Mapping[str, Dormancy] = {
    "TX": Dormancy(
        years=3,
        cut_off=(3, 1),
        report=(7, 1),
        since=date(2014, 1, 1),
        source="Texas Comptroller, Unclaimed Property, Reporting Guidelines: Abandonment Periods",
    ),
}
"""Only what was read at its source stands here. A credit of any other state waits for a person, who
says the dates."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a credit is dormant, until when its owner must have been written to, and the report."""

    dormant_on: date
    letter_by: date
    report_due_on: date


def schedule_of(state: str | None, last_activity_on: date) -> Schedule | None:
    """None: no rule is known, a person decides."""
    rule = STATES.get(state or "")
    if rule is None or last_activity_on < rule.since:
        return None
    dormant_on = _years_on(last_activity_on, rule.years)
    cut_off = date(dormant_on.year, *rule.cut_off)
    year = dormant_on.year if dormant_on <= cut_off else dormant_on.year + 1
    report_due_on = date(year, *rule.report)
    return Schedule(dormant_on, report_due_on - LETTER_BEFORE_REPORT, report_due_on)


def _years_on(day: date, years: int) -> date:
    leap = (day.month, day.day) == (2, 29)
    return date(day.year + years, day.month, 28 if leap else day.day)
