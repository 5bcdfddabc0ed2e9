"""Published by billing: what patients owe, are told, pay, and are let off.

All are keyed by the account, which is the chart that its patient goes by. The events carry ids and
cents, and nothing that a statement says of a visit: what a patient reads stays sealed in billing.
What moves a claim's balance names the claim and its service month, as `billing.claims` does.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from libs.events.contracts.base import Event, Topic
from libs.events.contracts.values import (
    ClaimId,
    Month,
    PatientId,
    PaymentId,
    PositiveCents,
    Short,
    StateCode,
)

ACCOUNTS = Topic("billing.accounts")

Notice = Literal["statement", "second-statement", "third-statement", "final-notice"]
PaymentMethod = Literal["cash", "check", "card", "agency"]
UnapplyReason = Literal["payment-returned", "owed-less"]
ReturnReason = Literal["insufficient-funds", "chargeback", "entered-in-error"]
DeclineReason = Literal["declined", "expired-card", "insufficient-funds", "unknown-token"]


class StatementIssued(Event):
    """A patient is to be told that a statement is ready; it says neither amounts nor visits.

    The statement of an account with an open balance is 45 CFR 164.501 "payment".
    """

    type: ClassVar = "billing.statement-issued.v1"
    topic: ClassVar = ACCOUNTS
    key: ClassVar = "account_id"

    statement_id: UUID
    account_id: PatientId
    notice: Notice
    issued_on: date
    due_on: date
    portal_url: Short | None
    """Where the practice's patients read and pay; the same for all of them."""


class PatientPaymentReceived(Event):
    """Money of a patient came in; it is the patient's credit until a claim takes it."""

    type: ClassVar = "billing.patient-payment-received.v1"
    topic: ClassVar = ACCOUNTS
    key: ClassVar = "account_id"

    payment_id: PaymentId
    account_id: PatientId
    method: PaymentMethod
    received_on: date
    cents: PositiveCents
    fee_cents: PositiveCents = 0
    """What a collection agency kept of it."""


class PatientPaymentApplied(Event):
    """A claim took some of a patient's money: this much of the month's work is collected."""

    type: ClassVar = "billing.patient-payment-applied.v1"
    topic: ClassVar = ACCOUNTS
    key: ClassVar = "account_id"

    application_id: PaymentId
    payment_id: PaymentId
    account_id: PatientId
    claim_id: ClaimId
    service_month: Month
    applied_on: date
    cents: PositiveCents


class PatientPaymentUnapplied(Event):
    """An application is taken back whole; the money is the patient's credit again."""

    type: ClassVar = "billing.patient-payment-unapplied.v1"
    topic: ClassVar = ACCOUNTS
    key: ClassVar = "account_id"

    application_id: PaymentId
    payment_id: PaymentId
    account_id: PatientId
    claim_id: ClaimId
    service_month: Month
    unapplied_on: date
    cents: PositiveCents
    reason: UnapplyReason


class PatientPaymentReturned(Event):
    """A payment did not hold: the bank or the card's issuer took it back, or it never was one."""

    type: ClassVar = "billing.patient-payment-returned.v1"
    topic: ClassVar = ACCOUNTS
    key: ClassVar = "account_id"

    payment_id: PaymentId
    account_id: PatientId
    cents: PositiveCents
    reason: ReturnReason


class CardPaymentDeclined(Event):
    """The card processor refused a charge; nothing was paid."""

    type: ClassVar = "billing.card-payment-declined.v1"
    topic: ClassVar = ACCOUNTS
    key: ClassVar = "account_id"

    payment_id: PaymentId
    account_id: PatientId
    reason: DeclineReason


class PaymentPlanAgreed(Event):
    """A patient pays a balance in monthly instalments; nobody duns meanwhile."""

    type: ClassVar = "billing.payment-plan-agreed.v1"
    topic: ClassVar = ACCOUNTS
    key: ClassVar = "account_id"

    plan_id: UUID
    account_id: PatientId
    instalments: Annotated[int, Field(ge=2, le=60)]
    instalment_cents: PositiveCents
    first_due_on: date


class InstalmentMissed(Event):
    """An instalment was due and is not paid."""

    type: ClassVar = "billing.instalment-missed.v1"
    topic: ClassVar = ACCOUNTS
    key: ClassVar = "account_id"

    plan_id: UUID
    account_id: PatientId
    number: Annotated[int, Field(ge=1)]
    in_a_row: Annotated[int, Field(ge=1)]


class PaymentPlanEnded(Event):
    """A plan is over: paid, given up after missed instalments, or called off."""

    type: ClassVar = "billing.payment-plan-ended.v1"
    topic: ClassVar = ACCOUNTS
    key: ClassVar = "account_id"

    plan_id: UUID
    account_id: PatientId
    reason: Literal["completed", "defaulted", "cancelled"]


class PatientRefunded(Event):
    """A credit was paid back to the patient."""

    type: ClassVar = "billing.patient-refunded.v1"
    topic: ClassVar = ACCOUNTS
    key: ClassVar = "account_id"

    refund_id: UUID
    payment_id: PaymentId
    account_id: PatientId
    method: Literal["check", "card"]
    cents: PositiveCents


class AccountSentToCollections(Event):
    """An account's balance was given to a collection agency."""

    type: ClassVar = "billing.account-sent-to-collections.v1"
    topic: ClassVar = ACCOUNTS
    key: ClassVar = "account_id"

    placement_id: UUID
    account_id: PatientId
    agency: Short
    cents: PositiveCents
    placed_on: date


class AccountRecalledFromCollections(Event):
    """What the agency has not collected is the practice's to collect again."""

    type: ClassVar = "billing.account-recalled-from-collections.v1"
    topic: ClassVar = ACCOUNTS
    key: ClassVar = "account_id"

    placement_id: UUID
    account_id: PatientId
    cents: PositiveCents


class UnclaimedPropertyRecorded(Event):
    """A credit that nobody took is owed to a state (escheat)."""

    type: ClassVar = "billing.unclaimed-property-recorded.v1"
    topic: ClassVar = ACCOUNTS
    key: ClassVar = "account_id"

    property_id: UUID
    payment_id: PaymentId
    account_id: PatientId
    state: StateCode
    cents: PositiveCents
    report_due_on: date


class FinancialAssistanceDecided(Event):
    """An application for charity care was decided; each claim's write-off follows."""

    type: ClassVar = "billing.financial-assistance-decided.v1"
    topic: ClassVar = ACCOUNTS
    key: ClassVar = "account_id"

    application_id: UUID
    account_id: PatientId
    outcome: Literal["approved", "denied"]
    discount_percent: Annotated[int, Field(ge=0, le=100)]
