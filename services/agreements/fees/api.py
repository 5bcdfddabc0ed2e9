"""What the MSO has earned of a practice in a service month."""

from __future__ import annotations

from datetime import date

from fastapi import APIRouter, HTTPException

from libs.events.contracts import Contract
from libs.events.contracts.values import Month
from libs.service.http import Uow
from services.agreements.fees import store

routes = APIRouter(prefix="/fees", tags=["fees"])


class FeesView(Contract):
    """Sums over the fee ledger; `waiting`: payments for which no agreement is in force yet."""

    service_month: Month
    entries: int
    collected_cents: int
    """Net of what was taken back."""
    accrued_cents: int
    reversed_cents: int
    fee_cents: int
    """accrued_cents - reversed_cents."""
    waiting: int
    waiting_cents: int


@routes.get("")
async def show_fees(month: date, uow: Uow) -> FeesView:
    """The fees of one service month, written as its first day."""
    if month.day != 1:
        raise HTTPException(422, "a month is written as its first day")
    fees = await store.sum_fees(uow.db, uow.practice_id, month)
    waiting = await store.sum_waiting(uow.db, uow.practice_id, month)
    return FeesView(service_month=month, **dict(fees), **dict(waiting))
