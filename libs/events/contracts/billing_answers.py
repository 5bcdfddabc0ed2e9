"""Published by billing: what it asks payers about claims that they are silent about, and hears.

All are keyed by the claim, as its other events; none decides anything about money.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from libs.events.contracts.base import Event
from libs.events.contracts.billing import CLAIMS
from libs.events.contracts.values import ClaimId, Month, PayerId, PositiveCents, Short

StatusMeaning = Literal[
    "received",
    "pending",
    "information-requested",
    "finalized",
    "finalized-paid",
    "finalized-denied",
    "rejected",
    "not-found",
    "cannot-say",
]
"""What a claim status category (external code list 507) comes to for whoever works the claim.
`finalized-paid` and `finalized-denied` announce an 835, which alone is posted; `cannot-say`: the
payer could not answer now."""
KeptBack = Literal["not-found", "not-found-once-had", "not-found-again", "not-found-too-late"]
"""Why a claim that its payer does not find goes there no more by itself: not the claim is not found
but its patient or provider; a payer had it before; it went again by itself already; the payer's
days for filing are over."""


class ClaimFollowedUp(Event):
    """A payer that was silent about a claim was asked how it stands (276, 005010X212)."""

    type: ClassVar = "billing.claim-followed-up.v1"
    topic: ClassVar = CLAIMS
    key: ClassVar = "claim_id"

    claim_id: ClaimId
    payer_id: PayerId
    interchange_number: Annotated[int, Field(ge=1, le=999_999_999)]
    """Of the question, not of the claim."""
    times_asked: Annotated[int, Field(ge=1)]
    service_month: Month


class ClaimStatusTold(Event):
    """A payer told how a claim stands (277, 005010X212), as it was asked."""

    type: ClassVar = "billing.claim-status-told.v1"
    topic: ClassVar = CLAIMS
    key: ClassVar = "claim_id"

    claim_id: ClaimId
    payer_id: PayerId
    meaning: StatusMeaning
    status_category: Short
    """STC01-1, claim status category code."""
    status_code: Short
    """STC01-2, claim status code (external code list 508)."""
    effective_on: date
    paid_cents: PositiveCents | None
    """STC05, as the payer says it; None: it did not."""
    payer_claim_number: Short | None
    service_month: Month


class ClaimLost(Event):
    """A payer does not find a claim that was sent to it (277 STC01-1 A4 or D0, 005010X212).

    Told after `claim-status-told`. Where the claim goes out again, `claim-submitted` follows.
    """

    type: ClassVar = "billing.claim-lost.v1"
    topic: ClassVar = CLAIMS
    key: ClassVar = "claim_id"

    claim_id: ClaimId
    payer_id: PayerId
    interchange_number: Annotated[int, Field(ge=1, le=999_999_999)]
    """The one that the claim went out in."""
    kept_back: KeptBack | None
    """None: it goes to the payer again by itself, as the same original (CLM05-3 1)."""
    service_month: Month
