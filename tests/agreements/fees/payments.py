"""Payments as billing posts them; tests override what they are about."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID, uuid5

from libs.events.contracts.billing import PaymentPosted, PaymentReversed
from libs.events.examples.interop import COVERAGE, NAMESPACE, PRACTICE


def payment_id(name: str) -> UUID:
    return uuid5(NAMESPACE, f"payment {name}")


def posted(name: str = "first", **changes: Any) -> PaymentPosted:
    return PaymentPosted(**{**_fields(name), **changes})


def reversed_(name: str = "first", **changes: Any) -> PaymentReversed:
    return PaymentReversed(**{**_fields(name, posted_on=date(2026, 3, 20)), **changes})


def _fields(name: str, posted_on: date = date(2026, 3, 10)) -> dict[str, Any]:
    return {
        "practice_id": PRACTICE,
        "payment_id": payment_id(name),
        "claim_id": uuid5(NAMESPACE, f"claim {name}"),
        "payer_id": COVERAGE.payer_id,
        "trace_number": "TRACE1",
        "posted_on": posted_on,
        "service_month": date(2026, 3, 1),
        "paid_cents": 10_050,
        "adjusted_cents": 2_000,
        "patient_cents": 500,
        "denied_cents": 0,
    }
