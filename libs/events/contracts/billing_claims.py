"""Published by billing: what of a claim goes out again, once its payer has it.

A claim that a payer has is replaced or voided there (X12 837, 005010X222A1, CLM05-3 7 and 8, with
the payer's own number in REF*F8). The first time it goes out is `billing.claim-submitted.v1`.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from libs.events.contracts.base import Event
from libs.events.contracts.billing import CLAIMS
from libs.events.contracts.values import ClaimId, Month, PayerId, PositiveCents

InterchangeNumber = Annotated[int, Field(ge=1, le=999_999_999)]
"""ISA13 of the interchange; numbered by each practice."""


class ClaimReplaced(Event):
    """The claim went out again as it is now, in place of what its payer has (CLM05-3 7).

    `billing.charges-reversed.v1` and `billing.charges-posted.v1` say the same of its charges. The
    payer takes its old decision back (835 CLP02 22) and makes a new one.
    """

    type: ClassVar = "billing.claim-replaced.v1"
    topic: ClassVar = CLAIMS
    key: ClassVar = "claim_id"

    claim_id: ClaimId
    payer_id: PayerId
    interchange_number: InterchangeNumber
    reason: Literal["visit-corrected", "biller"]
    """`biller`: a person sends it again, otherwise or as it was."""
    charge_cents: PositiveCents
    """As it is now."""
    replaced_cents: PositiveCents
    """As the payer had it."""
    service_month: Month


class ClaimVoidSent(Event):
    """The payer was asked to void the claim (CLM05-3 8); nothing is charged for it any more."""

    type: ClassVar = "billing.claim-void-sent.v1"
    topic: ClassVar = CLAIMS
    key: ClassVar = "claim_id"

    claim_id: ClaimId
    payer_id: PayerId
    interchange_number: InterchangeNumber
    reason: Literal["visit-voided", "other-payer"]
    """`other-payer`: the corrected visit is another payer's to pay, or the patient's."""
    voided_cents: PositiveCents
    service_month: Month


class ClaimVoided(Event):
    """The payer has voided the claim: it took the void in (277CA), or took its decision back."""

    type: ClassVar = "billing.claim-voided.v1"
    topic: ClassVar = CLAIMS
    key: ClassVar = "claim_id"

    claim_id: ClaimId
    payer_id: PayerId
    service_month: Month
