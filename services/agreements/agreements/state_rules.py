"""What states forbid in agreements between a practice and a lay manager: data, dated and sourced.

A state that is not listed is one whose rules nobody has entered, not one that forbids nothing:
counsel reviews every agreement before it is signed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from libs.events.contracts.values import StateCode


@dataclass(frozen=True, slots=True)
class FeeRule:
    """A state forbids a fee model."""

    state: StateCode
    model: str
    rule: str
    """The citation, as a person would look it up."""
    reason: str
    source: str
    text_of: date
    """The day up to which the source says that its text is current."""


FEE_RULES = (
    FeeRule(
        state="NY",
        model="percentage-of-collections",
        rule="8 NYCRR §29.1(b)(4)",
        reason=(
            "New York forbids a manager's fee that is a percentage of, or depends on, the income "
            "or receipts of the professional practice (fee splitting)"
        ),
        source="https://regulations.justia.com/states/new-york/title-8/chapter-i/part-29/section-29-1",
        text_of=date(2024, 9, 25),
    ),
)


def find_prohibition(state: StateCode, model: str) -> FeeRule | None:
    """The rule that forbids this fee model in this state, or None where none is entered."""
    for rule in FEE_RULES:
        if (rule.state, rule.model) == (state, model):
            return rule
    return None
