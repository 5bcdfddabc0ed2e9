"""What the ledger holds: by account and service month, by age, and the months that are closed."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query

from libs.events.contracts import Contract
from libs.events.transport import UnitOfWork
from libs.service.http import Uow, known_caller
from libs.service.operators import Caller
from services.billing.ledger import closing, store
from services.billing.ledger.aging import Aged, Debtor, age

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


class AgedBalance(Contract):
    """What one debtor owes, in cents, by days since the service."""

    debtor: Debtor
    payer_id: str | None
    to_30_days: int
    to_60_days: int
    to_90_days: int
    to_120_days: int
    older: int
    total_cents: int

    @classmethod
    def of(cls, aged: Aged) -> AgedBalance:
        to_30, to_60, to_90, to_120, older = aged.cents
        return cls(
            debtor=aged.debtor,
            payer_id=aged.payer_id,
            to_30_days=to_30,
            to_60_days=to_60,
            to_90_days=to_90,
            to_120_days=to_120,
            older=older,
            total_cents=aged.total_cents,
        )


@routes.get("/aging")
async def show_aging(uow: Uow, on: date | None = None) -> list[AgedBalance]:
    """What payers, patients and agencies owed at the end of a day, today where none is named.

    Age counts from the day of service. A negative amount is owed back.
    """
    day = on or uow.now.date()
    return [
        AgedBalance.of(a) for a in age(await store.open_days(uow.db, uow.practice_id, day), day)
    ]


class ClosedAccount(Contract):
    """An account at the start of a closed month, and what was posted to it in the month."""

    opening_cents: int
    movement_cents: int


class ClosedMonth(Contract):
    """A month of the journal that is closed. `sha256` covers it and all months before it."""

    month: date
    entries: int
    sha256: str
    closed_by: str
    closed_at: datetime
    accounts: dict[str, ClosedAccount]


@routes.post("/months/{month}/close")
async def close_month(
    month: date, uow: Uow, caller: Annotated[Caller, Depends(known_caller)]
) -> ClosedMonth:
    """Close a calendar month, named by its first day; for an admin. Nothing opens it again.

    A closed month answers the same again; 409 says what has to come first.
    """
    if caller.role != "admin":
        raise HTTPException(403, "an admin closes a month")
    await closing.close_month(uow, month, caller.name)
    [made] = await _months(uow, month, 1)
    return made


@routes.get("/months")
async def list_months(
    uow: Uow, until: date | None = None, limit: Annotated[int, Query(ge=1, le=120)] = 24
) -> list[ClosedMonth]:
    """The closed months up to `until`, the latest first."""
    return await _months(uow, until, limit)


async def _months(uow: UnitOfWork, until: date | None, limit: int) -> list[ClosedMonth]:
    rows = await closing.list_months(uow.db, uow.practice_id, until, limit)
    return [_month(row) for row in rows]


def _month(row: dict[str, Any]) -> ClosedMonth:
    row["accounts"] = {
        name: ClosedAccount(opening_cents=opening, movement_cents=movement)
        for name, (opening, movement) in json.loads(row["accounts"] or "{}").items()
    }
    return ClosedMonth(**row)
