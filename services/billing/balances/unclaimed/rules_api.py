"""A practice's own rules for states of which none is on file, or another than on file."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Query

from libs.service.http import Uow, json_body, known_caller
from libs.service.operators import Caller
from services.billing.balances.unclaimed import store
from services.billing.balances.unclaimed.model import Rule
from services.billing.balances.unclaimed.states import STATES

routes = APIRouter(prefix="/unclaimed-property-rules", tags=["unclaimed property"])


class SetRule(Rule):
    """What the practice was told of a state's law, and by whom (`source`)."""

    rule_id: UUID


@routes.post("", status_code=201)
async def set_rule(command: Annotated[SetRule, json_body(SetRule)], uow: Uow) -> SetRule:
    """Add a dated rule; the same again changes nothing, else 409."""
    rule = Rule(**command.model_dump(exclude={"rule_id"}))
    if not await store.add_rule(uow.db, uow.practice_id, command.rule_id, rule):
        raise HTTPException(409, "another rule has this rule_id, or state and effective_on")
    return command


@routes.get("")
async def list_rules(
    uow: Uow,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    after: UUID | None = None,
) -> list[SetRule]:
    """The practice's own, by rule_id; `after` is the last one of the page before."""
    rows = await store.list_rules(uow.db, uow.practice_id, limit, after)
    return [SetRule(**row) for row in rows]


@routes.get("/on-file")
async def list_rules_on_file(_: Annotated[Caller, Depends(known_caller)]) -> list[Rule]:
    """What the practice's own go before; a state that is not here is unknown."""
    return list(STATES.values())
