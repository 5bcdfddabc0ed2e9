"""A patient's payment and what is left of it; pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from libs.events.contracts.billing_balances import PaymentMethod

CHARGE_TIMER = "charge-card"


class PaymentState(StrEnum):
    """Where a payment is; a card's is `pending` until the processor has answered."""

    PENDING = "pending"
    POSTED = "posted"
    DECLINED = "declined"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment as its row holds it. `told`: cents by claim where the patient said what for."""

    practice_id: UUID
    payment_id: UUID
    account_id: UUID
    method: PaymentMethod
    cents: int
    received_on: date
    told: dict[UUID, int]
    origin: str
    fee_cents: int = 0
    state: PaymentState = PaymentState.PENDING
    reason: str | None = None
    applied_cents: int = 0
    refunded_cents: int = 0
    charge: str | None = None
    """The processor's name of the charge; None: no card, or not charged."""
    plan_id: UUID | None = None

    @property
    def credit_cents(self) -> int:
        """What no claim has taken and nobody has paid back."""
        if self.state is not PaymentState.POSTED:
            return 0
        return self.cents - self.applied_cents - self.refunded_cents


@dataclass(frozen=True, slots=True)
class Application:
    """So much of a payment that a claim has taken."""

    application_id: UUID
    payment_id: UUID
    account_id: UUID
    claim_id: UUID
    service_month: date
    receivable: str
    cents: int
