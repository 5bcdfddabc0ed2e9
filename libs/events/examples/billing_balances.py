"""One canonical instance of each event about patients' balances."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid5

from libs.events.contracts.billing_balances import (
    AccountRecalledFromCollections,
    AccountSentToCollections,
    CardPaymentDeclined,
    FinancialAssistanceDecided,
    InstalmentMissed,
    PatientPaymentApplied,
    PatientPaymentReceived,
    PatientPaymentReturned,
    PatientPaymentUnapplied,
    PatientRefunded,
    PaymentPlanAgreed,
    PaymentPlanEnded,
    StatementIssued,
    UnclaimedPropertyRecorded,
)
from libs.events.examples.billing import CLAIM
from libs.events.examples.interop import NAMESPACE, PATIENT, PRACTICE

STATEMENT = uuid5(NAMESPACE, "statement")
PAID_BY_PATIENT = uuid5(NAMESPACE, "patient payment")
APPLICATION = uuid5(PAID_BY_PATIENT, "application")
PLAN = uuid5(NAMESPACE, "payment plan")
PLACEMENT = uuid5(NAMESPACE, "placement")

_ACCOUNT: dict[str, Any] = {"practice_id": PRACTICE, "account_id": PATIENT}
_PAID: dict[str, Any] = {**_ACCOUNT, "payment_id": PAID_BY_PATIENT}
_CLAIM: dict[str, Any] = {
    **_ACCOUNT,
    "claim_id": CLAIM,
    "service_month": date(2026, 3, 1),
    "cents": 2_000,
}
_APPLIED: dict[str, Any] = {
    **_CLAIM,
    "application_id": APPLICATION,
    "payment_id": PAID_BY_PATIENT,
}


def statement_issued(**changes: Any) -> StatementIssued:
    fields: dict[str, Any] = {
        **_ACCOUNT,
        "statement_id": STATEMENT,
        "notice": "statement",
        "issued_on": date(2026, 4, 1),
        "due_on": date(2026, 5, 1),
        "portal_url": "https://pay.olentangy.example",
    }
    return StatementIssued(**{**fields, **changes})


def patient_payment_received(**changes: Any) -> PatientPaymentReceived:
    fields: dict[str, Any] = {
        **_PAID,
        "method": "card",
        "received_on": date(2026, 4, 9),
        "cents": 2_000,
    }
    return PatientPaymentReceived(**{**fields, **changes})


def patient_payment_applied(**changes: Any) -> PatientPaymentApplied:
    fields: dict[str, Any] = {**_APPLIED, "applied_on": date(2026, 4, 9)}
    return PatientPaymentApplied(**{**fields, **changes})


def patient_payment_unapplied(**changes: Any) -> PatientPaymentUnapplied:
    fields: dict[str, Any] = {
        **_APPLIED,
        "unapplied_on": date(2026, 4, 20),
        "reason": "payment-returned",
    }
    return PatientPaymentUnapplied(**{**fields, **changes})


def patient_payment_returned(**changes: Any) -> PatientPaymentReturned:
    fields: dict[str, Any] = {**_PAID, "cents": 2_000, "reason": "chargeback"}
    return PatientPaymentReturned(**{**fields, **changes})


def card_payment_declined(**changes: Any) -> CardPaymentDeclined:
    fields: dict[str, Any] = {**_PAID, "reason": "declined"}
    return CardPaymentDeclined(**{**fields, **changes})


def payment_plan_agreed(**changes: Any) -> PaymentPlanAgreed:
    fields: dict[str, Any] = {
        **_ACCOUNT,
        "plan_id": PLAN,
        "instalments": 4,
        "instalment_cents": 500,
        "first_due_on": date(2026, 5, 1),
    }
    return PaymentPlanAgreed(**{**fields, **changes})


def instalment_missed(**changes: Any) -> InstalmentMissed:
    fields: dict[str, Any] = {**_ACCOUNT, "plan_id": PLAN, "number": 2, "in_a_row": 1}
    return InstalmentMissed(**{**fields, **changes})


def payment_plan_ended(**changes: Any) -> PaymentPlanEnded:
    fields: dict[str, Any] = {**_ACCOUNT, "plan_id": PLAN, "reason": "completed"}
    return PaymentPlanEnded(**{**fields, **changes})


def patient_refunded(**changes: Any) -> PatientRefunded:
    fields: dict[str, Any] = {
        **_PAID,
        "refund_id": uuid5(NAMESPACE, "refund"),
        "method": "card",
        "cents": 500,
    }
    return PatientRefunded(**{**fields, **changes})


def account_sent_to_collections(**changes: Any) -> AccountSentToCollections:
    fields: dict[str, Any] = {
        **_ACCOUNT,
        "placement_id": PLACEMENT,
        "agency": "Scioto Recovery",
        "cents": 2_000,
        "placed_on": date(2026, 8, 1),
    }
    return AccountSentToCollections(**{**fields, **changes})


def account_recalled_from_collections(**changes: Any) -> AccountRecalledFromCollections:
    fields: dict[str, Any] = {**_ACCOUNT, "placement_id": PLACEMENT, "cents": 2_000}
    return AccountRecalledFromCollections(**{**fields, **changes})


def unclaimed_property_recorded(**changes: Any) -> UnclaimedPropertyRecorded:
    fields: dict[str, Any] = {
        **_PAID,
        "property_id": uuid5(NAMESPACE, "unclaimed property"),
        "state": "TX",
        "cents": 500,
        "report_due_on": date(2030, 7, 1),
    }
    return UnclaimedPropertyRecorded(**{**fields, **changes})


def financial_assistance_decided(**changes: Any) -> FinancialAssistanceDecided:
    fields: dict[str, Any] = {
        **_ACCOUNT,
        "application_id": uuid5(NAMESPACE, "assistance"),
        "outcome": "approved",
        "discount_percent": 75,
    }
    return FinancialAssistanceDecided(**{**fields, **changes})
