"""A provider file and the two decisions that go into it; pure."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from uuid import UUID

LONGEST_CYCLE_MONTHS = 36
"""A clinician is recredentialed at least every 36 months: NCQA Credentialing Standards,
Recredentialing Cycle Length (no grace period); 42 CFR 422.204(b)(2)(ii) asks the same of Medicare
Advantage organisations, "at least every 3 years"."""


@dataclass(frozen=True, slots=True)
class Provider:
    """Who the file is about."""

    provider_id: UUID
    npi: str
    family: str
    given: str
    taxonomy: str


@dataclass(frozen=True, slots=True)
class Decision:
    """The credentialing committee's approval, good for [credentialed_on, expires_on)."""

    credentialed_on: date
    expires_on: date

    def holds_on(self, day: date) -> bool:
        return self.credentialed_on <= day < self.expires_on


@dataclass(frozen=True, slots=True)
class Enrollment:
    """A payer pays for the clinician's services in [effective_on, ends_on)."""

    payer_id: str
    effective_on: date
    ends_on: date | None

    def overlaps(self, other: Enrollment) -> bool:
        """True where some day belongs to both, with the same payer."""
        return (
            self.payer_id == other.payer_id
            and (self.ends_on is None or other.effective_on < self.ends_on)
            and (other.ends_on is None or self.effective_on < other.ends_on)
        )


@dataclass(frozen=True, slots=True)
class ProviderFile:
    """A file as it stands: decisions and enrollments, oldest first."""

    provider: Provider
    decisions: tuple[Decision, ...] = ()
    enrollments: tuple[Enrollment, ...] = ()


class RefusedError(Exception):
    """The file says no; the message is the reason, made of our own words and dates."""


def last_day_of_cycle(credentialed_on: date) -> date:
    """The latest day that a decision may last to: the same day 36 months later."""
    months = credentialed_on.month - 1 + LONGEST_CYCLE_MONTHS
    year, month = credentialed_on.year + months // 12, months % 12 + 1
    return date(year, month, min(credentialed_on.day, monthrange(year, month)[1]))


def decide_credentialing(file: ProviderFile, decision: Decision) -> bool:
    """True where the decision is new, False where it is on file; RefusedError where it cannot be.

    A decision is on file by its day: the committee decides on a clinician once a day.
    """
    if decision in file.decisions:
        return False
    if decision.expires_on <= decision.credentialed_on:
        raise RefusedError("expires_on must be later than credentialed_on")
    if decision.expires_on > last_day_of_cycle(decision.credentialed_on):
        raise RefusedError(
            f"credentialing lasts at most {LONGEST_CYCLE_MONTHS} months "
            "(NCQA recredentialing cycle length; 42 CFR 422.204(b)(2)(ii))"
        )
    if file.decisions and decision.credentialed_on <= file.decisions[-1].credentialed_on:
        raise RefusedError("a decision of this day or a later one is on file, and differs")
    return True


def decide_enrollment(file: ProviderFile, enrollment: Enrollment) -> bool:
    """True where the enrollment is new, False where it is on file; RefusedError as above."""
    if enrollment in file.enrollments:
        return False
    if enrollment.ends_on is not None and enrollment.ends_on <= enrollment.effective_on:
        raise RefusedError("ends_on must be later than effective_on")
    if not file.decisions:
        raise RefusedError("only a credentialed provider is enrolled: no decision is on file")
    if enrollment.effective_on >= file.decisions[-1].expires_on:
        raise RefusedError("the provider's credentialing has expired by effective_on")
    if any(enrollment.overlaps(other) for other in file.enrollments):
        raise RefusedError("the provider has an enrollment with this payer for some of these days")
    return True
