"""Credits, and paying them back; above the practice's limit a second person approves."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Query
from pydantic import Field

from libs.events.contracts import Contract
from libs.events.contracts.values import PaymentId
from libs.service.http import Uow, json_body, known_caller
from libs.service.operators import Caller
from services.billing.balances.payments import store as payments
from services.billing.balances.payments.model import Payment
from services.billing.balances.policy.model import BalancePolicy
from services.billing.balances.policy.store import find_policy
from services.billing.balances.refunds import store
from services.billing.balances.refunds.model import Refund, needs_second_person
from services.billing.balances.refunds.pay_back import begin, refuse
from services.billing.balances.store import lock_account

routes = APIRouter(tags=["refunds"])


class PatientCredit(Contract):
    """A payment of which something is left that no claim has taken."""

    payment_id: UUID
    account_id: UUID
    method: str
    received_on: date
    credit_cents: int


class PayerCredit(Contract):
    """A claim of which its payer paid more than it owed."""

    claim_id: UUID
    payer_id: str | None
    service_on: date
    credit_cents: int


class AskRefund(Contract):
    """Pay back what is left of a payment, or some of it; to a card only what it paid."""

    refund_id: UUID
    payment_id: PaymentId
    method: Literal["check", "card"]
    cents: Annotated[int, Field(ge=1, le=10**9)]


class RefundView(Contract):
    """A refund, and who asked for and who approved it."""

    refund_id: UUID
    payment_id: UUID
    account_id: UUID
    method: str
    cents: int
    state: str
    requested_by: str
    approved_by: str | None
    reason: str | None

    @classmethod
    def of(cls, refund: Refund) -> RefundView:
        return cls(**{name: getattr(refund, name) for name in cls.model_fields})


@routes.get("/patient-credits")
async def list_patient_credits(
    uow: Uow,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    after: UUID | None = None,
) -> list[PatientCredit]:
    """The oldest payment first; `after` is the last payment_id of the page before."""
    found = await payments.list_credits(uow.db, uow.practice_id, None, limit, after)
    return [
        PatientCredit(**{name: getattr(one, name) for name in PatientCredit.model_fields})
        for one in found
    ]


@routes.get("/payer-credits")
async def list_payer_credits(
    uow: Uow,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    after: UUID | None = None,
) -> list[PayerCredit]:
    """By claim_id. Money of payers that fits no claim is in `/unmatched-remittances`."""
    rows = await store.list_payer_credits(uow.db, uow.practice_id, limit, after)
    return [PayerCredit(**row) for row in rows]


@routes.post("/patient-refunds", status_code=201)
async def ask_refund(
    command: Annotated[AskRefund, json_body(AskRefund)],
    uow: Uow,
    caller: Annotated[Caller, Depends(known_caller)],
) -> RefundView:
    """The same again changes nothing. Above the limit it is `requested` until another person
    approves it; set aside it is at once."""
    known = await store.find_refund(uow.db, uow.practice_id, command.refund_id)
    if known is not None:
        return _same(command, known)
    payment = await payments.find_payment(uow.db, uow.practice_id, command.payment_id)
    if payment is None:
        raise HTTPException(404, "there is no such payment")
    account = await lock_account(uow.db, uow.practice_id, payment.account_id)
    known = await store.find_refund(uow.db, uow.practice_id, command.refund_id)
    if known is not None:
        return _same(command, known)
    payment = await payments.lock_payment(uow.db, uow.practice_id, command.payment_id)
    assert payment is not None
    _check(command, payment)
    policy = await find_policy(uow.db, uow.practice_id) or BalancePolicy()
    waits = needs_second_person(command.cents, policy.refund_limit_cents)
    refund = Refund(
        refund_id=command.refund_id,
        payment_id=command.payment_id,
        account_id=account.account_id,
        method=command.method,
        cents=command.cents,
        state="requested" if waits else "approved",
        requested_by=caller.name,
        approved_by=None,
        reason=None,
        origin=uow.origin.dump(),
    )
    await store.add_refund(uow.db, uow.practice_id, refund)
    await payments.add_refunded(uow.db, payment, refund.cents)
    if not waits:
        await begin(uow, refund)
    return await _view(uow, command.refund_id)


@routes.post("/patient-refunds/{refund_id}/approve")
async def approve_refund(
    refund_id: UUID, uow: Uow, caller: Annotated[Caller, Depends(known_caller)]
) -> RefundView:
    """By another person than who asked for it: 409 for the same one."""
    refund = await _lock(uow, refund_id)
    if refund.state == "requested":
        if caller.name == refund.requested_by:
            raise HTTPException(409, "another person than who asked for it approves a refund")
        await store.set_state(uow.db, uow.practice_id, refund, "approved", approved_by=caller.name)
        await begin(uow, refund)
    return await _view(uow, refund_id)


@routes.post("/patient-refunds/{refund_id}/refuse")
async def refuse_refund(refund_id: UUID, uow: Uow) -> RefundView:
    """A requested refund is not paid; 409 where it was approved already."""
    refund = await _lock(uow, refund_id)
    if refund.state in ("approved", "posted"):
        raise HTTPException(409, "the refund was approved")
    if refund.state == "requested":
        await refuse(uow, refund, "not-approved")
    return await _view(uow, refund_id)


@routes.get("/patient-refunds")
async def list_refunds(
    uow: Uow,
    state: Literal["requested", "approved", "posted", "refused"] | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    after: UUID | None = None,
) -> list[RefundView]:
    """In the order in which they were asked for; `after` is the last one of the page before."""
    found = await store.list_refunds(uow.db, uow.practice_id, state, limit, after)
    return [RefundView.of(refund) for refund in found]


def _same(command: AskRefund, known: Refund) -> RefundView:
    asked = (command.payment_id, command.method, command.cents)
    if asked != (known.payment_id, known.method, known.cents):
        raise HTTPException(409, "another refund has this refund_id")
    return RefundView.of(known)


def _check(command: AskRefund, payment: Payment) -> None:
    if command.cents > payment.credit_cents:
        raise HTTPException(409, "no claim has left as much of this payment")
    if command.method == "card" and payment.charge is None:
        raise HTTPException(422, "method: only what a card paid can go back to it")


async def _lock(uow: Uow, refund_id: UUID) -> Refund:
    refund = await store.lock_refund(uow.db, uow.practice_id, refund_id)
    if refund is None:
        raise HTTPException(404, "there is no such refund")
    return refund


async def _view(uow: Uow, refund_id: UUID) -> RefundView:
    refund = await store.find_refund(uow.db, uow.practice_id, refund_id)
    assert refund is not None
    return RefundView.of(refund)
