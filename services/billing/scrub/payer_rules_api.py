"""Which procedures payers want to agree to beforehand, as the practice enters it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Query
from pydantic import Field

from libs.events.contracts import Contract
from libs.events.contracts.values import PayerId, ProcedureCode
from libs.service.http import Uow, json_body, known_caller
from libs.service.operators import Caller
from services.billing.claims.release import release_held_claims
from services.billing.scrub.payer_rules import ADD_RULE

routes = APIRouter(prefix="/payer-rules", tags=["scrubbing"])

FIND_RULE = """
SELECT payer_rule_id, payer_id, effective_on, authorization_codes
  FROM payer_rule WHERE practice_id = $1 AND payer_rule_id = $2
"""
LIST_RULES = """
SELECT payer_rule_id, payer_id, effective_on, authorization_codes, told_at, told_by
  FROM payer_rule WHERE practice_id = $1 AND ($2::text IS NULL OR payer_id = $2)
   AND ($3::uuid IS NULL OR payer_rule_id > $3)
 ORDER BY payer_rule_id LIMIT $4
"""


class SetPayerRule(Contract):
    """What a payer wants of services from a day on, until a later one is told.

    Of two with the same payer and day the one that was told last counts.
    """

    payer_rule_id: UUID
    payer_id: PayerId
    effective_on: date
    authorization_codes: Annotated[tuple[ProcedureCode, ...], Field(max_length=5000)]
    """Procedures for which the payer wants an authorization."""


class PayerRuleView(SetPayerRule):
    """A payer's rule, and who told it."""

    told_at: datetime
    told_by: str


@routes.post("", status_code=201)
async def set_payer_rule(
    command: Annotated[SetPayerRule, json_body(SetPayerRule)],
    uow: Uow,
    caller: Annotated[Caller, Depends(known_caller)],
) -> SetPayerRule:
    """Held claims are looked at again. The same again changes nothing; other content is 409."""
    row = tuple(getattr(command, name) for name in SetPayerRule.model_fields)
    await uow.db.execute(ADD_RULE, uow.practice_id, *row, uow.now, caller.name)
    kept = await uow.db.fetchrow(FIND_RULE, uow.practice_id, command.payer_rule_id)
    assert kept is not None
    if SetPayerRule(**_told(kept.items())) != command:
        raise HTTPException(409, "another rule has this payer_rule_id")
    await release_held_claims(uow)
    return command


@routes.get("")
async def list_payer_rules(
    uow: Uow,
    payer_id: str | None = None,
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[PayerRuleView]:
    """In the order of their ids; `after` is the last one of the page before."""
    rows = await uow.db.fetch(LIST_RULES, uow.practice_id, payer_id, after, limit)
    return [PayerRuleView(**_told(row)) for row in rows]


def _told(row: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    told = dict(row)
    return {**told, "authorization_codes": tuple(told["authorization_codes"])}
