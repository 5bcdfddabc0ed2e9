"""Tell what procedures and clinicians' work are worth; lines that waited for a value are valued."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, HTTPException
from pydantic import Field

from libs.events.contracts import Contract
from libs.events.contracts.values import Npi, ProcedureCode, Short
from libs.service.http import Uow, json_body
from services.payroll.productivity import record
from services.payroll.rates import store
from services.payroll.rates.model import CompensationPlan, RvuTable

rvu_tables = APIRouter(prefix="/rvu-tables", tags=["rates"])
compensation_plans = APIRouter(prefix="/compensation-plans", tags=["rates"])

WorkRvu = Annotated[int, Field(ge=0, le=1_000_000)]
"""Hundredths of a work RVU for one unit."""


class AddRvuTable(Contract):
    """Values from a day on; a code that is not named keeps the value that it had."""

    rvu_table_id: UUID
    effective_on: date
    work_rvu_hundredths: Annotated[
        dict[ProcedureCode, WorkRvu], Field(min_length=1, max_length=20_000)
    ]
    source: Short = "practice"
    """Where the values come from, such as the release of the CMS relative value file."""


class AddCompensationPlan(Contract):
    """A clinician's conversion rate from a day on."""

    compensation_plan_id: UUID
    npi: Npi
    effective_on: date
    cents_per_work_rvu: Annotated[int, Field(ge=0, le=10_000_000)]


class RvuTableView(Contract):
    rvu_table_id: UUID
    effective_on: date
    source: str
    codes: int


class CompensationPlanView(Contract):
    compensation_plan_id: UUID
    npi: str
    effective_on: date
    cents_per_work_rvu: int


@rvu_tables.post("", status_code=201)
async def add_rvu_table(
    command: Annotated[AddRvuTable, json_body(AddRvuTable)], uow: Uow
) -> RvuTableView:
    """Add values; 409 where the id has other content, or a code another value from that day on."""
    await store.hold_values(uow.db, uow.practice_id)
    table = RvuTable(**dict(command))
    kept = await store.find_table(uow.db, uow.practice_id, table.rvu_table_id)
    if kept is not None and kept != table:
        raise HTTPException(409, "this rvu_table_id was added with other content")
    if kept is None:
        if not await store.add_table(uow.db, uow.practice_id, table):
            raise HTTPException(409, "a code has a value from that day on in another table")
        await record.record_waiting_lines(uow, list(table.work_rvu_hundredths))
    return RvuTableView(
        rvu_table_id=table.rvu_table_id,
        effective_on=table.effective_on,
        source=table.source,
        codes=len(table.work_rvu_hundredths),
    )


@compensation_plans.post("", status_code=201)
async def add_compensation_plan(
    command: Annotated[AddCompensationPlan, json_body(AddCompensationPlan)], uow: Uow
) -> CompensationPlanView:
    """Add a plan; lines recorded before keep their pay. 409: other content or a taken day."""
    plan = CompensationPlan(**dict(command))
    kept = await store.add_plan(uow.db, uow.practice_id, plan)
    if kept is None:
        raise HTTPException(409, "the clinician has another plan from that day on")
    if kept != plan:
        raise HTTPException(409, "this compensation_plan_id was added with other content")
    return CompensationPlanView(**dict(command))
