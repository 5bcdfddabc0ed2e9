"""One canonical instance of each event about further payers; tests override what they are about."""

from __future__ import annotations

from datetime import date
from typing import Any

from libs.events.contracts.billing_cob import ClaimForwarded, ClaimRecalled, PatientShareLifted
from libs.events.contracts.people import Coverage
from libs.events.examples.billing import CLAIM, PAYMENT
from libs.events.examples.interop import COVERAGE, PRACTICE

SECOND_COVERAGE = Coverage(
    payer_id="MEDIGAP01", payer_name="Medigap Plan F", member_id="MG9902", group_number="G200"
)

_CLAIM: dict[str, Any] = {
    "practice_id": PRACTICE,
    "claim_id": CLAIM,
    "cents": 2_000,
    "service_month": date(2026, 3, 1),
}


def claim_forwarded(**changes: Any) -> ClaimForwarded:
    """The 20.00 that the primary left to the patient is asked of the secondary."""
    fields: dict[str, Any] = {
        **_CLAIM,
        "from_payer_id": COVERAGE.payer_id,
        "to_payer_id": SECOND_COVERAGE.payer_id,
        "to_place": "secondary",
        "crossed_over": False,
    }
    return ClaimForwarded(**{**fields, **changes})


def patient_share_lifted(**changes: Any) -> PatientShareLifted:
    """A secondary became known after the primary had left 20.00 to the patient."""
    fields: dict[str, Any] = {
        **_CLAIM,
        "payment_id": PAYMENT,
        "payer_id": COVERAGE.payer_id,
    }
    return PatientShareLifted(**{**fields, **changes})


def claim_recalled(**changes: Any) -> ClaimRecalled:
    """The primary took its decision back before the secondary decided."""
    fields: dict[str, Any] = {
        **_CLAIM,
        "from_payer_id": SECOND_COVERAGE.payer_id,
        "to_payer_id": COVERAGE.payer_id,
        "to_place": "primary",
    }
    return ClaimRecalled(**{**fields, **changes})
