"""One canonical instance of each event of billing; tests override what they are about."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid5

from libs.events.contracts.billing import (
    Adjustment,
    ChargesPosted,
    ChargesReversed,
    ClaimAccepted,
    ClaimDenied,
    ClaimPaid,
    ClaimRejected,
    ClaimRejectedV1,
    ClaimSubmitted,
    PaymentPosted,
    PaymentReversed,
)
from libs.events.examples.interop import COVERAGE, ENCOUNTER, NAMESPACE, NPI, PATIENT, PRACTICE

CLAIM = uuid5(ENCOUNTER, "claim")
PAYMENT = uuid5(NAMESPACE, "payment")

_CLAIM: dict[str, Any] = {
    "practice_id": PRACTICE,
    "claim_id": CLAIM,
    "service_month": date(2026, 3, 1),
}
_MONEY: dict[str, Any] = {
    **_CLAIM,
    "payment_id": PAYMENT,
    "payer_id": COVERAGE.payer_id,
    "trace_number": "4471000000101",
    "posted_on": date(2026, 3, 20),
    "paid_cents": 10_050,
    "adjusted_cents": 5_750,
    "patient_cents": 2_000,
    "denied_cents": 0,
}


def charges_posted(**changes: Any) -> ChargesPosted:
    fields: dict[str, Any] = {
        **_CLAIM,
        "encounter_id": ENCOUNTER,
        "patient_id": PATIENT,
        "provider_npi": NPI,
        "payer_id": COVERAGE.payer_id,
        "service_on": date(2026, 3, 2),
        "charge_cents": 17_800,
        "lines": 1,
    }
    return ChargesPosted(**{**fields, **changes})


def charges_reversed(**changes: Any) -> ChargesReversed:
    fields: dict[str, Any] = {
        **_CLAIM,
        "encounter_id": ENCOUNTER,
        "payer_id": COVERAGE.payer_id,
        "charge_cents": 17_800,
        "lines": 1,
    }
    return ChargesReversed(**{**fields, **changes})


def claim_submitted(**changes: Any) -> ClaimSubmitted:
    fields: dict[str, Any] = {
        **_CLAIM,
        "payer_id": COVERAGE.payer_id,
        "interchange_number": 1,
        "charge_cents": 17_800,
    }
    return ClaimSubmitted(**{**fields, **changes})


def claim_accepted(**changes: Any) -> ClaimAccepted:
    fields: dict[str, Any] = {**_CLAIM, "payer_claim_number": "2026061000017"}
    return ClaimAccepted(**{**fields, **changes})


def claim_rejected_v1(**changes: Any) -> ClaimRejectedV1:
    told = claim_rejected()
    fields = {name: getattr(told, name) for name in ClaimRejectedV1.model_fields}
    return ClaimRejectedV1(**{**fields, **changes})


def claim_rejected(**changes: Any) -> ClaimRejected:
    """Not taken in: the subscriber's number is unknown (category A3, status 33)."""
    fields: dict[str, Any] = {
        **_CLAIM,
        "answered_by": "277CA",
        "status_category": "A3",
        "status_code": "33",
    }
    return ClaimRejected(**{**fields, **changes})


def payment_posted(**changes: Any) -> PaymentPosted:
    """Of 178.00 charged: 100.50 paid, 57.50 off by contract, 20.00 left to the patient."""
    return PaymentPosted(**{**_MONEY, **changes})


def payment_reversed(**changes: Any) -> PaymentReversed:
    """Takes `payment_posted` back."""
    fields: dict[str, Any] = {**_MONEY, "trace_number": "4471000000202"}
    return PaymentReversed(**{**fields, **changes})


def claim_paid(**changes: Any) -> ClaimPaid:
    fields: dict[str, Any] = {
        **_CLAIM,
        "payer_id": COVERAGE.payer_id,
        "charge_cents": 17_800,
        "paid_cents": 10_050,
        "patient_cents": 2_000,
        "denied_lines": 0,
        "first_pass": True,
    }
    return ClaimPaid(**{**fields, **changes})


def claim_denied(**changes: Any) -> ClaimDenied:
    """No authorization beforehand (CO-197), the whole charge."""
    fields: dict[str, Any] = {
        **_CLAIM,
        "payer_id": COVERAGE.payer_id,
        "denied_cents": 17_800,
        "category": "authorization",
        "adjustments": (Adjustment(group="CO", reason="197", cents=17_800),),
        "remarks": ("N30",),
    }
    return ClaimDenied(**{**fields, **changes})
