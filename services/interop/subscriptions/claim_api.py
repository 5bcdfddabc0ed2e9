"""How the claims of an EHR's visits stand, as ClaimResponses: read and search."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from libs.events.transport import UnitOfWork
from libs.service.http import work_of
from services.interop.encounters.model import encounter_id_of
from services.interop.fhir.address import base_of
from services.interop.fhir.answers import match, matches
from services.interop.fhir.http import FhirRoute, answer
from services.interop.fhir.model import refuse
from services.interop.smart.sender import granted_sender
from services.interop.subscriptions.capability import CLAIMS_BY
from services.interop.subscriptions.change import patient_of
from services.interop.subscriptions.claims import (
    Wanted,
    find_visits_of_claim,
    list_claims,
    write_claim,
)
from services.interop.subscriptions.model import NOBODY, read_id

routes = APIRouter(prefix="/fhir", tags=["fhir"], route_class=FhirRoute)

LARGEST_PAGE = 100
_REFERENCE = re.compile(r"(?:.*/)?([A-Za-z0-9\-.]{1,64})")


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
    told = _read(request.query_params.multi_items())
    async with work_of(request).unit_of_work(connection.practice_id) as uow:
        wanted = await _wanted(told, source, uow)
        found = await list_claims(uow, source, replace(wanted, limit=wanted.limit + 1))
        page = found[: wanted.limit]
        claims = [await write_claim(one.account, one.changed_at, source, uow) for one in page]
    base = base_of(request)
    links = [{"relation": "self", "url": str(request.url)}]
    if len(found) > len(page) and page:
        query = urlencode({**told, "_after": str(page[-1].account.claim_id)})
        links.append({"relation": "next", "url": f"{base}/ClaimResponse?{query}"})
    entries = [match(f"{base}/ClaimResponse/{one['id']}", one) for one in claims]
    return answer(matches(entries, link=links))


def _read(pairs: list[tuple[str, str]]) -> dict[str, str]:
    known = (*CLAIMS_BY, "encounter:identifier", "_count", "_after")
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found:
            refuse("parameter-twice", name, "send each parameter once")
        if name in known:
            found[name] = value
        elif name not in ("_format", "_pretty", "_total"):
            fix = f"search by {', '.join(CLAIMS_BY)}, encounter:identifier, _count"
            refuse("parameter-unknown", "search", fix)
    return found


async def _wanted(told: Mapping[str, str], source: str, uow: UnitOfWork) -> Wanted:
    """Names that lead to nothing find nothing."""
    visits: set[str] | None = None
    if "request" in told:
        visits = {*await find_visits_of_claim(uow, source, _name(told["request"]))}
    for name in ("encounter", "encounter:identifier"):
        if name in told:
            value = told[name]
            one = _name(value) if name == "encounter" else value.rpartition("|")[2]
            visits = {one} if visits is None else visits & {one}
    patient_id = None
    if "patient" in told:
        found = await patient_of(_name(told["patient"]), source, uow)
        patient_id = found or NOBODY
    count = told.get("_count", str(LARGEST_PAGE))
    if not count.isascii() or not count.isdigit() or len(count) > 9:
        refuse("parameter-value", "_count", "send a whole number")
    return Wanted(
        claim_ids=(read_id(told["_id"]),) if "_id" in told else None,
        encounter_ids=None
        if visits is None
        else tuple(encounter_id_of(uow.practice_id, source, one) for one in sorted(visits)),
        patient_id=patient_id,
        after=read_id(told.get("_after", "")),
        limit=min(int(count), LARGEST_PAGE),
    )


def _name(value: str) -> str:
    """The id of a reference, with or without its type."""
    found = _REFERENCE.fullmatch(value)
    return found[1] if found is not None else ""
