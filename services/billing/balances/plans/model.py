"""A payment plan: what is due when, and what a missed instalment leads to; pure."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID

from services.billing.balances.model import Balance

PlanState = Literal["active", "completed", "defaulted", "cancelled"]
INSTALMENT_TIMER = "instalment"


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan as its row holds it; `claims` are those whose balance it pays."""

    practice_id: UUID
    plan_id: UUID
    account_id: UUID
    claims: tuple[UUID, ...]
    total_cents: int
    instalments: int
    first_due_on: date
    next_number: int
    missed_in_a_row: int
    state: PlanState
    has_card: bool

    @property
    def instalment_cents(self) -> int:
        """Rounded up, so that the last one is the smallest."""
        return -(-self.total_cents // self.instalments)

    def due_on(self, number: int) -> date:
        """The same day of each month, or the month's last."""
        years, month = divmod(self.first_due_on.month - 1 + number - 1, 12)
        year = self.first_due_on.year + years
        day = min(self.first_due_on.day, monthrange(year, month + 1)[1])
        return date(year, month + 1, day)

    def open_of(self, owed: Sequence[Balance]) -> int:
        """What is left of the balance that the plan pays."""
        return sum(max(c.patient_cents, 0) for c in owed if c.claim_id in self.claims)

    def may_be_open(self, number: int) -> int:
        """What may be left once this instalment was paid."""
        return max(self.total_cents - number * self.instalment_cents, 0)


def instalment_due(plan: Plan, open_cents: int) -> int:
    """What the patient still has to pay for the instalment that is due; less where more was paid
    before."""
    return max(open_cents - plan.may_be_open(plan.next_number), 0)
