"""Published by billing: a claim goes from one payer to the next (coordination of benefits)."""

from __future__ import annotations

from typing import ClassVar, Literal

from libs.events.contracts.base import Event
from libs.events.contracts.billing import CLAIMS
from libs.events.contracts.values import ClaimId, Month, PayerId, PaymentId, PositiveCents

PayerPlace = Literal["primary", "secondary", "tertiary"]
"""Which of a patient's payers it is (X12 837 SBR01: P, S, T)."""


class ClaimForwarded(Event):
    """What a payer leaves to the patient is asked of the next payer first (X12 837, section
    1.4.1).

    This much of the open balance is the next payer's now. `billing.payment-posted.v1` did not
    count it among the patient's, or `billing.patient-share-lifted.v1` took it from there. What the
    payer denied goes on, too, where a person decides so.
    """

    type: ClassVar = "billing.claim-forwarded.v1"
    topic: ClassVar = CLAIMS
    key: ClassVar = "claim_id"

    claim_id: ClaimId
    from_payer_id: PayerId
    to_payer_id: PayerId
    to_place: Literal["secondary", "tertiary"]
    cents: PositiveCents
    crossed_over: bool
    """True: the payer passed it on itself (X12 835 CLP02 19 to 21), no claim of ours goes out."""
    service_month: Month


class PatientShareLifted(Event):
    """A further payer of the visit became known after a payer's decision: what that left to the
    patient is no longer the patient's, and open with the payer's part again.

    `billing.claim-forwarded.v1` says to whom it goes then.
    """

    type: ClassVar = "billing.patient-share-lifted.v1"
    topic: ClassVar = CLAIMS
    key: ClassVar = "claim_id"

    claim_id: ClaimId
    payment_id: PaymentId
    """The posting that left it to the patient."""
    payer_id: PayerId
    """Whose decision that was."""
    cents: PositiveCents
    service_month: Month


class ClaimRecalled(Event):
    """A payer took its decision back: the claim waits for it again, not for those asked after it.

    What these had not decided yet is its open balance again.
    """

    type: ClassVar = "billing.claim-recalled.v1"
    topic: ClassVar = CLAIMS
    key: ClassVar = "claim_id"

    claim_id: ClaimId
    from_payer_id: PayerId
    to_payer_id: PayerId
    to_place: Literal["primary", "secondary"]
    cents: PositiveCents
    service_month: Month
