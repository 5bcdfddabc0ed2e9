"""One canonical instance of each event about a remittance; tests override what they are about."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid5

from libs.events.contracts.billing_remittances import (
    CashApplied,
    CashRefunded,
    CashUnapplied,
    DepositMatched,
    DepositMissing,
    ProviderAdjustmentPosted,
    UnmatchedRemittanceDismissed,
)
from libs.events.examples.billing import CLAIM, PAYMENT
from libs.events.examples.interop import COVERAGE, NAMESPACE, PRACTICE

REMITTANCE = uuid5(NAMESPACE, "remittance")
DEPOSIT = uuid5(NAMESPACE, "deposit")

_REMITTANCE: dict[str, Any] = {"practice_id": PRACTICE, "remittance_id": REMITTANCE}
_PLACE: dict[str, Any] = {**_REMITTANCE, "place": 2, "payer_id": COVERAGE.payer_id}


def provider_adjustment_posted(**changes: Any) -> ProviderAdjustmentPosted:
    """The payer paid 1.27 of interest on top."""
    fields: dict[str, Any] = {
        **_PLACE,
        "trace_number": "4471000000101",
        "reason": "L6",
        "kind": "interest",
        "posted_on": date(2026, 3, 20),
        "cents": -127,
    }
    return ProviderAdjustmentPosted(**{**fields, **changes})


def cash_unapplied(**changes: Any) -> CashUnapplied:
    """100.50 for a claim that nobody here knows."""
    fields: dict[str, Any] = {
        **_PLACE,
        "trace_number": "4471000000101",
        "reason": "unknown-claim",
        "posted_on": date(2026, 3, 20),
        "cents": 10_050,
    }
    return CashUnapplied(**{**fields, **changes})


def cash_applied(**changes: Any) -> CashApplied:
    fields: dict[str, Any] = {
        **_PLACE,
        "claim_id": CLAIM,
        "payment_id": PAYMENT,
        "applied_on": date(2026, 3, 23),
        "cents": 10_050,
    }
    return CashApplied(**{**fields, **changes})


def cash_refunded(**changes: Any) -> CashRefunded:
    fields: dict[str, Any] = {
        **_PLACE,
        "reason": "not-our-claim",
        "refunded_on": date(2026, 3, 23),
        "cents": 10_050,
    }
    return CashRefunded(**{**fields, **changes})


def unmatched_remittance_dismissed(**changes: Any) -> UnmatchedRemittanceDismissed:
    fields: dict[str, Any] = {
        **_REMITTANCE,
        "place": 2,
        "reason": "informational",
        "dismissed_on": date(2026, 3, 23),
    }
    return UnmatchedRemittanceDismissed(**{**fields, **changes})


def deposit_matched(**changes: Any) -> DepositMatched:
    fields: dict[str, Any] = {
        **_REMITTANCE,
        "deposit_id": DEPOSIT,
        "payer_id": COVERAGE.payer_id,
        "deposited_on": date(2026, 3, 20),
        "cents": 10_050,
    }
    return DepositMatched(**{**fields, **changes})


def deposit_missing(**changes: Any) -> DepositMissing:
    fields: dict[str, Any] = {
        **_REMITTANCE,
        "payer_id": COVERAGE.payer_id,
        "trace_number": "4471000000101",
        "paid_on": date(2026, 3, 20),
        "cents": 10_050,
    }
    return DepositMissing(**{**fields, **changes})
