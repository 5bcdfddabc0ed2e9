"""The work list of answers that moved nothing by themselves."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Query

from libs.events.contracts import Contract
from libs.service.http import Uow, known_caller
from libs.service.operators import Caller
from services.billing.answers.held import list_held, settle
from services.billing.answers.model import HeldReason
from services.billing.x12 import in_words

routes = APIRouter(prefix="/held-answers", tags=["answers"])


class HeldAnswer(Contract):
    """What a payer said, or could not be asked, that somebody has to look at."""

    held_answer_id: UUID
    source: str
    """TA1, 277CA, 277, or 276 for a question that cannot be written."""
    reason: HeldReason
    reference: str
    """What the payer calls it (TRN02); of a claim of ours its control number, of an interchange
    ISA13."""
    claim_id: UUID | None
    category: str | None
    code: str | None
    in_words: str
    expected_cents: int | None
    """The claim's charge."""
    told_cents: int | None
    held_at: datetime
    settled_by: str | None
    settled_at: datetime | None


@routes.get("")
async def list_held_answers(
    uow: Uow,
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[HeldAnswer]:
    """What nobody has settled yet, the longest waiting first; `after`: the last id of the page
    before."""
    rows = await list_held(uow.db, uow.practice_id, after, limit)
    return [_view(row) for row in rows]


@routes.post("/{held_answer_id}/settle")
async def settle_held_answer(
    held_answer_id: UUID, uow: Uow, caller: Annotated[Caller, Depends(known_caller)]
) -> HeldAnswer:
    """Somebody dealt with it; repeating keeps who was first."""
    row = await settle(uow.db, uow.practice_id, held_answer_id, caller.name, uow.now)
    if row is None:
        raise HTTPException(404, "there is no such held answer")
    return _view(row)


def _view(row: dict[str, Any]) -> HeldAnswer:
    category = row["category"]
    words = in_words(row["source"], category, row["code"]) if category else ""
    return HeldAnswer.model_validate({**row, "in_words": words})
