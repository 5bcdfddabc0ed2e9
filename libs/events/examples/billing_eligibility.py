"""One canonical instance of each event about coverage; tests override what they are about."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid5

from libs.events.contracts.billing_eligibility import (
    CoverageBenefit,
    CoverageEnded,
    CoverageVerified,
    InquiryRefused,
)
from libs.events.examples.interop import COVERAGE, NAMESPACE, PATIENT, PRACTICE

INQUIRY = uuid5(NAMESPACE, "inquiry")

_ASKED: dict[str, Any] = {
    "practice_id": PRACTICE,
    "patient_id": PATIENT,
    "payer_id": COVERAGE.payer_id,
    "inquiry_id": INQUIRY,
    "service_on": date(2026, 3, 5),
}


def copayment(**changes: Any) -> CoverageBenefit:
    fields: dict[str, Any] = {
        "kind": "copayment",
        "service_types": ("98",),
        "network": "in",
        "coverage_level": "IND",
        "period": "visit",
        "cents": 2_500,
        "basis_points": None,
        "authorization_required": False,
    }
    return CoverageBenefit(**{**fields, **changes})


def coverage_verified(**changes: Any) -> CoverageVerified:
    fields: dict[str, Any] = {
        **_ASKED,
        "starts_on": date(2026, 1, 1),
        "ends_on": None,
        "benefits": (copayment(),),
    }
    return CoverageVerified(**{**fields, **changes})


def coverage_ended(**changes: Any) -> CoverageEnded:
    fields: dict[str, Any] = {**_ASKED, "starts_on": None, "ends_on": date(2026, 2, 28)}
    return CoverageEnded(**{**fields, **changes})


def inquiry_refused(**changes: Any) -> InquiryRefused:
    fields: dict[str, Any] = {**_ASKED, "reason": "member-not-found", "may_ask_again": True}
    return InquiryRefused(**{**fields, **changes})
