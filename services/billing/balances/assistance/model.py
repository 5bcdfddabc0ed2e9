"""Charity care by a sliding scale over the federal poverty guideline; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal
from uuid import UUID

from libs.service.refused import RefusedError
from services.billing.balances.model import Balance
from services.billing.balances.policy.model import ScaleStep

Region = Literal["contiguous", "alaska", "hawaii"]
ApplicationState = Literal["received", "proposed", "approved", "denied"]


@dataclass(frozen=True, slots=True)
class Guideline:
    """Dollars a year of a household of one, and for each further person."""

    first: int
    further: int


@dataclass(frozen=True, slots=True)
class Guidelines:
    """A year's poverty guidelines."""

    effective_on: date
    source: str
    by_region: Mapping[Region, Guideline]


GUIDELINES: tuple[Guidelines, ...] = (
    Guidelines(
        date(2026, 1, 13),
        "91 FR 1797 (January 15, 2026), Annual Update of the HHS Poverty Guidelines",
        {
            "contiguous": Guideline(15_960, 5_680),
            "alaska": Guideline(19_950, 7_100),
            "hawaii": Guideline(18_360, 6_530),
        },
    ),
)
"""The latest first. Add a year's when HHS publishes it; before the first, the first holds."""


@dataclass(frozen=True, slots=True)
class Application:
    """An application as its row holds it, without the household's income."""

    application_id: UUID
    account_id: UUID
    received_on: date
    percent_of_guideline: int
    discount_percent: int
    state: ApplicationState
    proposed_by: str | None
    decided_by: str | None


class SamePersonError(RefusedError):
    """The one who proposed it would decide it alone after all."""


def decide(
    application: Application,
    outcome: Literal["approved", "denied"],
    cents: int,
    limit_cents: int,
    *,
    by: str,
) -> Application:
    """Decided; or proposed, where more is let off than one person may decide alone.

    Raises SamePersonError.
    """
    if cents > limit_cents:
        if application.state == "received":
            return replace(application, state="proposed", proposed_by=by)
        if application.proposed_by == by:
            raise SamePersonError("another person than who proposed it decides")
    return replace(application, state=outcome, decided_by=by)


def guideline_cents(household: int, region: Region, on: date) -> int:
    """A household's poverty guideline in force on a day, in cents a year."""
    year = next((one for one in GUIDELINES if one.effective_on <= on), GUIDELINES[-1])
    guideline = year.by_region[region]
    return 100 * (guideline.first + (household - 1) * guideline.further)


def percent_of_guideline(income_cents: int, household: int, region: Region, on: date) -> int:
    """Income over the guideline, rounded up: at 200.1 percent a household is above 200."""
    return -(-100 * income_cents // guideline_cents(household, region, on))


def discount_for(percent: int, scale: Sequence[ScaleStep]) -> int:
    """What the practice's scale lets off, in percent; nothing above its last step."""
    return next((s.discount_percent for s in scale if percent <= s.up_to_percent), 0)


def let_off_of(claim: Balance, discount_percent: int, agb_percent: int | None) -> int:
    """Of what is open of a claim: the scale's discount, and under a hospital's policy at least so
    much that who is eligible is charged no more than is generally billed, what they paid of it
    included (26 CFR 1.501(r)-5(a)(1))."""
    cents = let_off(claim.patient_cents, discount_percent)
    if agb_percent is None or discount_percent == 0:
        return cents
    limit = claim.charge_cents * agb_percent // 100
    charged = claim.responsibility_cents - claim.forgiven_cents
    return min(max(cents, charged - limit), claim.patient_cents)


def let_off(cents: int, discount_percent: int) -> int:
    """Of what is open of a claim; what does not come out to the cent is in the patient's favour."""
    return -(-cents * discount_percent // 100)
