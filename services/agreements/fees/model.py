"""The management fee on one payment, and taking it back; pure.

A fee is reckoned once, when it accrues. A reversal takes back the stored fee and never reckons
again, so rounding leaves nothing behind.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID, uuid5

from libs.events.contracts.values import Cents
from services.agreements.agreements.model import Agreement

PaymentState = Literal["no-fee", "waiting", "accrued", "reversed", "withdrawn"]


@dataclass(frozen=True, slots=True)
class Payment:
    """A posted payment as the fee needs it. `origin`: what its fee comes from, for the trace."""

    payment_id: UUID
    event_id: UUID
    posted_on: date
    service_month: date
    paid_cents: Cents
    origin: str


@dataclass(frozen=True, slots=True)
class FeeEntry:
    """A line of the fee ledger; both amounts are signed, and a reversal negates its accrual."""

    fee_entry_id: UUID
    kind: Literal["accrued", "reversed"]
    payment_id: UUID
    payment_event_id: UUID
    agreement_id: UUID
    posted_on: date
    service_month: date
    collected_cents: Cents
    fee_cents: Cents


class PaymentUnknownError(Exception):
    """A reversal of a payment that was never heard: it parks, and a person looks."""


class ReversedTwiceError(Exception):
    """A second reversal of one payment: it parks, and a person looks."""


def accrue_fee(payment: Payment, agreement: Agreement) -> FeeEntry:
    """The fee on a payment, or on money taken back by a payer (negative)."""
    return FeeEntry(
        fee_entry_id=uuid5(payment.payment_id, "management-fee-accrued"),
        kind="accrued",
        payment_id=payment.payment_id,
        payment_event_id=payment.event_id,
        agreement_id=agreement.agreement_id,
        posted_on=payment.posted_on,
        service_month=payment.service_month,
        collected_cents=payment.paid_cents,
        fee_cents=agreement.fee_on(payment.paid_cents),
    )


def take_back(accrued: FeeEntry, on: date) -> FeeEntry:
    """Exactly what had accrued, with the other sign."""
    return FeeEntry(
        fee_entry_id=uuid5(accrued.payment_id, "management-fee-reversed"),
        kind="reversed",
        payment_id=accrued.payment_id,
        payment_event_id=accrued.payment_event_id,
        agreement_id=accrued.agreement_id,
        posted_on=on,
        service_month=accrued.service_month,
        collected_cents=-accrued.collected_cents,
        fee_cents=-accrued.fee_cents,
    )
