"""The agreements of a practice, and which one is in force; pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from libs.events.contracts.values import Cents, StateCode, round_half_even
from services.agreements.agreements.state_rules import find_prohibition


@dataclass(frozen=True, slots=True)
class Agreement:
    """The MSO's fee is a share of what is collected, from a day on until the next agreement."""

    agreement_id: UUID
    model: str
    rate: Decimal
    effective_on: date

    def fee_on(self, collected_cents: Cents) -> Cents:
        """The fee in cents, half to even; negative on money that was taken back."""
        return round_half_even(collected_cents * self.rate)


class RefusedError(Exception):
    """The agreement cannot be signed; the message is the reason, in our own words."""


class ForbiddenError(RefusedError):
    """A state's rule forbids it."""


def agreement_in_force(agreements: list[Agreement], on: date) -> Agreement | None:
    """The latest agreement that is effective on a day."""
    effective = [a for a in agreements if a.effective_on <= on]
    return max(effective, key=lambda a: a.effective_on, default=None)


def decide_signing(
    new: Agreement, signed: list[Agreement], *, state: StateCode, changes_accrued: bool
) -> bool:
    """True where the agreement is new, False where it was signed before; RefusedError as it says.

    `changes_accrued`: from `effective_on` on, a fee has accrued under an older agreement.
    """
    if new in signed:
        return False
    if any(new.agreement_id == old.agreement_id for old in signed):
        raise RefusedError("this agreement_id was signed with other terms")
    if (forbidden := find_prohibition(state, new.model)) is not None:
        raise ForbiddenError(f"{forbidden.reason}: {forbidden.rule}")
    if any(new.effective_on == old.effective_on for old in signed):
        raise RefusedError("another agreement is effective from the same day")
    if changes_accrued:
        raise RefusedError(
            "fees have accrued under another agreement from effective_on on: how a fee is reckoned "
            "is set in advance (42 CFR 1001.952(d)(1)(iv))"
        )
    return True
