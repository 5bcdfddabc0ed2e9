"""Which remittance a deposit pays: reassociation by trace number (005010X221A1, TRN; CCD+).

The bank's addenda record repeats the 835's TRN: TRN02 is the payment's number, or the check's, and
TRN03 the company that it comes from (45 CFR 162.1602; CAQH CORE 370).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from uuid import UUID

DAYS_UNTIL_MISSING = 5
"""After the day that the 835 gives for the money (BPR16). CAQH CORE 370 allows three business days
between the two; with a weekend between, these are five."""

DepositState = Literal["waiting", "differs", "matched"]


@dataclass(frozen=True, slots=True)
class Remittance:
    """A payment that an 835 told of."""

    remittance_id: UUID
    payer_id: str
    trace_number: str
    payer_trace_id: str
    paid_on: date
    payment_cents: int


@dataclass(frozen=True, slots=True)
class Deposit:
    """Money that came to the practice's bank account."""

    deposit_id: UUID
    deposited_on: date
    cents: int
    trace_number: str
    payer_trace_id: str | None
    """None: the bank did not say, as for a check."""


@dataclass(frozen=True, slots=True)
class Found:
    """What became of a deposit; `difference_cents` is the deposit less the payment."""

    state: DepositState
    remittance_id: UUID | None = None
    difference_cents: int | None = None


def belongs(deposit: Deposit, remittance: Remittance) -> bool:
    """Whether the deposit names this payment."""
    same = deposit.trace_number == remittance.trace_number
    return same and deposit.payer_trace_id in (None, remittance.payer_trace_id)


def match(deposit: Deposit, unpaid: Sequence[Remittance]) -> Found:
    """Which of the payments that no deposit has paid yet it pays; two that fit are none."""
    named = [one for one in unpaid if belongs(deposit, one)]
    if not named:
        return Found("waiting")
    exact = [one for one in named if one.payment_cents == deposit.cents]
    if len(exact) == 1:
        return Found("matched", exact[0].remittance_id)
    if len(named) > 1:
        return Found("waiting")
    difference = deposit.cents - named[0].payment_cents
    return Found("differs", named[0].remittance_id, difference)


def missing_at(paid_on: date) -> datetime:
    """When a payment without a deposit is told."""
    day = paid_on + timedelta(days=DAYS_UNTIL_MISSING + 1)
    return datetime.combine(day, time(), UTC)
