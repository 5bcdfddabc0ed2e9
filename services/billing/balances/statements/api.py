"""Statements as their patients read them, and good faith estimates given to those who pay alone."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, HTTPException, Query, Response

from libs.events.contracts import Contract
from libs.events.contracts.values import PatientId, PositiveCents
from libs.service.http import Uow, json_body
from services.billing.balances.policy.store import find_policy
from services.billing.balances.statements import store
from services.billing.balances.statements.issue import begin_series
from services.billing.balances.statements.render import HEADERS, render_page, render_statement
from services.billing.balances.store import lock_account
from services.billing.patients.store import list_charts

routes = APIRouter(tags=["statements"])


class StatementView(Contract):
    """A statement without what it says of its patient."""

    statement_id: UUID
    account_id: UUID
    notice: str
    issued_on: date
    due_on: date
    balance_cents: int


class GiveEstimate(Contract):
    """What a self-pay patient was told to expect for a day of service (45 CFR 149.610)."""

    estimate_id: UUID
    account_id: PatientId
    service_on: date
    given_on: date
    expected_cents: PositiveCents


@routes.get("/statements")
async def list_statements(
    uow: Uow,
    account_id: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    after: UUID | None = None,
) -> list[StatementView]:
    """In the order in which they were made; `after` is the last one of the page before."""
    charts = None
    if account_id is not None:
        charts = await list_charts(uow.db, uow.practice_id, account_id)
    rows = await store.list_statements(uow.db, uow.practice_id, charts, limit, after)
    return [StatementView(**row) for row in rows]


@routes.post("/patients/{patient_id}/statements", status_code=201)
async def send_statement_now(patient_id: UUID, uow: Uow) -> list[StatementView]:
    """Do not wait for the cycle; nothing is made where the series runs already, or too little is
    due. Answers with the account's statements."""
    policy = await find_policy(uow.db, uow.practice_id)
    if policy is None:
        raise HTTPException(409, "set the balance policy first")
    account = await lock_account(uow.db, uow.practice_id, patient_id)
    await begin_series(uow, policy, account)
    rows = await store.list_statements(uow.db, uow.practice_id, account.charts, 500, None)
    return [StatementView(**row) for row in rows]


@routes.get("/statements/{statement_id}.html")
async def show_statement_page(statement_id: UUID, uow: Uow) -> Response:
    """An accessible page that asks for nothing else."""
    found = await store.read_statement(uow, statement_id)
    if found is None:
        raise HTTPException(404, "there is no such statement")
    return Response(render_page(found[1]), media_type="text/html", headers=HEADERS)


@routes.get("/statements/{statement_id}.pdf")
async def show_statement(statement_id: UUID, uow: Uow) -> Response:
    """The same, tagged (PDF/UA-1), for print and mail."""
    found = await store.read_statement(uow, statement_id)
    if found is None:
        raise HTTPException(404, "there is no such statement")
    issued_at, content = found
    return Response(
        render_statement(content, issued_at), media_type="application/pdf", headers=HEADERS
    )


@routes.post("/good-faith-estimates", status_code=201)
async def give_estimate(
    command: Annotated[GiveEstimate, json_body(GiveEstimate)], uow: Uow
) -> GiveEstimate:
    """Kept for the comparison on a statement; the latest one for a day of service counts."""
    added = await store.add_estimate(
        uow.db, uow.practice_id, command.estimate_id, command.account_id, command.service_on,
        command.given_on, command.expected_cents,
    )  # fmt: skip
    if not added:
        raise HTTPException(409, "another estimate has this estimate_id")
    return command
