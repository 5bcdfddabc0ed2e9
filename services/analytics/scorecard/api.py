"""The scorecards as JSON, for machines."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Request

from libs.events.contracts import Contract
from libs.events.contracts.values import Month
from libs.service.http import known_caller, read_uow
from libs.service.operators import Caller
from services.analytics.figures.definitions import FIGURES
from services.analytics.figures.model import Months, work_out
from services.analytics.scorecard import store
from services.analytics.scorecard.access import practice_of, practices_of, read_month

routes = APIRouter(prefix="/scorecards", tags=["scorecards"])

FigureValues = dict[str, int | Decimal | None]
"""By figure: cents and counts as integers, percent, days and wRVU as decimal texts."""


class ScorecardView(Contract):
    """A practice's service month: its figures and the raw counters that they are made of."""

    practice_id: UUID
    practice: str
    service_month: Month
    figures: FigureValues
    counters: dict[str, int]
    events_read: int
    """How many events the scorecard has taken in, of all practices."""
    moved_at: datetime | None


@routes.get("")
async def list_scorecards(
    request: Request,
    caller: Annotated[Caller, Depends(known_caller)],
    month: str | None = None,
) -> dict[UUID, dict[date, FigureValues]]:
    """practice → service month → figure → value, of every practice that the caller may see."""
    wanted = read_month(month) if month else None
    practices = await practices_of(request, caller)
    async with read_uow(request, list(practices)) as db:
        scorecards = await store.read_scorecards(db)
    return {
        practice_id: {
            each: _figures(scorecards.get(practice_id, {}), each)
            for each in scorecards.get(practice_id, {})
            if wanted in (None, each)
        }
        for practice_id in practices
    }


@routes.get("/{practice_id}/{month}")
async def show_scorecard(
    practice_id: UUID,
    month: str,
    request: Request,
    caller: Annotated[Caller, Depends(known_caller)],
) -> ScorecardView:
    """One practice's service month, with the counters; 404 where nothing is known of it."""
    service_month = read_month(month)
    name = await practice_of(request, caller, practice_id)
    async with read_uow(request, [practice_id]) as db:
        months = (await store.read_scorecards(db)).get(practice_id, {})
        stamp = await store.read_stamp(db)
    if service_month not in months:
        raise HTTPException(404, "there is no scorecard of this month")
    return ScorecardView(
        practice_id=practice_id,
        practice=name,
        service_month=service_month,
        figures=_figures(months, service_month),
        counters=months[service_month],
        events_read=stamp.events,
        moved_at=stamp.moved_at,
    )


def _figures(months: Months, month: date) -> FigureValues:
    return {figure.name: work_out(figure, months, month) for figure in FIGURES}
