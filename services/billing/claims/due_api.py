"""Claims that go out again by themselves, and what they wait for."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query

from libs.events.contracts import Contract
from libs.service.http import Uow
from services.billing.claims.due import list_due

routes = APIRouter(tags=["claims"])


class CorrectionDue(Contract):
    """A claim as the payer has it, and what is to be sent; nothing about its patient."""

    claim_id: UUID
    encounter_id: UUID | None
    control_number: str
    payer_id: str | None
    service_on: date
    charge_cents: int
    state: str
    payer_claim_number: str | None
    """The payer's own number, for REF*F8; None: not told yet."""
    kind: Literal["replace", "void"]
    event_id: UUID
    """The correction or void of the visit that makes it due, or the request."""
    asked_by: str | None
    """Who asked for it; None: the visit was changed."""
    waiting_for: str | None
    """payer-answer, payer-claim-number, void-rejected (resubmit it), further-payer (a person's to
    settle), or why a claim would be held; None: it goes out with the next interchange."""
    since: datetime


@routes.get("/corrections-due")
async def list_corrections_due(
    uow: Uow,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> list[CorrectionDue]:
    """What is to be replaced or voided at the payer, the longest waiting first."""
    rows = await list_due(uow.db, uow.practice_id, limit, offset)
    return [CorrectionDue(**row) for row in rows]
