"""What patients were let off, and taking it back."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, HTTPException, Query

from libs.events.contracts import Contract
from libs.service.http import Uow
from services.billing.balances.store import account_of, lock_account, lock_balances
from services.billing.balances.write_offs import book, store
from services.billing.balances.write_offs.store import WriteOff

routes = APIRouter(prefix="/patient-write-offs", tags=["patient write-offs"])


class WriteOffView(Contract):
    """So much of a claim that the practice gave up; `reversed`: it is owed again."""

    write_off_id: UUID
    account_id: UUID
    claim_id: UUID
    service_month: date
    cents: int
    reason: str
    written_off_on: date
    reversed: bool

    @classmethod
    def of(cls, made: WriteOff) -> WriteOffView:
        return cls(**{name: getattr(made, name) for name in cls.model_fields})


@routes.get("")
async def list_write_offs(
    uow: Uow,
    account_id: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    after: UUID | None = None,
) -> list[WriteOffView]:
    """In the order in which they were made; `after` is the last one of the page before."""
    charts = None
    if account_id is not None:
        _, charts = await account_of(uow.db, uow.practice_id, account_id)
    found = await store.list_write_offs(uow.db, uow.practice_id, charts, limit, after)
    return [WriteOffView.of(made) for made in found]


@routes.post("/{write_off_id}/reverse")
async def reverse_write_off(write_off_id: UUID, uow: Uow) -> WriteOffView:
    """The patient owes it again, such as where an application for charity care was untrue."""
    made = await store.find_write_off(uow.db, uow.practice_id, write_off_id)
    if made is None:
        raise HTTPException(404, "there is no such write-off")
    account_id, charts = await account_of(uow.db, uow.practice_id, made.account_id)
    await lock_account(uow.db, uow.practice_id, account_id)
    await lock_balances(uow.db, uow.practice_id, charts)
    made = await store.find_write_off(uow.db, uow.practice_id, write_off_id)
    assert made is not None
    if not made.reversed:
        await book.reverse(uow, made)
        made = await store.find_write_off(uow.db, uow.practice_id, write_off_id)
        assert made is not None
    return WriteOffView.of(made)
