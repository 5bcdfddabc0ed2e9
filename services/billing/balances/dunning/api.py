"""Holds on accounts, and what a collection agency was given."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, HTTPException, Query, Response

from libs.events.contracts import Contract
from libs.service.http import Uow, json_body
from services.billing.balances.dunning import store
from services.billing.balances.dunning.collections import recall
from services.billing.balances.dunning.model import Hold
from services.billing.balances.dunning.store import Placement
from services.billing.balances.store import lock_account, lock_balances, set_hold
from services.billing.claims import store as claims

routes = APIRouter(tags=["collections"])


class SetHold(Contract):
    """Why the account is not dunned; None: it is again."""

    hold: Hold | None


class PlacementView(Contract):
    """An account's balance at an agency; `open_cents`: what is left of it there."""

    placement_id: UUID
    account_id: UUID
    agency: str
    placed_on: date
    cents: int
    recalled_on: date | None
    open_cents: int

    @classmethod
    def of(cls, placement: Placement) -> PlacementView:
        return cls(**{name: getattr(placement, name) for name in cls.model_fields})


@routes.put("/patients/{patient_id}/billing-hold")
async def set_billing_hold(
    patient_id: UUID, command: Annotated[SetHold, json_body(SetHold)], uow: Uow
) -> SetHold:
    """A held account gets neither statements nor notices, and goes to no agency."""
    account = await lock_account(uow.db, uow.practice_id, patient_id)
    await set_hold(uow.db, uow.practice_id, account.account_id, command.hold)
    return command


@routes.get("/collections")
async def list_placements(
    uow: Uow,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    after: UUID | None = None,
) -> list[PlacementView]:
    """In the order in which they were made; `after` is the last one of the page before."""
    found = await store.list_placements(uow.db, uow.practice_id, limit, after)
    return [PlacementView.of(placement) for placement in found]


@routes.post("/collections/{placement_id}/recall")
async def recall_placement(placement_id: UUID, uow: Uow) -> PlacementView:
    """What the agency has not collected is the practice's to collect again."""
    placement = await _find(uow, placement_id)
    account = await lock_account(uow.db, uow.practice_id, placement.account_id)
    await lock_balances(uow.db, uow.practice_id, account.charts)
    placement = await _find(uow, placement_id)
    if placement.recalled_on is None:
        await recall(uow, placement)
    return PlacementView.of(await _find(uow, placement_id))


@routes.get("/collections/{placement_id}.csv")
async def list_for_agency(placement_id: UUID, uow: Uow) -> Response:
    """What the agency needs to collect, and no more (45 CFR 164.502(b)): no diagnosis, no service.

    The agency is a business associate of the practice (45 CFR 160.103).
    """
    await _find(uow, placement_id)
    file = io.StringIO()
    rows = csv.writer(file)
    rows.writerow(
        ["account", "family", "given", "address", "city", "state", "postal_code", "phone",
         "service_on", "open_cents"]
    )  # fmt: skip
    for placed in await store.claims_of_placement(uow.db, uow.practice_id, placement_id):
        claim = await claims.find(uow.db, uow.practice_id, placed.claim_id)
        assert claim is not None
        person = (await claims.read_encounter(uow, claim)).person
        assert claim.patient_id is not None
        told = [
            claim.patient_id.hex[:8].upper(), person.family, person.given, person.address_line,
            person.city, person.state, person.postal_code, person.phone, placed.service_on,
            placed.cents,
        ]  # fmt: skip
        rows.writerow([_harmless(value) for value in told])
    headers = {"Cache-Control": "no-store"}
    return Response(file.getvalue(), media_type="text/csv", headers=headers)


def _harmless(value: object) -> object:
    """A spreadsheet must not take a name for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text


async def _find(uow: Uow, placement_id: UUID) -> Placement:
    placement = await store.find_placement(uow.db, uow.practice_id, placement_id)
    if placement is None:
        raise HTTPException(404, "there is no such placement")
    return placement
