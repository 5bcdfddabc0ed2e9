"""What the ledger holds, per account and service month."""

from __future__ import annotations

from datetime import date

from fastapi import APIRouter

from libs.events.contracts import Contract
from libs.service.http import Uow
from services.billing.ledger import store

routes = APIRouter(prefix="/ledger", tags=["ledger"])


class AccountSum(Contract):
    """An account's balance from entries of one service month; debit above zero."""

    service_month: date | None
    account: str
    cents: int


@routes.get("/summary")
async def summarise_ledger(uow: Uow) -> list[AccountSum]:
    """Every account's balance by service month; all of them together are zero."""
    rows = await store.sum_by_account(uow.db, uow.practice_id)
    return [AccountSum(**row) for row in rows]
