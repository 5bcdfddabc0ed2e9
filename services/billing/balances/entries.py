"""The journal entries about patients' money; each names its event and, where there is one, a claim.

All of a patient's money passes through the patient's credit: it comes in there, a claim takes it
from there, and what nobody takes is paid back from there. Kinds begin with `patient-`, so that what
payers decided can be told from what became of it.
"""

from __future__ import annotations

from datetime import date
from uuid import UUID

from services.billing.ledger.model import Account, Entry


def received(practice_id: UUID, payment_id: UUID, cents: int, fee: int, event_id: UUID) -> Entry:
    """Money came in. What an agency keeps of it was not collected: bad debt."""
    lines = {
        Account.CASH: cents - fee,
        Account.BAD_DEBT: fee,
        Account.PATIENT_CREDIT: -cents,
    }
    return Entry(practice_id, "patient-payment", str(payment_id), lines, event_id)


def returned(practice_id: UUID, payment_id: UUID, cents: int, fee: int, event_id: UUID) -> Entry:
    """A payment did not hold."""
    lines = {
        Account.CASH: fee - cents,
        Account.BAD_DEBT: -fee,
        Account.PATIENT_CREDIT: cents,
    }
    return Entry(practice_id, "patient-payment-returned", str(payment_id), lines, event_id)


def applied(
    practice_id: UUID,
    application_id: UUID,
    claim_id: UUID,
    service_month: date,
    cents: int,
    event_id: UUID,
    *,
    receivable: Account,
    undo: bool = False,
) -> Entry:
    """A claim took some of the credit, or gives it back."""
    signed = -cents if undo else cents
    return Entry(
        practice_id,
        "patient-payment-unapplied" if undo else "patient-payment-applied",
        str(application_id),
        {Account.PATIENT_CREDIT: signed, receivable: -signed},
        event_id,
        claim_id,
        service_month,
    )


def refunded(practice_id: UUID, refund_id: UUID, cents: int, event_id: UUID) -> Entry:
    """A credit was paid back."""
    lines = {Account.PATIENT_CREDIT: cents, Account.CASH: -cents}
    return Entry(practice_id, "patient-refund", str(refund_id), lines, event_id)


def unclaimed(practice_id: UUID, property_id: UUID, cents: int, event_id: UUID) -> Entry:
    """A credit that nobody took is owed to a state."""
    lines = {Account.PATIENT_CREDIT: cents, Account.UNCLAIMED_PROPERTY: -cents}
    return Entry(practice_id, "patient-unclaimed", str(property_id), lines, event_id)


def placed(
    practice_id: UUID,
    placement_id: UUID,
    claim_id: UUID,
    service_month: date,
    cents: int,
    event_id: UUID,
    *,
    undo: bool = False,
) -> Entry:
    """An agency collects what is open of a claim from now on, or no more."""
    signed = -cents if undo else cents
    return Entry(
        practice_id,
        "patient-recall" if undo else "patient-placement",
        f"{placement_id}/{claim_id}",
        {Account.AGENCY_RECEIVABLE: signed, Account.PATIENT_RECEIVABLE: -signed},
        event_id,
        claim_id,
        service_month,
    )
