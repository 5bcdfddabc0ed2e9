"""The practice's bank account, as far as payers' money comes in."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import Field, StringConstraints

from libs.events.contracts import Contract
from libs.events.contracts.values import DepositId
from libs.service.http import Uow, json_body, known_caller
from libs.service.operators import Caller
from services.billing.deposits import store
from services.billing.deposits.handlers import record_deposit
from services.billing.deposits.model import Deposit, DepositState, Remittance
from services.billing.deposits.store import Recorded

routes = APIRouter(prefix="/deposits", tags=["deposits"])
Trace = Annotated[str, StringConstraints(pattern=r"^[!-~]([ -~]{0,48}[!-~])?$")]


class RecordDeposit(Contract):
    """Money that came: an electronic payment with its addenda's TRN, or a check."""

    deposit_id: DepositId
    deposited_on: date
    cents: Annotated[int, Field(ge=1, le=10**13)]
    trace_number: Trace
    """TRN02 of the addenda record, or the check's number."""
    payer_trace_id: Trace | None = None
    """TRN03 of the addenda record."""


class DepositView(Contract):
    """A deposit; `waiting` for its remittance, or it `differs` from the one that it names."""

    deposit_id: UUID
    deposited_on: date
    cents: int
    trace_number: str
    payer_trace_id: str | None
    state: DepositState
    remittance_id: UUID | None
    difference_cents: int | None
    """The deposit less the payment."""
    recorded_by: str
    recorded_at: datetime

    @classmethod
    def of(cls, recorded: Recorded) -> DepositView:
        deposit, found = recorded.deposit, recorded.found
        return cls(
            deposit_id=deposit.deposit_id,
            deposited_on=deposit.deposited_on,
            cents=deposit.cents,
            trace_number=deposit.trace_number,
            payer_trace_id=deposit.payer_trace_id,
            state=found.state,
            remittance_id=found.remittance_id,
            difference_cents=found.difference_cents,
            recorded_by=recorded.recorded_by,
            recorded_at=recorded.recorded_at,
        )


class MissingDeposit(Contract):
    """A payment that an 835 told of, and the bank does not have."""

    remittance_id: UUID
    payer_id: str
    trace_number: str
    paid_on: date
    payment_cents: int

    @classmethod
    def of(cls, remittance: Remittance) -> MissingDeposit:
        return cls(**{name: getattr(remittance, name) for name in cls.model_fields})


@routes.post("", status_code=201)
async def take_deposit(
    command: Annotated[RecordDeposit, json_body(RecordDeposit)],
    uow: Uow,
    caller: Annotated[Caller, Depends(known_caller)],
) -> DepositView:
    """Record a deposit and match it with its remittance; repeating is harmless."""
    deposit = Deposit(
        deposit_id=command.deposit_id,
        deposited_on=command.deposited_on,
        cents=command.cents,
        trace_number=command.trace_number,
        payer_trace_id=command.payer_trace_id,
    )
    return DepositView.of(await record_deposit(uow, deposit, caller.name))


@routes.get("")
async def list_deposits(
    uow: Uow,
    state: DepositState | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    after: UUID | None = None,
) -> list[DepositView]:
    """Oldest first; `after` is the last one seen."""
    rows = await store.list_deposits(uow.db, uow.practice_id, state, after, limit)
    return [DepositView.of(row) for row in rows]


@routes.get("/missing")
async def list_missing_deposits(
    uow: Uow,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    after: UUID | None = None,
) -> list[MissingDeposit]:
    """Payments that were told as missing and have not come since, the oldest first."""
    rows = await store.list_missing(uow.db, uow.practice_id, after, limit)
    return [MissingDeposit.of(row) for row in rows]
