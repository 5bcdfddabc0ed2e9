"""Clinicians' work in a month, and the codes that lines wait for."""

from __future__ import annotations

from datetime import date

from fastapi import APIRouter, HTTPException

from libs.events.contracts import Contract
from libs.service.http import Uow
from services.payroll.productivity import store

routes = APIRouter(prefix="/productivity", tags=["productivity"])


class ClinicianView(Contract):
    """One clinician's month; the name is None until credentialing has told it."""

    provider_npi: str
    family: str | None
    given: str | None
    visits: int
    waiting: int
    """Visits among them that wait for the value of a code."""
    work_rvu_hundredths: int
    pay_cents: int


class UnvaluedView(Contract):
    """A code without a value, and the waiting lines that it holds up."""

    procedure_code: str
    lines: int
    since: date


@routes.get("")
async def show_productivity(month: date, uow: Uow) -> list[ClinicianView]:
    """The clinicians' work in a service month, written as its first day."""
    if month.day != 1:
        raise HTTPException(422, "a month is written as its first day")
    rows = await store.sum_by_clinician(uow.db, uow.practice_id, month)
    return [ClinicianView(**dict(row)) for row in rows]


@routes.get("/unvalued")
async def list_unvalued_codes(uow: Uow) -> list[UnvaluedView]:
    """What a person must enter so that no line waits."""
    rows = await store.count_unvalued(uow.db, uow.practice_id)
    return [UnvaluedView(**dict(row)) for row in rows]
