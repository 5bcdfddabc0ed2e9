"""The dashboard's pages: all practices, one practice, one figure with the events behind it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, Response

from libs.service.http import find_caller, read_uow, signed_in
from libs.service.operators import Caller
from services.analytics.dashboard import charts, views
from services.analytics.dashboard.events import list_events
from services.analytics.dashboard.render import Page, not_found, render
from services.analytics.dashboard.views import Scope
from services.analytics.figures.definitions import BY_NAME
from services.analytics.figures.model import Months, add_up
from services.analytics.scorecard import store
from services.analytics.scorecard.access import practices_of, read_month

routes = APIRouter(include_in_schema=False)


def page_caller(request: Request) -> Caller:
    """The caller of a page; a page that refreshes itself after the session's end is led away."""
    if find_caller(request) is None and "hx-request" in request.headers:
        raise HTTPException(401, "sign in again", {"HX-Redirect": "/sign-in"})
    return signed_in(request)


PageCaller = Annotated[Caller, Depends(page_caller)]


@routes.get("/")
async def show_overview(request: Request, caller: PageCaller, month: str | None = None) -> Response:
    """A row per practice, and all of them together."""
    names = await practices_of(request, caller)
    async with read_uow(request, list(names)) as db:
        scorecards = await store.read_scorecards(db)
        page = await Page.of(request, caller, db)
    total: Months = add_up(list(scorecards.values()))
    choice = views.choose_month(total, read_month(month) if month else None)
    if choice is None:
        return render("nothing.html", page)
    scopes = [Scope(practice_id, name, (practice_id,)) for practice_id, name in names.items()]
    return render(
        "overview.html",
        page,
        choice=choice,
        rows=[
            views.make_row(scope, scorecards.get(scope.practices[0], {}), choice.chosen)
            for scope in scopes
        ],
        total=views.make_row(Scope(None, "All practices", tuple(names)), total, choice.chosen),
    )


@routes.get("/practices/{practice_id}")
async def show_practice(
    practice_id: UUID, request: Request, caller: PageCaller, month: str | None = None
) -> Response:
    """One practice's figures, and what became of its charges."""
    names = await practices_of(request, caller)
    if practice_id not in names:
        return not_found("There is no such practice.")
    scope = Scope(practice_id, names[practice_id], (practice_id,))
    async with read_uow(request, [practice_id]) as db:
        months: Months = (await store.read_scorecards(db)).get(practice_id, {})
        page = await Page.of(request, caller, db)
    choice = views.choose_month(months, read_month(month) if month else None)
    if choice is None:
        return render("nothing.html", page)
    bar, shares = views.what_became(scope, months, choice.chosen)
    return render(
        "practice.html",
        page,
        scope=scope,
        choice=choice,
        bar=bar,
        shares=shares,
        groups=views.make_tiles(scope, months, choice.chosen),
    )


@routes.get("/practices/{scope_key}/figures/{figure_name}")
async def show_figure(
    scope_key: str,
    figure_name: str,
    request: Request,
    caller: PageCaller,
    month: str | None = None,
    part: str | None = None,
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
) -> HTMLResponse:
    """A figure's formula with the numbers put in, and the events that each number is a sum of."""
    names = await practices_of(request, caller)
    scope = _find_scope(scope_key, names)
    figure = BY_NAME.get(figure_name)
    chosen_part = figure and (figure.part(part) if part else figure.parts[0])
    if scope is None or figure is None or chosen_part is None:
        return not_found("There is no such figure.")
    async with read_uow(request, list(scope.practices)) as db:
        months: Months = add_up(list((await store.read_scorecards(db)).values()))
        choice = views.choose_month(months, read_month(month) if month else None)
        shown = await Page.of(request, caller, db)
        if choice is None:
            return render("nothing.html", shown)
        events = await list_events(db, scope, figure, chosen_part, months, choice.chosen, page)
        positions = await store.read_positions(db) if caller.practices is None else []
    points = views.trend_points(figure, months, choice.chosen)
    return render(
        "figure.html",
        shown,
        scope=scope,
        names=names,
        choice=choice,
        cell=views.make_cell(figure, scope, months, choice.chosen),
        worded=views.worded(figure, months, choice.chosen),
        charts=[
            (kind, views.draw_trend(figure, points, choice.chosen, f"trend-{kind}", size))
            for kind, size in (("wide", charts.WIDE), ("narrow", charts.NARROW))
        ],
        table=views.trend_table(figure, points),
        events=events,
        positions=positions,
    )


def _find_scope(key: str, names: dict[UUID, str]) -> Scope | None:
    if key == "all":
        return Scope(None, "All practices", tuple(names))
    try:
        practice_id = UUID(key)
    except ValueError:
        return None
    if practice_id not in names:
        return None
    return Scope(practice_id, names[practice_id], (practice_id,))
