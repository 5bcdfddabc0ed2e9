"""Charge lag by clinician, late charges, and services that a correction added."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from libs.events.contracts import Contract
from libs.service.http import Uow
from services.billing.charges import lag_store
from services.billing.charges.lag import LagView, PostedVisit, lag_of
from services.billing.charges.model import added_services

routes = APIRouter(prefix="/charges", tags=["charges"])

LATE_AFTER_DAYS = 3
NOBODY = UUID(int=0)
LateAfter = Annotated[int, Query(ge=0, le=3650)]
Limit = Annotated[int, Query(ge=1, le=500)]


class ClinicianLag(Contract):
    """One clinician's; None: visits that name none."""

    provider_npi: str | None
    lag: LagView


class ChargeLag(Contract):
    """Of the visits whose charges were posted on these days (UTC), each once."""

    from_on: date
    to_on: date
    late_after_days: int
    practice: LagView
    clinicians: tuple[ClinicianLag, ...]


class LateCharge(Contract):
    """A visit whose charges came late; nothing about its patient."""

    claim_id: UUID
    encounter_id: UUID | None
    provider_npi: str | None
    service_on: date
    posted_on: date
    lag_days: int
    charge_cents: int


class AddedCharge(Contract):
    """Services of a visit that its payer was not asked for: the claim had left already."""

    claim_id: UUID
    encounter_id: UUID | None
    provider_npi: str | None
    service_on: date
    event_id: UUID
    """The correction of the visit, for which the claim is to be replaced."""
    units: dict[str, int]
    """By procedure."""


@routes.get("/lag")
async def show_lag(
    uow: Uow,
    from_on: Annotated[date, Query(alias="from")],
    to_on: Annotated[date, Query(alias="to")],
    late_after_days: LateAfter = LATE_AFTER_DAYS,
) -> ChargeLag:
    """From a day of posting on, and before another."""
    visits = await lag_store.list_posted(uow.db, uow.practice_id, from_on, to_on)
    by_clinician: dict[str, list[PostedVisit]] = {}
    for visit in visits:
        by_clinician.setdefault(visit.provider_npi or "", []).append(visit)
    return ChargeLag(
        from_on=from_on,
        to_on=to_on,
        late_after_days=late_after_days,
        practice=lag_of(visits, late_after_days),
        clinicians=tuple(
            ClinicianLag(provider_npi=npi or None, lag=lag_of(of_one, late_after_days))
            for npi, of_one in sorted(by_clinician.items())
        ),
    )


@routes.get("/late")
async def list_late(
    uow: Uow,
    late_after_days: LateAfter = LATE_AFTER_DAYS,
    after: UUID = NOBODY,
    limit: Limit = 100,
) -> list[LateCharge]:
    """Visits posted after more days than that (HFMA MAP Keys CL-2), by claim_id."""
    rows = await lag_store.list_late(uow.db, uow.practice_id, late_after_days, after, limit)
    return [LateCharge(**row) for row in rows]


@routes.get("/added")
async def list_added(uow: Uow, after: UUID = NOBODY, limit: Limit = 100) -> list[AddedCharge]:
    """What corrections added to visits whose claims had left, by claim_id: of those claims that are
    due to be replaced.
    """
    found: list[AddedCharge] = []
    while len(found) < limit:
        corrected = await lag_store.list_corrected(uow, after, limit)
        for row, before, lines in corrected:
            if units := added_services(before, lines):
                found.append(AddedCharge(**row, units=units))
        if len(corrected) < limit:
            break
        after = corrected[-1][0]["claim_id"]
    return found[:limit]
