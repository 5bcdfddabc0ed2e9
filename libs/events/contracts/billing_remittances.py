"""Published by billing: what a payment says that is about no claim, or about none of ours.

All are keyed by the remittance, one payment as an X12 835 (005010X221A1) tells it. `place` counts
through its claims and provider adjustments. What a payment decides on a claim is told under the
claim's key (`billing.payment-posted.v1`).
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from libs.events.contracts.base import Event, Topic
from libs.events.contracts.values import (
    Cents,
    ClaimId,
    DepositId,
    PaymentId,
    PositiveCents,
    RemittanceId,
    Short,
)

REMITTANCES = Topic("billing.remittances")

Place = Annotated[int, Field(ge=1)]
ProviderAdjustmentKind = Literal["payer-advance", "interest", "provider-adjustment"]
"""`payer-advance`: a balance that a later payment takes back (FB, WO, 72)."""
UnmatchedReason = Literal[
    "unknown-claim",
    "not-a-decision",
    "claim-not-sent",
    "charge-differs",
    "decided-already",
    "overpaid",
    "nothing-to-reverse",
]
"""Why a remitted claim fits none of ours. `overpaid`: it would close more than is open."""
RefundReason = Literal["not-our-claim", "duplicate-payment", "overpayment", "payer-asked"]
DismissReason = Literal["informational", "decided-elsewhere", "not-our-claim"]


class ProviderAdjustmentPosted(Event):
    """A payer kept or added money for no claim (835 PLB), and the journal says to which account."""

    type: ClassVar = "billing.provider-adjustment-posted.v1"
    topic: ClassVar = REMITTANCES
    key: ClassVar = "remittance_id"

    remittance_id: RemittanceId
    place: Place
    payer_id: Short
    """As the remittance names its payer (REF*2U, N104, or the name)."""
    trace_number: Short
    reason: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{1,3}$")]
    """PLB03-1."""
    kind: ProviderAdjustmentKind
    posted_on: date
    cents: Cents
    """Above zero: it lowered the payment (PLB04)."""


class CashUnapplied(Event):
    """A remitted claim fits none of ours: its money waits in unapplied cash for a person."""

    type: ClassVar = "billing.cash-unapplied.v1"
    topic: ClassVar = REMITTANCES
    key: ClassVar = "remittance_id"

    remittance_id: RemittanceId
    place: Place
    payer_id: Short
    trace_number: Short
    reason: UnmatchedReason
    posted_on: date
    cents: Cents
    """Below zero where the payer took money back (CLP02 22)."""


class CashApplied(Event):
    """A person found the claim: its decision is posted, and unapplied cash gave its money."""

    type: ClassVar = "billing.cash-applied.v1"
    topic: ClassVar = REMITTANCES
    key: ClassVar = "remittance_id"

    remittance_id: RemittanceId
    place: Place
    payer_id: Short
    claim_id: ClaimId
    payment_id: PaymentId
    """The posting that was made, or taken back where the payer reversed one."""
    applied_on: date
    cents: Cents


class CashRefunded(Event):
    """Unapplied cash goes back to its payer."""

    type: ClassVar = "billing.cash-refunded.v1"
    topic: ClassVar = REMITTANCES
    key: ClassVar = "remittance_id"

    remittance_id: RemittanceId
    place: Place
    payer_id: Short
    reason: RefundReason
    refunded_on: date
    cents: PositiveCents


class UnmatchedRemittanceDismissed(Event):
    """A remitted claim that moved no money needs nothing more."""

    type: ClassVar = "billing.unmatched-remittance-dismissed.v1"
    topic: ClassVar = REMITTANCES
    key: ClassVar = "remittance_id"

    remittance_id: RemittanceId
    place: Place
    reason: DismissReason
    dismissed_on: date


class DepositMatched(Event):
    """The bank has the money of a remittance, to the cent (reassociation by TRN02 and TRN03)."""

    type: ClassVar = "billing.deposit-matched.v1"
    topic: ClassVar = REMITTANCES
    key: ClassVar = "remittance_id"

    remittance_id: RemittanceId
    deposit_id: DepositId
    payer_id: Short
    deposited_on: date
    cents: PositiveCents


class DepositMissing(Event):
    """A remittance told of money, and the bank has not seen it in the days that are allowed.

    CAQH CORE 370 (EFT & ERA Reassociation): payment and remittance within three business days of
    one another. A deposit that comes later is matched all the same.
    """

    type: ClassVar = "billing.deposit-missing.v1"
    topic: ClassVar = REMITTANCES
    key: ClassVar = "remittance_id"

    remittance_id: RemittanceId
    payer_id: Short
    trace_number: Short
    paid_on: date
    cents: PositiveCents
