"""Tell what procedures and clinicians' work are worth; lines that waited for a value are valued."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, HTTPException
from pydantic import Field

from libs.events.contracts import Contract
from libs.events.contracts.values import Npi, ProcedureCode, Short
from libs.service.http import Uow, json_body
from services.payroll.productivity import record
from services.payroll.rates import store

rvu_tables = APIRouter(prefix="/rvu-tables", tags=["rates"])
compensation_plans = APIRouter(prefix="/compensation-plans", tags=["rates"])

WorkRvu = Annotated[int, Field(ge=0, le=1_000_000)]
"""Hundredths of a work RVU for one unit."""


class AddRvuTable(Contract):
    """Values from a day on; a code that is not named keeps the value that it had."""

    effective_on: date
    values: Annotated[dict[ProcedureCode, WorkRvu], Field(min_length=1, max_length=20_000)]
    source: Short = "practice"
    """Where the values come from, such as the release of the CMS relative value file."""


class AddCompensationPlan(Contract):
    """A clinician's conversion rate from a day on."""

    npi: Npi
    effective_on: date
    cents_per_work_rvu: Annotated[int, Field(ge=0, le=10_000_000)]


class RvuTableView(Contract):
    effective_on: date
    codes: int
    lines_recorded: int
    """Lines that had waited for one of these values."""


class CompensationPlanView(Contract):
    npi: str
    effective_on: date
    cents_per_work_rvu: int


@rvu_tables.post("", status_code=201)
async def add_rvu_table(
    command: Annotated[AddRvuTable, json_body(AddRvuTable)], uow: Uow
) -> RvuTableView:
    """Add values; the same again changes nothing, another value for a code and day is 409."""
    await store.hold_values(uow.db, uow.practice_id)
    if not await store.add_values(
        uow.db, uow.practice_id, command.effective_on, command.values, command.source
    ):
        raise HTTPException(409, "a code has another value from that day on")
    recorded = await record.record_waiting_lines(uow, list(command.values))
    return RvuTableView(
        effective_on=command.effective_on, codes=len(command.values), lines_recorded=recorded
    )


@compensation_plans.post("", status_code=201)
async def add_compensation_plan(
    command: Annotated[AddCompensationPlan, json_body(AddCompensationPlan)], uow: Uow
) -> CompensationPlanView:
    """Add a plan; lines recorded before keep their pay. 409: another rate from that day on."""
    if not await store.add_plan(
        uow.db, uow.practice_id, command.npi, command.effective_on, command.cents_per_work_rvu
    ):
        raise HTTPException(409, "the clinician has another rate from that day on")
    return CompensationPlanView(**dict(command))
