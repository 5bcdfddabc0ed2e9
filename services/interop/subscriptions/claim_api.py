"""How the claims of an EHR's visits stand, as ClaimResponses: read and search."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from fastapi import APIRouter, Request, Response

from libs.events.transport import UnitOfWork
from libs.service.http import work_of
from services.interop.encounters.model import encounter_id_of
from services.interop.fhir.criteria import read_count
from services.interop.fhir.http import FhirRoute, answer
from services.interop.fhir.model import refuse
from services.interop.smart.sender import granted_sender
from services.interop.subscriptions.capability import CLAIMS_BY
from services.interop.subscriptions.claims import (
    Wanted,
    find_visits_of_claim,
    list_claims,
    write_claim,
)
from services.interop.subscriptions.model import read_id
from services.interop.subscriptions.searching import (
    page_of,
    patient_asked,
    read_asked,
    read_reference,
)

routes = APIRouter(prefix="/fhir", tags=["fhir"], route_class=FhirRoute)

_ASKED_BY = (*CLAIMS_BY, "encounter:identifier", "_count")


@routes.get("/ClaimResponse/{id}")
async def read(id: str, request: Request) -> Response:
    connection = await granted_sender(request, "ClaimResponse", "r")
    source = connection.source_system
    async with work_of(request).unit_of_work(connection.practice_id) as uow:
        found = await list_claims(uow, source, Wanted(claim_ids=(read_id(id),)))
        if not found:
            refuse("not-found", "ClaimResponse", "this connection's system has no such claim")
        content = await write_claim(found[0].account, found[0].changed_at, source, uow)
    return answer(content)


@routes.get("/ClaimResponse")
async def search(request: Request) -> Response:
    """By request, encounter (also encounter:identifier), patient and _id, in pages."""
    connection = await granted_sender(request, "ClaimResponse", "s")
    source = connection.source_system
    told = read_asked(request.query_params.multi_items(), _ASKED_BY)
    async with work_of(request).unit_of_work(connection.practice_id) as uow:
        wanted = await _wanted(told, source, uow)
        found = await list_claims(uow, source, replace(wanted, limit=wanted.limit + 1))
        page = found[: wanted.limit]
        claims = [await write_claim(one.account, one.changed_at, source, uow) for one in page]
    return page_of(claims, told, request, "ClaimResponse", more=len(found) > len(page))


async def _wanted(told: Mapping[str, str], source: str, uow: UnitOfWork) -> Wanted:
    """Names that lead to nothing find nothing."""
    visits: set[str] | None = None
    if "request" in told:
        visits = {*await find_visits_of_claim(uow, source, read_reference(told["request"]))}
    for name in ("encounter", "encounter:identifier"):
        if name in told:
            value = told[name]
            one = read_reference(value) if name == "encounter" else value.rpartition("|")[2]
            visits = {one} if visits is None else visits & {one}
    return Wanted(
        claim_ids=(read_id(told["_id"]),) if "_id" in told else None,
        encounter_ids=None
        if visits is None
        else tuple(encounter_id_of(uow.practice_id, source, one) for one in sorted(visits)),
        patient_id=await patient_asked(told, source, uow),
        after=read_id(told.get("_after", "")),
        limit=read_count(told),
    )
