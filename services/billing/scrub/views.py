"""Rules, edits and counts as people look at them; nothing about a patient."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from libs.events.contracts import Contract
from services.billing.scrub.model import Rule, Severity

Because = Literal[
    "documented-in-the-record",
    "agreed-by-the-payer",
    "not-a-rule-of-the-payer",
    "sent-in-time-before",
    "not-a-duplicate",
]
"""Why a person lets a claim go in spite of a rule."""


class RuleView(Contract):
    """A rule of the catalogue; it holds for services in [effective_on, ends_on)."""

    rule_id: str
    title: str
    authority: str
    severity: Severity
    overridable: bool
    effective_on: date | None
    ends_on: date | None

    @classmethod
    def of(cls, rule: Rule) -> RuleView:
        return cls(**{name: getattr(rule, name) for name in cls.model_fields})


class EditView(Contract):
    """What a rule found on a claim, until `mended_at`; `because` and who: it was overridden."""

    rule_id: str
    severity: Severity
    line_number: int
    """0: the claim, not a line."""
    place: str
    """The element of the 837P."""
    explanation: str
    rules_revision: str
    found_at: datetime
    mended_at: datetime | None
    because: Because | None
    overridden_by: str | None
    overridden_at: datetime | None


class CleanRate(Contract):
    """Claims of one month of service (HFMA MAP Keys, CL-1 clean claim rate).

    `clean`: no error was ever found that somebody had to mend or override. `settled_first`: paid
    without a refusal and without a denied line, of those that were `decided` (first-pass
    resolution).
    """

    month: date
    scrubbed: int
    clean: int
    clean_basis_points: int
    decided: int
    settled_first: int
    settled_first_basis_points: int | None
    """None: none was decided."""

    @classmethod
    def of(
        cls, month: date, scrubbed: int, clean: int, decided: int, settled_first: int
    ) -> CleanRate:
        return cls(
            month=month,
            scrubbed=scrubbed,
            clean=clean,
            clean_basis_points=clean * 10_000 // scrubbed,
            decided=decided,
            settled_first=settled_first,
            settled_first_basis_points=settled_first * 10_000 // decided if decided else None,
        )
