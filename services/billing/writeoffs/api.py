"""Give a balance up: `POST /write-offs`, decided by one person or, over the limit, by two."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Query
from pydantic import Field

from libs.events.contracts import Contract
from libs.events.contracts.billing_ledger import OwedBy, WriteOffReason
from libs.events.contracts.values import ClaimId, PositiveCents, WriteOffId
from libs.service.http import Uow, json_body, known_caller
from libs.service.operators import Caller
from services.billing.writeoffs import store
from services.billing.writeoffs.decide import approve, decline, propose, take_back
from services.billing.writeoffs.model import (
    ALONE_CENTS,
    State,
    Wanted,
    WriteOff,
)

routes = APIRouter(tags=["write-offs"])
Person = Annotated[Caller, Depends(known_caller)]


class WriteOffPolicy(Contract):
    """What one person may write off of a claim, in cents; more takes a second person."""

    alone_cents: PositiveCents = ALONE_CENTS


class WriteBalanceOff(Contract):
    """Give up a part of what a payer or the patient owes of a claim. The caller names it."""

    write_off_id: WriteOffId
    claim_id: ClaimId
    owed_by: OwedBy
    reason: WriteOffReason
    cents: Annotated[int, Field(gt=0, le=10**15)]


class WriteOffView(Contract):
    """A write-off and the people who decided it; `decided_by` is the second one."""

    write_off_id: UUID
    claim_id: UUID
    owed_by: OwedBy
    payer_id: str | None
    reason: WriteOffReason
    cents: int
    state: State
    proposed_by: str
    proposed_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    reversed_by: str | None
    reversed_at: datetime | None

    @classmethod
    def of(cls, found: WriteOff) -> WriteOffView:
        return cls(**{name: getattr(found, name) for name in cls.model_fields})


@routes.get("/write-off-policy")
async def show_policy(uow: Uow) -> WriteOffPolicy:
    return WriteOffPolicy(alone_cents=await store.alone_cents(uow.db, uow.practice_id))


@routes.put("/write-off-policy")
async def set_policy(
    policy: Annotated[WriteOffPolicy, json_body(WriteOffPolicy)], uow: Uow, caller: Person
) -> WriteOffPolicy:
    """Only an admin says what one person may decide; what is proposed stays proposed."""
    if caller.role != "admin":
        raise HTTPException(403, "an admin sets this")
    await store.set_policy(uow.db, uow.practice_id, policy.alone_cents)
    return policy


@routes.post("/write-offs", status_code=201)
async def write_off(
    command: Annotated[WriteBalanceOff, json_body(WriteBalanceOff)], uow: Uow, caller: Person
) -> WriteOffView:
    """Posted at once, or `proposed` where it takes a second person; repeating changes nothing.

    404: no such claim; 409: more than is open, or another write-off has this id.
    """
    return WriteOffView.of(await propose(uow, Wanted(**command.model_dump()), caller.name))


@routes.get("/write-offs")
async def list_write_offs(
    uow: Uow,
    state: State | None = None,
    claim_id: UUID | None = None,
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[WriteOffView]:
    """The oldest first; `state=proposed` is what waits for a second person. `after` is the last
    write_off_id of the page before."""
    rows = await store.list_write_offs(
        uow.db, uow.practice_id, state=state, claim_id=claim_id, after=after, limit=limit
    )
    return [WriteOffView.of(found) for found in rows]


@routes.post("/write-offs/{write_off_id}/approve")
async def approve_write_off(write_off_id: UUID, uow: Uow, caller: Person) -> WriteOffView:
    """Another person than the one who proposed it agrees, and it is posted."""
    return WriteOffView.of(await approve(uow, write_off_id, caller.name))


@routes.post("/write-offs/{write_off_id}/decline")
async def decline_write_off(write_off_id: UUID, uow: Uow, caller: Person) -> WriteOffView:
    """Another person than the one who proposed it refuses; nothing is posted."""
    return WriteOffView.of(await decline(uow, write_off_id, caller.name))


@routes.post("/write-offs/{write_off_id}/reverse")
async def reverse_write_off(write_off_id: UUID, uow: Uow, caller: Person) -> WriteOffView:
    """Take it back, as when the money comes after all; the amount is open again."""
    return WriteOffView.of(await take_back(uow, write_off_id, caller.name))
