"""Set a practice's fee schedule; visits that waited for a price go on."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, HTTPException
from pydantic import Field

from libs.events.contracts import Contract
from libs.events.contracts.values import PositiveCents, ProcedureCode
from libs.service.http import Uow, json_body
from services.billing.charges import store
from services.billing.claims.release import release_held_claims

routes = APIRouter(prefix="/fee-schedules", tags=["fee schedules"])


class SetFeeSchedule(Contract):
    """What the practice charges per unit of a service, from a day on."""

    fee_schedule_id: UUID
    effective_on: date
    prices_cents: Annotated[dict[ProcedureCode, PositiveCents], Field(min_length=1)]


@routes.post("", status_code=201)
async def set_fee_schedule(
    command: Annotated[SetFeeSchedule, json_body(SetFeeSchedule)], uow: Uow
) -> SetFeeSchedule:
    """Add a dated schedule; the same again changes nothing, other content under its id is 409."""
    added = await store.add_schedule(
        uow.db, uow.practice_id, command.fee_schedule_id, command.effective_on,
        command.prices_cents,
    )  # fmt: skip
    if not added:
        raise HTTPException(409, "another schedule has this fee_schedule_id or effective_on")
    await release_held_claims(uow)
    return command
