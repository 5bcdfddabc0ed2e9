"""Canonical instances of what billing asks payers about silent claims, and hears."""

from __future__ import annotations

from datetime import date
from typing import Any

from libs.events.contracts.billing_answers import ClaimFollowedUp, ClaimLost, ClaimStatusTold
from libs.events.examples.billing import claim_submitted
from libs.events.examples.interop import COVERAGE

_CLAIM: dict[str, Any] = {
    name: getattr(claim_submitted(), name) for name in ("practice_id", "claim_id", "service_month")
}


def claim_followed_up(**changes: Any) -> ClaimFollowedUp:
    """Two weeks after it was sent."""
    fields: dict[str, Any] = {
        **_CLAIM,
        "payer_id": COVERAGE.payer_id,
        "interchange_number": 9,
        "times_asked": 1,
    }
    return ClaimFollowedUp(**{**fields, **changes})


def claim_status_told(**changes: Any) -> ClaimStatusTold:
    """Pending: the payer waits for the medical record (category P3, status 317)."""
    fields: dict[str, Any] = {
        **_CLAIM,
        "payer_id": COVERAGE.payer_id,
        "meaning": "information-requested",
        "status_category": "P3",
        "status_code": "317",
        "effective_on": date(2026, 3, 17),
        "paid_cents": None,
        "payer_claim_number": "2026061000017",
    }
    return ClaimStatusTold(**{**fields, **changes})


def claim_lost(**changes: Any) -> ClaimLost:
    """It goes out again."""
    fields: dict[str, Any] = {
        **_CLAIM,
        "payer_id": COVERAGE.payer_id,
        "interchange_number": 1,
        "kept_back": None,
    }
    return ClaimLost(**{**fields, **changes})
