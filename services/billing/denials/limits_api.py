"""How many days a payer leaves for appeals and corrected claims."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, HTTPException, Query
from pydantic import Field

from libs.events.contracts import Contract
from libs.events.contracts.values import PayerId
from libs.events.transport.database import Db
from libs.service.http import Uow, json_body

routes = APIRouter(prefix="/payer-limits", tags=["denials"])
Days = Annotated[int, Field(ge=1, le=3650)]

ADD = """
INSERT INTO payer_limit (practice_id, payer_limit_id, payer_id, effective_on, appeal_days,
                         next_appeal_days, correction_days)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING 1
"""
FIND = """
SELECT payer_limit_id, payer_id, effective_on, appeal_days, next_appeal_days, correction_days
  FROM payer_limit WHERE practice_id = $1 AND payer_limit_id = $2
"""
LIST = """
SELECT payer_limit_id, payer_id, effective_on, appeal_days, next_appeal_days, correction_days
  FROM payer_limit
 WHERE practice_id = $1 AND ($2::text IS NULL OR payer_id = $2)
   AND ($3::uuid IS NULL OR (payer_id, effective_on, payer_limit_id) >
        (SELECT payer_id, effective_on, payer_limit_id FROM payer_limit
          WHERE practice_id = $1 AND payer_limit_id = $3))
 ORDER BY payer_id, effective_on, payer_limit_id LIMIT $4
"""


class PayerLimit(Contract):
    """What the payer's contract or manual says, for decisions from `effective_on` on."""

    payer_limit_id: UUID
    payer_id: PayerId
    effective_on: date
    appeal_days: Days
    """From the payer's decision (835 BPR16) to the first appeal."""
    next_appeal_days: Days
    """From the answer to an appeal to the next one."""
    correction_days: Days
    """From the payer's decision to a corrected claim."""


@routes.post("", status_code=201)
async def set_payer_limit(
    command: Annotated[PayerLimit, json_body(PayerLimit)], uow: Uow
) -> PayerLimit:
    """Add dated limits for denials to come; the same again changes nothing, else 409."""
    added = await uow.db.fetchval(ADD, uow.practice_id, *command.model_dump().values())
    if not added and await _find(uow.db, uow.practice_id, command.payer_limit_id) != command:
        raise HTTPException(409, "other limits have this payer_limit_id, or payer and day")
    return command


@routes.get("")
async def list_payer_limits(
    uow: Uow,
    payer: PayerId | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    after: UUID | None = None,
) -> list[PayerLimit]:
    """By payer and day; `after`: the last `payer_limit_id` of the page before."""
    rows = await uow.db.fetch(LIST, uow.practice_id, payer, after, limit)
    return [PayerLimit(**dict(row)) for row in rows]


async def _find(db: Db, practice_id: UUID, payer_limit_id: UUID) -> PayerLimit | None:
    row = await db.fetchrow(FIND, practice_id, payer_limit_id)
    return PayerLimit(**dict(row)) if row else None
