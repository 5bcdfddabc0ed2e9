"""Patients' payments: cash and checks are posted at once, a card when the processor says yes."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, HTTPException, Query
from pydantic import Field, model_validator

from libs.events.contracts import PHI, Contract
from libs.events.contracts.billing_balances import PaymentMethod, ReturnReason
from libs.events.contracts.values import ClaimId, PatientId, PaymentId, Short
from libs.service.http import Uow, json_body
from services.billing.balances.model import TooMuchError, check_told
from services.billing.balances.payments import book, store
from services.billing.balances.payments.model import CHARGE_TIMER, Payment, PaymentState
from services.billing.balances.store import lock_account, lock_balances
from services.billing.patients.store import list_charts

routes = APIRouter(prefix="/patient-payments", tags=["patient payments"])

Paid = Annotated[int, Field(ge=1, le=10**9)]


class TakePayment(Contract):
    """Money of a patient. A card is named by the processor's token, never by its number.

    Without `for_claims` the oldest service is paid first; what is left is the patient's credit.
    `fee_cents`: what a collection agency kept of what it collected.
    """

    payment_id: PaymentId
    account_id: PatientId
    method: PaymentMethod
    cents: Paid
    received_on: date
    fee_cents: Annotated[int, Field(ge=0)] = 0
    card_token: Annotated[Short | None, PHI] = None
    for_claims: dict[ClaimId, Paid] = {}

    @model_validator(mode="after")
    def _fits_its_method(self) -> Self:
        if (self.method == "card") != (self.card_token is not None):
            raise ValueError("a card payment has a card_token, and no other has one")
        if self.fee_cents and (self.method != "agency" or self.fee_cents > self.cents):
            raise ValueError("only an agency keeps a fee, and no more than it collected")
        if self.method == "agency" and self.for_claims:
            raise ValueError("what an agency collected goes to what it was given")
        return self


class PaymentView(Contract):
    """A payment, what claims took of it, and what is left of it as the patient's credit."""

    payment_id: UUID
    account_id: UUID
    method: str
    cents: int
    fee_cents: int
    received_on: date
    state: str
    reason: str | None
    applied_cents: int
    refunded_cents: int
    credit_cents: int

    @classmethod
    def of(cls, payment: Payment) -> PaymentView:
        return cls(**{name: getattr(payment, name) for name in cls.model_fields})


class ReturnPayment(Contract):
    """Why a payment did not hold."""

    reason: ReturnReason


@routes.post("", status_code=201)
async def take_payment(
    command: Annotated[TakePayment, json_body(TakePayment)], uow: Uow
) -> PaymentView:
    """The same again changes nothing; other content under its id is 409.

    A card's payment is `pending` until the processor has answered: look at it again.
    """
    account = await lock_account(uow.db, uow.practice_id, command.account_id)
    digest = hashlib.sha256(command.model_dump_json().encode()).digest()
    known = await store.find_command(uow.db, uow.practice_id, command.payment_id)
    if known is not None:
        if known != digest:
            raise HTTPException(409, "another payment has this payment_id")
        return await _view(uow, command.payment_id)
    owed = await lock_balances(uow.db, uow.practice_id, account.charts)
    if not owed:
        raise HTTPException(404, "there is no account of this patient")
    payment = _payment(command, uow, account.account_id)
    try:
        check_told(owed, payment.cents, payment.told)
    except TooMuchError:
        raise HTTPException(
            422, "for_claims: more than is owed of a claim, or than was paid"
        ) from None
    await store.add_payment(uow, payment, digest, command.card_token)
    if payment.method == "card":
        await uow.set_timer(CHARGE_TIMER, str(payment.payment_id), uow.now)
    else:
        await book.receive(uow, payment, owed)
    return await _view(uow, command.payment_id)


@routes.get("")
async def list_payments(
    uow: Uow,
    account_id: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    after: UUID | None = None,
) -> list[PaymentView]:
    """In the order in which they came; `after` is the last payment_id of the page before."""
    charts = None
    if account_id is not None:
        charts = await list_charts(uow.db, uow.practice_id, account_id)
    found = await store.list_payments(uow.db, uow.practice_id, charts, limit, after)
    return [PaymentView.of(payment) for payment in found]


@routes.get("/{payment_id}")
async def show_payment(payment_id: UUID, uow: Uow) -> PaymentView:
    return await _view(uow, payment_id)


@routes.post("/{payment_id}/return")
async def return_payment(
    payment_id: UUID, command: Annotated[ReturnPayment, json_body(ReturnPayment)], uow: Uow
) -> PaymentView:
    """What it paid is owed again. 409 where some of it was paid back to the patient."""
    found = await store.find_payment(uow.db, uow.practice_id, payment_id)
    if found is None:
        raise HTTPException(404, "there is no such payment")
    account = await lock_account(uow.db, uow.practice_id, found.account_id)
    await lock_balances(uow.db, uow.practice_id, account.charts)
    payment = await store.lock_payment(uow.db, uow.practice_id, payment_id)
    assert payment is not None
    if payment.state is PaymentState.RETURNED and payment.reason == command.reason:
        return PaymentView.of(payment)
    if payment.state is not PaymentState.POSTED or payment.refunded_cents:
        raise HTTPException(409, "only a posted payment that was not paid back can be returned")
    await book.give_back(uow, payment, command.reason)
    return await _view(uow, payment_id)


def _payment(command: TakePayment, uow: Uow, account_id: UUID) -> Payment:
    return Payment(
        practice_id=uow.practice_id,
        payment_id=command.payment_id,
        account_id=account_id,
        method=command.method,
        cents=command.cents,
        fee_cents=command.fee_cents,
        received_on=command.received_on,
        told={UUID(str(claim)): cents for claim, cents in command.for_claims.items()},
        origin=uow.origin.dump(),
    )


async def _view(uow: Uow, payment_id: UUID) -> PaymentView:
    payment = await store.find_payment(uow.db, uow.practice_id, payment_id)
    if payment is None:
        raise HTTPException(404, "there is no such payment")
    return PaymentView.of(payment)
