"""Published by billing: charges, claims and the money that answers them.

All are keyed by the claim, so one claim's story is heard in order. `service_month` is the month of
the visit's day of service: the scorecard counts a month's work and what became of it.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from libs.events.contracts.base import Contract, Event, Topic
from libs.events.contracts.values import (
    Cents,
    ClaimId,
    EncounterId,
    Month,
    Npi,
    PatientId,
    PayerId,
    PaymentId,
    PositiveCents,
    Short,
)
from libs.events.contracts.versions import upcaster

CLAIMS = Topic("billing.claims")

AdjustmentGroup = Literal["CO", "PR", "OA", "PI", "CR"]
"""Claim adjustment group code (X12 835 CAS01)."""


class Adjustment(Contract):
    """Why a payer paid less than was charged (X12 835 CAS)."""

    group: AdjustmentGroup
    reason: Annotated[str, StringConstraints(pattern=r"^[A-Z]?[0-9]{1,4}$")]
    """Claim adjustment reason code (CARC)."""
    cents: Cents


class ChargesPosted(Event):
    """A visit was priced and stands in the receivables; `coverage` decides who is asked to pay."""

    type: ClassVar = "billing.charges-posted.v1"
    topic: ClassVar = CLAIMS
    key: ClassVar = "claim_id"

    claim_id: ClaimId
    encounter_id: EncounterId | None
    """None: an open claim taken over from the practice's former system."""
    patient_id: PatientId | None
    provider_npi: Npi | None
    payer_id: PayerId | None
    """None: the patient pays."""
    service_on: date
    service_month: Month
    charge_cents: PositiveCents
    lines: Annotated[int, Field(ge=1)]


class ChargesReversed(Event):
    """Charges that were posted are taken back, because the visit was corrected or voided.

    Repeats what was posted; a corrected visit's charges are posted anew.
    """

    type: ClassVar = "billing.charges-reversed.v1"
    topic: ClassVar = CLAIMS
    key: ClassVar = "claim_id"

    claim_id: ClaimId
    encounter_id: EncounterId
    payer_id: PayerId | None
    """None: the patient was to pay."""
    service_month: Month
    charge_cents: PositiveCents
    lines: Annotated[int, Field(ge=1)]


class ClaimSubmitted(Event):
    """The claim went out in an 837P interchange."""

    type: ClassVar = "billing.claim-submitted.v1"
    topic: ClassVar = CLAIMS
    key: ClassVar = "claim_id"

    claim_id: ClaimId
    payer_id: PayerId
    interchange_number: Annotated[int, Field(ge=1, le=999_999_999)]
    charge_cents: PositiveCents
    service_month: Month


class ClaimAccepted(Event):
    """The payer took the claim in for adjudication (277CA)."""

    type: ClassVar = "billing.claim-accepted.v1"
    topic: ClassVar = CLAIMS
    key: ClassVar = "claim_id"

    claim_id: ClaimId
    payer_claim_number: Short | None
    service_month: Month


class ClaimRejectedV1(Event):
    """The payer did not take the claim in (999 or 277CA); it must be mended and sent again."""

    type: ClassVar = "billing.claim-rejected.v1"
    topic: ClassVar = CLAIMS
    key: ClassVar = "claim_id"

    claim_id: ClaimId
    answered_by: Literal["999", "277CA"]
    status_category: Short
    status_code: Short | None
    service_month: Month


class ClaimRejected(Event):
    """The payer did not take the claim in (TA1, 999 or 277CA); it must be mended and sent again.

    `status_category` is a note code (TA105), an error code of the set (IK502) or a claim status
    category (STC01-1), as `answered_by` tells.
    """

    type: ClassVar = "billing.claim-rejected.v2"
    topic: ClassVar = CLAIMS
    key: ClassVar = "claim_id"

    claim_id: ClaimId
    answered_by: Literal["TA1", "999", "277CA"]
    status_category: Short
    status_code: Short | None
    service_month: Month


@upcaster
def lift_rejection(old: ClaimRejectedV1) -> ClaimRejected:
    """Version 1 could not say that a whole interchange was refused (TA1), and never did."""
    return ClaimRejected(**{name: getattr(old, name) for name in ClaimRejectedV1.model_fields})


class PaymentPosted(Event):
    """A payer's decision on a claim was posted: the three parts leave the open balance."""

    type: ClassVar = "billing.payment-posted.v1"
    topic: ClassVar = CLAIMS
    key: ClassVar = "claim_id"

    payment_id: PaymentId
    claim_id: ClaimId
    payer_id: PayerId
    trace_number: Short
    """The payment's reassociation trace (X12 835 TRN02)."""
    posted_on: date
    service_month: Month
    paid_cents: Cents
    adjusted_cents: Cents
    """What the payer's contract or a correction takes off."""
    patient_cents: Cents
    """What the payer leaves to the patient (group PR); not what the patient's next payer is asked
    for first, which stays open (`billing.claim-forwarded.v1`)."""
    denied_cents: Cents
    """Refused by the payer and still open, to be worked."""


class PaymentReversed(Event):
    """A posted decision was taken back (CLP02 22); amounts are those of the posting."""

    type: ClassVar = "billing.payment-reversed.v1"
    topic: ClassVar = CLAIMS
    key: ClassVar = "claim_id"

    payment_id: PaymentId
    """The posting that is taken back."""
    claim_id: ClaimId
    payer_id: PayerId
    trace_number: Short
    posted_on: date
    service_month: Month
    paid_cents: Cents
    adjusted_cents: Cents
    patient_cents: Cents
    denied_cents: Cents


class ClaimPaid(Event):
    """The payer settled the claim, wholly or in part."""

    type: ClassVar = "billing.claim-paid.v1"
    topic: ClassVar = CLAIMS
    key: ClassVar = "claim_id"

    claim_id: ClaimId
    payer_id: PayerId
    service_month: Month
    charge_cents: PositiveCents
    paid_cents: Cents
    patient_cents: Cents
    """As in `billing.payment-posted.v1`."""
    denied_lines: Annotated[int, Field(ge=0)]
    first_pass: bool
    """True: never held back by the payer before, and no line denied (a clean claim)."""


class ClaimDenied(Event):
    """The payer refused the whole claim."""

    type: ClassVar = "billing.claim-denied.v1"
    topic: ClassVar = CLAIMS
    key: ClassVar = "claim_id"

    claim_id: ClaimId
    payer_id: PayerId
    service_month: Month
    denied_cents: PositiveCents
    category: Short
    """Our denial category, such as authorization or eligibility."""
    adjustments: tuple[Adjustment, ...]
    remarks: tuple[Short, ...] = ()
    """Remittance advice remark codes."""
