"""One canonical instance of each event about a claim's wait; tests override what they are about."""

from __future__ import annotations

from datetime import date
from typing import Any

from libs.events.contracts.billing_holds import ClaimHeld, ClaimHeldV1, ClaimReleased
from libs.events.examples.billing import CLAIM
from libs.events.examples.interop import COVERAGE, ENCOUNTER, NPI, PRACTICE

_CLAIM: dict[str, Any] = {
    "practice_id": PRACTICE,
    "claim_id": CLAIM,
    "service_month": date(2026, 3, 1),
}
_HELD: dict[str, Any] = {
    **_CLAIM,
    "encounter_id": ENCOUNTER,
    "payer_id": COVERAGE.payer_id,
    "provider_npi": NPI,
    "service_on": date(2026, 3, 2),
}


def claim_held_v1(**changes: Any) -> ClaimHeldV1:
    """As version 1 said it."""
    fields: dict[str, Any] = {**_HELD, "reason": "provider-not-enrolled"}
    return ClaimHeldV1(**{**fields, **changes})


def claim_held(**changes: Any) -> ClaimHeld:
    """Two rules found errors."""
    fields: dict[str, Any] = {
        **_HELD,
        "reason": "claim-edits",
        "edits": ("duplicate-claim", "timely-filing"),
    }
    return ClaimHeld(**{**fields, **changes})


def claim_released(**changes: Any) -> ClaimReleased:
    return ClaimReleased(**{**_CLAIM, **changes})
