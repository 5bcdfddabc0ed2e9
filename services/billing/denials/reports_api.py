"""Root causes and measures of denials."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query

from libs.events.contracts import Contract
from libs.events.contracts.billing_denials import DenialCategory
from libs.service.http import Uow
from services.billing.denials.cursor import After, next_cursor, read_cursor
from services.billing.denials.reports import sum_months, sum_root_causes

routes = APIRouter(prefix="/denials", tags=["denials"])
MOST_MONTHS = 36
Limit = Annotated[int, Query(ge=1, le=500)]


class RootCause(Contract):
    """Denials of one payer, category, reason, procedure and clinician."""

    payer_id: str
    category: DenialCategory
    reason: str
    """The claim adjustment reason code (CARC)."""
    procedure_code: str | None
    provider_npi: str | None
    denials: int
    denied_cents: int
    recovered_cents: int
    recoverable_cents: int
    days_to_resolve: float | None
    """From opened to closed, on average; None: none is closed."""
    rule_id: str | None
    """The rule of the scrubber that would have caught them."""


class RootCauses(Contract):
    causes: tuple[RootCause, ...]
    next: str | None


class Measures(Contract):
    """A month in the measures of HFMA: its MAP Keys and its Claim Integrity Task Force (2021).

    `initial_denial_rate`: claims denied, wholly or in part, by their payer's first decision, of
    the claims first decided in the month. HFMA divides by claims submitted, averaged over three
    months; here each decided claim counts once, so that no rate is above one.
    `initial_denial_rate_by_charges`: the same, weighted by the claims' charges.
    `denial_write_off_rate` (MAP Key AR-6): denied amounts that were given up in the month, of net
    patient service revenue, which is charges less contractual adjustments posted in the month.
    `overturn_rate`: appeals that were answered in the month and won, wholly or in part, of all
    that were answered. None: there is nothing to divide by.
    """

    month: date
    decided_claims: int
    denied_claims: int
    initial_denial_rate: float | None
    decided_charge_cents: int
    denied_charge_cents: int
    initial_denial_rate_by_charges: float | None
    given_up_cents: int
    net_revenue_cents: int
    denial_write_off_rate: float | None
    answered_appeals: int
    won_appeals: int
    overturn_rate: float | None


@routes.get("/root-causes")
async def report_root_causes(
    uow: Uow,
    first: Annotated[date, Query(alias="from")],
    end: Annotated[date, Query(alias="to")],
    limit: Limit = 100,
    after: After = None,
) -> RootCauses:
    """Of the denials opened from `from` to before `to`; those of the most cents first."""
    place = read_cursor(after)
    rows = await sum_root_causes(uow.db, uow.practice_id, first, end, place, limit)
    places = [(row["denied_cents"], row.pop("place")) for row in rows]
    found = tuple(RootCause(**row) for row in rows)
    return RootCauses(causes=found, next=next_cursor(places, limit))


@routes.get("/measures")
async def report_measures(
    uow: Uow,
    first: Annotated[date, Query(alias="from")],
    last: Annotated[date, Query(alias="to")],
) -> list[Measures]:
    """Month by month, from the month of `from` to that of `to`."""
    first, last = first.replace(day=1), last.replace(day=1)
    months = (last.year - first.year) * 12 + last.month - first.month
    if not 0 <= months < MOST_MONTHS:
        raise HTTPException(422, f"from the first to the last are 1 to {MOST_MONTHS} months")
    rows = await sum_months(uow.db, uow.practice_id, first, last)
    return [
        Measures(
            **row,
            initial_denial_rate=_share(row["denied_claims"], row["decided_claims"]),
            initial_denial_rate_by_charges=_share(
                row["denied_charge_cents"], row["decided_charge_cents"]
            ),
            denial_write_off_rate=_share(row["given_up_cents"], row["net_revenue_cents"]),
            overturn_rate=_share(row["won_appeals"], row["answered_appeals"]),
        )
        for row in rows
    ]


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole > 0 else None
