"""What a payer said of a coverage, as a CoverageEligibilityResponse (FHIR R4 §13.2).

The payer's own answer is an X12 271; this is what billing kept of it. Benefits that say an amount,
a share or an authorization are items, in the codes of FHIR's benefit code systems where there is
one, and in words; types of service are X12's (external code list 1365).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from libs.events.contracts.billing_eligibility import BenefitKind, BenefitPeriod, CoverageBenefit
from services.interop.subscriptions.claim_response import (
    money,
    patient_numbered,
    payer_named,
)
from services.interop.subscriptions.model import Resource

INQUIRIES = "urn:mainstay:inquiry"
_HL7 = "http://terminology.hl7.org/CodeSystem/benefit-"
_SERVICE_TYPES = "https://x12.org/codes/service-type-codes"
_TYPES: Mapping[BenefitKind, str] = {
    "copayment": "copay",
    "coinsurance": "copay-percent",
    "deductible": "deductible",
    "limitation": "benefit",
}
_TERMS: Mapping[BenefitPeriod, str] = {
    "calendar-year": "annual",
    "day": "day",
    "lifetime": "lifetime",
}
_UNITS = {"IND": "individual", "FAM": "family"}


@dataclass(frozen=True, slots=True)
class CoverageAnswer:
    """An answer as it is kept; nothing of a person but the chart's id."""

    inquiry_id: UUID
    patient_id: UUID
    payer_id: str
    service_on: date
    in_force: bool
    starts_on: date | None
    ends_on: date | None
    benefits: tuple[CoverageBenefit, ...]
    answered_at: datetime


def coverage_response(answer: CoverageAnswer, mrn: str) -> dict[str, Any]:
    """`mrn`: the chart's number, by which its EHR knows the patient."""
    at = answer.answered_at.isoformat(timespec="milliseconds")
    insurance: dict[str, Any] = {
        "coverage": {"display": "the coverage that the patient's chart names"},
        "inforce": answer.in_force,
    }
    period = {"start": answer.starts_on, "end": answer.ends_on}
    if told := {name: str(day) for name, day in period.items() if day is not None}:
        insurance["benefitPeriod"] = told
    if items := list(_items(answer.benefits)):
        insurance["item"] = items
    return {
        "resourceType": "CoverageEligibilityResponse",
        "id": str(answer.inquiry_id),
        "meta": {"lastUpdated": at},
        "status": "active",
        "purpose": ["benefits", "validation"],
        "patient": patient_numbered(mrn),
        "servicedDate": str(answer.service_on),
        "created": at,
        "request": {"identifier": {"system": INQUIRIES, "value": str(answer.inquiry_id)}},
        "outcome": "complete",
        "insurer": payer_named(answer.payer_id),
        "insurance": [insurance],
    }


def _items(benefits: Iterable[CoverageBenefit]) -> Iterable[Resource]:
    for one in benefits:
        says = one.cents is not None or one.basis_points is not None
        if says or one.authorization_required is not None:
            yield _item(one, says=says)


def _item(one: CoverageBenefit, *, says: bool) -> Resource:
    item: dict[str, Any] = {}
    if one.service_types:
        category: dict[str, Any] = {"text": f"service types {', '.join(one.service_types)}"}
        if len(one.service_types) == 1:
            category["coding"] = [{"system": _SERVICE_TYPES, "code": one.service_types[0]}]
        item["category"] = category
    if one.network in ("in", "out"):
        item["network"] = _coded("network", one.network)
    if one.coverage_level in _UNITS:
        item["unit"] = _coded("unit", _UNITS[one.coverage_level])
    if one.period is not None:
        term = _TERMS.get(one.period)
        item["term"] = {"text": one.period} | (_coded("term", term) if term else {})
    if says:
        item["benefit"] = [_benefit(one)]
    if one.authorization_required is not None:
        item["authorizationRequired"] = one.authorization_required
    return item


def _benefit(one: CoverageBenefit) -> Resource:
    code = _TYPES.get(one.kind)
    found: dict[str, Any] = {
        "type": {"text": one.kind} | (_coded("type", code) if code else {}),
    }
    if one.cents is not None:
        found["allowedMoney"] = money(one.cents)
    elif one.basis_points is not None:
        found["allowedString"] = f"{Decimal(one.basis_points).scaleb(-2).normalize():f} %"
    return found


def _coded(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": f"{_HL7}{system}", "code": code}]}
