"""What payers said of the coverage of an EHR's patients: read and search."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from libs.service.http import work_of
from services.interop.fhir.address import base_of
from services.interop.fhir.answers import match, matches
from services.interop.fhir.http import FhirRoute, answer
from services.interop.fhir.model import refuse
from services.interop.smart.sender import granted_sender
from services.interop.subscriptions.answers import list_answers, write_answer
from services.interop.subscriptions.capability import COVERAGES_BY
from services.interop.subscriptions.change import patient_of
from services.interop.subscriptions.model import NOBODY, read_id

routes = APIRouter(prefix="/fhir", tags=["fhir"], route_class=FhirRoute)

KIND = "CoverageEligibilityResponse"
LARGEST_PAGE = 100


@routes.get(f"/{KIND}/{{id}}")
async def read(id: str, request: Request) -> Response:
    connection = await granted_sender(request, KIND, "r")
    source = connection.source_system
    async with work_of(request).unit_of_work(connection.practice_id) as uow:
        found = await list_answers(uow, source, inquiry_id=read_id(id))
        if not found:
            refuse("not-found", KIND, "this connection's system has no such answer")
        content = await write_answer(found[0], uow)
    return answer(content)


@routes.get(f"/{KIND}")
async def search(request: Request) -> Response:
    """By patient and _id, in pages of a hundred."""
    connection = await granted_sender(request, KIND, "s")
    source = connection.source_system
    told = _read(request.query_params.multi_items())
    async with work_of(request).unit_of_work(connection.practice_id) as uow:
        patient_id = None
        if "patient" in told:
            name = told["patient"].rpartition("/")[2]
            patient_id = await patient_of(name, source, uow) or NOBODY
        found = await list_answers(
            uow, source, patient_id=patient_id,
            inquiry_id=read_id(told["_id"]) if "_id" in told else None,
            after=read_id(told.get("_after", "")), limit=LARGEST_PAGE + 1,
        )  # fmt: skip
        page = [await write_answer(one, uow) for one in found[:LARGEST_PAGE]]
    base = base_of(request)
    links = [{"relation": "self", "url": str(request.url)}]
    if len(found) > len(page):
        query = urlencode({**told, "_after": page[-1]["id"]})
        links.append({"relation": "next", "url": f"{base}/{KIND}?{query}"})
    return answer(matches([match(f"{base}/{KIND}/{one['id']}", one) for one in page], link=links))


def _read(pairs: list[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found:
            refuse("parameter-twice", name, "send each parameter once")
        if name in (*COVERAGES_BY, "_after"):
            found[name] = value
        elif name not in ("_format", "_pretty", "_total"):
            refuse("parameter-unknown", "search", f"search by {', '.join(COVERAGES_BY)}")
    return found
