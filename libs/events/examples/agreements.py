"""One canonical instance of each event of agreements; tests override what they are about."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid5

from libs.events.contracts.agreements import (
    AgreementSigned,
    ManagementFeeAccrued,
    ManagementFeeReversed,
    PostalAddress,
    PracticeOnboarded,
)
from libs.events.examples.interop import NAMESPACE, PRACTICE

AGREEMENT = uuid5(NAMESPACE, "agreement")
PAYMENT_EVENT = uuid5(NAMESPACE, "payment event")

ADDRESS = PostalAddress(
    line="400 Main Street", city="Columbus", state="OH", postal_code="432150001"
)


def practice_onboarded(**changes: Any) -> PracticeOnboarded:
    fields: dict[str, Any] = {
        "practice_id": PRACTICE,
        "name": "Olentangy Family Medicine",
        "npi": "1999999992",
        "tax_id": "310000001",
        "address": ADDRESS,
        "time_zone": "America/New_York",
        "onboarded_on": date(2026, 1, 1),
    }
    return PracticeOnboarded(**{**fields, **changes})


def agreement_signed(**changes: Any) -> AgreementSigned:
    fields: dict[str, Any] = {
        "practice_id": PRACTICE,
        "agreement_id": AGREEMENT,
        "model": "percentage-of-collections",
        "rate": Decimal("0.065"),
        "effective_on": date(2026, 1, 1),
    }
    return AgreementSigned(**{**fields, **changes})


def management_fee_accrued(**changes: Any) -> ManagementFeeAccrued:
    fields: dict[str, Any] = {**_FEE, "fee_entry_id": uuid5(NAMESPACE, "fee accrued")}
    return ManagementFeeAccrued(**{**fields, **changes})


def management_fee_reversed(**changes: Any) -> ManagementFeeReversed:
    fields: dict[str, Any] = {**_FEE, "fee_entry_id": uuid5(NAMESPACE, "fee reversed")}
    return ManagementFeeReversed(**{**fields, **changes})


_FEE: dict[str, Any] = {
    "practice_id": PRACTICE,
    "agreement_id": AGREEMENT,
    "payment_event_id": PAYMENT_EVENT,
    "service_month": date(2026, 3, 1),
    "collected_cents": 10_050,
    "fee_cents": 653,
}
