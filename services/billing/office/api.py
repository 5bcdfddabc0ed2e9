"""`/billing-office`: whom payers may call; `/service-facilities`: where else services are given."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException
from pydantic import StringConstraints

from libs.service.http import Uow, json_body
from services.billing.claims.release import release_held_claims
from services.billing.office import store
from services.billing.office.model import BillingOffice, Facility
from services.billing.x12.code_lists import PLACES_OF_SERVICE

routes = APIRouter(tags=["billing office"])
Place = Annotated[str, StringConstraints(pattern=r"^[0-9]{2}$")]


@routes.get("/billing-office")
async def show_office(uow: Uow) -> BillingOffice:
    """The practice's own, or the MSO's billing desk where it has named none."""
    return await store.find_office(uow.db, uow.practice_id)


@routes.put("/billing-office")
async def set_office(
    office: Annotated[BillingOffice, json_body(BillingOffice)], uow: Uow
) -> BillingOffice:
    """Whom receivers may call, from the next interchange on. The same again changes nothing."""
    await store.put_office(uow.db, uow.practice_id, office)
    return office


@routes.put("/service-facilities/{place_of_service}")
async def set_facility(
    place_of_service: Place, facility: Annotated[Facility, json_body(Facility)], uow: Uow
) -> Facility:
    """Where the practice's services of a place of service are given, such as 21, a hospital.

    Claims of that place name it from now on. The same again changes nothing.
    """
    if place_of_service not in PLACES_OF_SERVICE:
        raise HTTPException(404, "there is no such place of service")
    await store.put_facility(uow.db, uow.practice_id, place_of_service, facility)
    await release_held_claims(uow)
    return facility
