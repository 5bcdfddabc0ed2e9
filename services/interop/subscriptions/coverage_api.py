"""What payers said of the coverage of an EHR's patients: read and search."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from libs.service.http import work_of
from services.interop.fhir.criteria import LARGEST_PAGE
from services.interop.fhir.http import FhirRoute, answer
from services.interop.fhir.model import refuse
from services.interop.smart.sender import granted_sender
from services.interop.subscriptions.answers import list_answers, write_answer
from services.interop.subscriptions.capability import COVERAGES_BY
from services.interop.subscriptions.model import read_id
from services.interop.subscriptions.searching import page_of, patient_asked, read_asked

routes = APIRouter(prefix="/fhir", tags=["fhir"], route_class=FhirRoute)

KIND = "CoverageEligibilityResponse"


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
    told = read_asked(request.query_params.multi_items(), tuple(COVERAGES_BY))
    async with work_of(request).unit_of_work(connection.practice_id) as uow:
        found = await list_answers(
            uow, source, patient_id=await patient_asked(told, source, uow),
            inquiry_id=read_id(told["_id"]) if "_id" in told else None,
            after=read_id(told.get("_after", "")), limit=LARGEST_PAGE + 1,
        )  # fmt: skip
        page = [await write_answer(one, uow) for one in found[:LARGEST_PAGE]]
    return page_of(page, told, request, KIND, more=len(found) > len(page))
