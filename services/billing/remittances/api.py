"""The work list: money and decisions that fit no claim of ours."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from libs.events.contracts import Contract
from libs.service.http import Uow
from services.billing.remittances import store

routes = APIRouter(prefix="/unmatched-remittances", tags=["remittances"])


class UnmatchedRemittance(Contract):
    """A remitted claim that a person must look at; its money stands in unapplied cash."""

    remittance_id: UUID
    place: int
    """Counted through the file: which of its claims."""
    control_number: str
    status: str
    """CLP02, claim status code."""
    paid_cents: int
    reason: str
    payer_id: str
    trace_number: str
    paid_on: date
    warning: str | None


@routes.get("")
async def list_unmatched_remittances(
    uow: Uow,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> list[UnmatchedRemittance]:
    """Oldest first."""
    rows = await store.list_unmatched(uow.db, uow.practice_id, limit, offset)
    return [UnmatchedRemittance(**row) for row in rows]
