"""One canonical instance of each event about claims that go out again."""

from __future__ import annotations

from datetime import date
from typing import Any

from libs.events.contracts.billing_claims import ClaimReplaced, ClaimVoided, ClaimVoidSent
from libs.events.examples.billing import CLAIM
from libs.events.examples.interop import COVERAGE, PRACTICE

_CLAIM: dict[str, Any] = {
    "practice_id": PRACTICE,
    "claim_id": CLAIM,
    "payer_id": COVERAGE.payer_id,
    "service_month": date(2026, 3, 1),
}


def claim_replaced(**changes: Any) -> ClaimReplaced:
    """A second unit: 356.00 in place of 178.00."""
    fields: dict[str, Any] = {
        **_CLAIM,
        "interchange_number": 2,
        "reason": "visit-corrected",
        "charge_cents": 35_600,
        "replaced_cents": 17_800,
    }
    return ClaimReplaced(**{**fields, **changes})


def claim_void_sent(**changes: Any) -> ClaimVoidSent:
    fields: dict[str, Any] = {
        **_CLAIM,
        "interchange_number": 2,
        "reason": "visit-voided",
        "voided_cents": 17_800,
    }
    return ClaimVoidSent(**{**fields, **changes})


def claim_voided(**changes: Any) -> ClaimVoided:
    return ClaimVoided(**{**_CLAIM, **changes})
