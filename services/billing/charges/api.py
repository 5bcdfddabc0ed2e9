"""Set a practice's fee schedule; visits that waited for a price go on."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, HTTPException, Request
from pydantic import Field, StringConstraints

from libs.events.contracts import Contract
from libs.events.contracts.values import PositiveCents, ProcedureCode
from libs.service.http import Uow, json_body
from services.billing.charges import store
from services.billing.charges.price_list import RefusedPricesError, read_prices
from services.billing.claims.release import release_held_claims

routes = APIRouter(prefix="/fee-schedules", tags=["fee schedules"])

LARGEST_LIST = 2 * 1024 * 1024
ModifiedCode = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{5}-[A-Z0-9]{2}$")]


class SetFeeSchedule(Contract):
    """What the practice charges per unit of a service, from a day on."""

    fee_schedule_id: UUID
    effective_on: date
    prices_cents: Annotated[dict[ProcedureCode, PositiveCents], Field(min_length=1)]
    modifier_prices_cents: dict[ModifiedCode, PositiveCents] = Field(
        default_factory=dict[ModifiedCode, PositiveCents]
    )
    """Of a code with a modifier, such as `71046-26`; it goes before the code's own price."""


class FeeSchedule(Contract):
    """A schedule that was loaded: how many prices it has."""

    fee_schedule_id: UUID
    effective_on: date
    prices: int


@routes.post("", status_code=201)
async def set_fee_schedule(
    command: Annotated[SetFeeSchedule, json_body(SetFeeSchedule)], uow: Uow
) -> SetFeeSchedule:
    """Add a dated schedule; the same again changes nothing, other content under its id is 409."""
    prices = command.prices_cents | command.modifier_prices_cents
    await _add(uow, command.fee_schedule_id, command.effective_on, prices)
    return command


@routes.put("/{fee_schedule_id}/prices.csv", status_code=201)
async def load_fee_schedule(
    fee_schedule_id: UUID, effective_on: date, request: Request, uow: Uow
) -> FeeSchedule:
    """Add a dated schedule from CSV: `code,modifier,price`, in dollars. Wholly or not at all."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_LIST:
            raise HTTPException(413, f"{LARGEST_LIST} bytes are the most")
    try:
        prices = read_prices(body.decode("utf-8"))
    except UnicodeDecodeError:
        raise HTTPException(422, "the list is not UTF-8") from None
    except RefusedPricesError as refused:
        raise HTTPException(422, str(refused)) from None
    await _add(uow, fee_schedule_id, effective_on, prices)
    return FeeSchedule(
        fee_schedule_id=fee_schedule_id, effective_on=effective_on, prices=len(prices)
    )


async def _add(uow: Uow, schedule_id: UUID, effective_on: date, prices: dict[str, int]) -> None:
    if not await store.add_schedule(uow.db, uow.practice_id, schedule_id, effective_on, prices):
        raise HTTPException(409, "another schedule has this fee_schedule_id or effective_on")
    await release_held_claims(uow)
