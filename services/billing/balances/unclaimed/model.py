"""When a credit that nobody claims is owed to a state; pure. The states' rules: `states.py`."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from libs.events.contracts import Contract
from libs.events.contracts.values import Short, StateCode

LetterProblem = Literal["none-sent", "too-early", "too-late"]


def _day_of_a_year(value: str) -> str:
    date.fromisoformat(f"2001-{value}")
    return value


DayOfYear = Annotated[str, Field(pattern=r"^\d\d-\d\d$"), AfterValidator(_day_of_a_year)]
"""Month and day, such as `06-30`."""
Days = Annotated[int, Field(ge=1, le=365)]
Cents = Annotated[int, Field(ge=0, le=10**9)]


class Rule(Contract):
    """A state's rule for a credit that a business owes a customer, from `effective_on` on."""

    state: StateCode
    effective_on: date
    dormancy_months: Annotated[int, Field(ge=1, le=240)]
    """From the last that was heard of the owner."""
    cut_off: DayOfYear
    """What is dormant by then is in the next report."""
    report_due: DayOfYear
    """The last day on which that report is in time."""
    letter_from_cents: Cents | None
    """The owner of so much is written to first; None: the rule asks for no letter."""
    letter_latest_days: Days | None = None
    """So many days before the report is due; None: any time before it."""
    letter_earliest_days: Days | None = None
    none_below_cents: Cents = 0
    """A smaller credit is never owed to the state."""
    source: Short

    @model_validator(mode="after")
    def _a_letter_can_be_in_time(self) -> Self:
        if (self.letter_earliest_days or 365) < (self.letter_latest_days or 1):
            raise ValueError("letter_earliest_days is at least letter_latest_days")
        return self


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a credit is dormant, when its owner must have been written to, and the report.

    `letter_by` None: nobody must be written to.
    """

    dormant_on: date
    letter_from: date | None
    letter_by: date | None
    report_due_on: date


def rule_in_force(rules: Iterable[Rule], last_activity_on: date) -> Rule | None:
    """The latest that holds already when by it the credit is dormant; None: a person decides."""
    for rule in sorted(rules, key=lambda rule: rule.effective_on, reverse=True):
        if rule.effective_on <= _months_on(last_activity_on, rule.dormancy_months):
            return rule
    return None


def schedule_of(rule: Rule, last_activity_on: date, cents: int) -> Schedule | None:
    """None: so small a credit is not the state's."""
    if cents < rule.none_below_cents:
        return None
    dormant_on = _months_on(last_activity_on, rule.dormancy_months)
    cut_off = _next(rule.cut_off, dormant_on)
    report = _next(rule.report_due, cut_off)
    needs_letter = rule.letter_from_cents is not None and cents >= rule.letter_from_cents
    earliest, latest = rule.letter_earliest_days, rule.letter_latest_days
    return Schedule(
        dormant_on=dormant_on,
        letter_from=report - timedelta(earliest) if needs_letter and earliest else None,
        letter_by=report - timedelta(latest or 0) if needs_letter else None,
        report_due_on=report,
    )


def letter_problem(schedule: Schedule, sent_on: date | None) -> LetterProblem | None:
    """What is wrong with the letter to the owner, or with there being none."""
    if schedule.letter_by is None:
        return None
    if sent_on is None:
        return "none-sent"
    if sent_on > schedule.letter_by:
        return "too-late"
    too_early = schedule.letter_from is not None and sent_on < schedule.letter_from
    return "too-early" if too_early else None


def _next(day_of_year: str, not_before: date) -> date:
    day = date.fromisoformat(f"{not_before.year}-{day_of_year}")
    if day < not_before:
        day = date.fromisoformat(f"{not_before.year + 1}-{day_of_year}")
    return day


def _months_on(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
