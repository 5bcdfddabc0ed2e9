"""The catalogue of rules, a person's override, and how many claims were clean."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Query

from libs.events.contracts import Contract
from libs.service.http import Uow, json_body, known_caller
from libs.service.operators import Caller
from services.billing.claims.look_again import look_at
from services.billing.claims.model import Claim
from services.billing.claims.store import lock, lock_standing
from services.billing.scrub import store
from services.billing.scrub.catalogue import BY_ID, RULES
from services.billing.scrub.views import Because, CleanRate, EditView, RuleView

routes = APIRouter(tags=["scrubbing"])


class OverrideEdit(Contract):
    """Let a claim go in spite of a rule."""

    because: Because


@routes.get("/scrub-rules")
async def list_rules(_: Annotated[Caller, Depends(known_caller)]) -> list[RuleView]:
    """Every rule, in the order in which they are asked."""
    return [RuleView.of(rule) for rule in RULES]


@routes.get("/scrub/clean-rate")
async def show_clean_rate(
    uow: Uow,
    before: date | None = None,
    limit: Annotated[int, Query(ge=1, le=120)] = 24,
) -> list[CleanRate]:
    """By month of service, the latest first; `before` is the last month of the page before."""
    months = await store.count_months(uow.db, uow.practice_id, before, limit)
    return [CleanRate.of(**month) for month in months]


@routes.post("/claims/{claim_id}/edits/{rule_id}/override")
async def override_edit(
    claim_id: UUID,
    rule_id: str,
    command: Annotated[OverrideEdit, json_body(OverrideEdit)],
    uow: Uow,
    caller: Annotated[Caller, Depends(known_caller)],
) -> list[EditView]:
    """The claim, or its replacement, goes on without the rule, as its visit is now; a corrected
    visit is asked anew.

    Repeating is harmless; 409: the rule allows no override, or was overridden for another reason.
    """
    await lock_standing(uow.db, uow.practice_id)
    claim = await lock(uow.db, uow.practice_id, claim_id)
    if claim is None or claim.encounter_id is None or rule_id not in BY_ID:
        raise HTTPException(404, "there is no such edit")
    revision = await store.find_revision(uow.db, claim, rule_id)
    if revision is None:
        raise HTTPException(404, "there is no such edit")
    known = await store.find_override(uow.db, claim, revision, rule_id)
    if known is None:
        await _override(claim, revision, rule_id, command.because, uow, caller.name)
    elif known != command.because:
        raise HTTPException(409, "the edit was overridden for another reason")
    edits = await store.list_edits(uow.db, uow.practice_id, claim_id)
    return [EditView(**edit) for edit in edits]


async def _override(
    claim: Claim, revision: int, rule_id: str, because: Because, uow: Uow, by: str
) -> None:
    if not await store.is_stopped_by(uow.db, claim, rule_id):
        raise HTTPException(404, "there is no such edit")
    if not BY_ID[rule_id].overridable:
        raise HTTPException(409, "this rule allows no override; mend what it found")
    await store.add_override(uow.db, claim, revision, rule_id, because, by, uow.now)
    await look_at(uow, claim)
