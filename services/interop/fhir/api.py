"""FHIR R4 in: bundles, and resources one by one; what was sent is read back."""

from __future__ import annotations

import asyncio
from typing import Literal

from fastapi import APIRouter, Request, Response

from libs.service.http import work_of
from services.interop.fhir.address import base_of, own_base_of
from services.interop.fhir.answers import (
    etag,
    headers_of,
    read_prefer,
    searchset,
    shown,
    status_of_change,
)
from services.interop.fhir.asked import AskedOne
from services.interop.fhir.bundles import answer_bundle, read_in_thread, take_message
from services.interop.fhir.capability import INTERACTIONS, capability_statement
from services.interop.fhir.criteria import read_search
from services.interop.fhir.find import find_one, find_page
from services.interop.fhir.http import (
    FhirRoute,
    answer,
    answer_refused,
    read_sent,
)
from services.interop.fhir.inspect import read_resources
from services.interop.fhir.model import TAKEN, refuse
from services.interop.fhir.outcome import operation_outcome
from services.interop.fhir.request import read_one
from services.interop.fhir.strict import read_json
from services.interop.fhir.uscore import warnings_of
from services.interop.smart.scopes import check_scope
from services.interop.smart.sender import fhir_sender

routes = APIRouter(prefix="/fhir", tags=["fhir"], route_class=FhirRoute)


@routes.get("/metadata")
async def show_capabilities(request: Request) -> Response:
    """The CapabilityStatement; needs no key, because a client reads it to learn how to get one."""
    own = own_base_of(request)
    return answer(capability_statement(base_of(request), own and f"{own}/token"))


@routes.post("")
@routes.post("/")
@routes.post("/$process-message")
async def take_bundle(request: Request) -> Response:
    """A transaction or message, all of it or nothing; a batch, each entry on its own.

    401 unknown key · 403 shut or not granted · 413 too large · 415 not FHIR JSON · 422 refused
    (kept for a person). The same bundle again is answered the same and does nothing twice.
    """
    sender, body = await read_sent(request)
    return await answer_bundle(body, sender, request)


@routes.post("/$validate")
@routes.post("/{kind}/$validate")
async def validate(request: Request, kind: str | None = None) -> Response:
    """What would be wrong with a body, without keeping it; always 200 where it can be looked at.

    Nothing that was sent before is looked at either, so any sender may ask.
    """
    sender, body = await read_sent(request)
    reading = await asyncio.to_thread(read_resources, body, sender.connection)
    warnings = [warning for one in reading.resources for warning in one.warnings]
    return answer(operation_outcome(reading.refusals, warnings=warnings))


@routes.post("/{kind}")
async def create(kind: str, request: Request) -> Response:
    """201 with Location and ETag; conditional by If-None-Exist, or by a query, as fhirpy has it."""
    criteria = request.headers.get("if-none-exist") or request.url.query or None
    return await _take_one(request, kind, "POST", None, criteria)


@routes.put("/{kind}/{id}")
async def update(kind: str, id: str, request: Request) -> Response:
    """200, or 201 where it is new; If-Match makes sure of the version that is replaced."""
    return await _take_one(request, kind, "PUT", id, None)


@routes.put("/{kind}")
async def update_found(kind: str, request: Request) -> Response:
    """Update the one resource that the query finds, or create it."""
    return await _take_one(request, kind, "PUT", None, request.url.query)


@routes.get("/{kind}/{id}")
async def read(kind: str, id: str, request: Request) -> Response:
    sender = await fhir_sender(request)
    _check_kind(kind)
    check_scope(sender.scopes, kind, "r")
    connection = sender.connection
    async with work_of(request).unit_of_work(connection.practice_id) as uow:
        kept = await find_one(uow, connection.source_system, kind, id, kind)
    headers = headers_of(kind, id, kept.version, kept.changed_at, base_of(request))
    del headers["Location"]
    if request.headers.get("if-none-match") == etag(kept.version):
        return Response(status_code=304, headers=headers)
    return answer(shown(kind, kept.content, kept.version, kept.changed_at), 200, headers)


@routes.get("/{kind}")
async def search(kind: str, request: Request) -> Response:
    """By _id and identifier, in pages; an unknown parameter is refused, or passed over if asked."""
    sender = await fhir_sender(request)
    _check_kind(kind)
    check_scope(sender.scopes, kind, "s")
    connection = sender.connection
    is_lenient = "handling=lenient" in request.headers.get("prefer", "")
    wanted = read_search(request.query_params.multi_items(), is_lenient=is_lenient)
    async with work_of(request).unit_of_work(connection.practice_id) as uow:
        page = await find_page(uow, connection.source_system, kind, wanted)
    return answer(searchset(kind, page, base_of(request)))


@routes.api_route(
    "/{path:path}",
    methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
    include_in_schema=False,
)
async def refuse_rest(path: str, request: Request) -> Response:
    """What is not served, answered as FHIR asks; nothing is ever deleted."""
    kind = path.partition("/")[0]
    if request.method == "DELETE" or (kind in TAKEN and request.method == "PATCH"):
        fix = "send the resource with its status entered-in-error: nothing is deleted or patched"
        refuse("method-not-served", kind if kind in TAKEN else "Bundle", fix)
    served = ", ".join(INTERACTIONS)
    refuse("not-found", "Bundle", f"nothing is served here; of a resource: {served}")


async def _take_one(
    request: Request,
    kind: str,
    method: Literal["POST", "PUT"],
    id: str | None,
    criteria: str | None,
) -> Response:
    sender, body = await read_sent(request)
    _check_kind(kind)
    check_scope(sender.scopes, kind, "c" if method == "POST" else "u")
    if_match = request.headers.get("if-match")
    found = await read_in_thread(
        lambda: read_one(
            body,
            kind,
            sender.connection,
            method=method,
            id=id,
            criteria=criteria,
            if_match=if_match,
        )
    )
    asked = AskedOne(method=method, id=id, criteria=criteria, if_match=if_match)
    taken = await take_message(body, kind, found, sender, request, asked)
    if not taken.is_taken:
        return answer_refused(list(taken.outcome.refusals))
    [change] = taken.changes
    at = taken.outcome.received_at
    headers = headers_of(kind, change.id, change.version, at, base_of(request))
    status = status_of_change(change)
    prefer = read_prefer(request.headers.get("prefer", ""), "representation")
    if prefer == "minimal":
        return Response(status_code=status, headers=headers)
    if prefer == "OperationOutcome":
        warnings = warnings_of(read_json(change.content, kind), kind)
        return answer(operation_outcome([], warnings=warnings), status, headers)
    return answer(shown(kind, change.content, change.version, at), status, headers)


def _check_kind(kind: str) -> None:
    if kind not in TAKEN:
        fix = f"resources of this type are not kept; these are: {', '.join(sorted(TAKEN))}"
        refuse("type-not-kept", "Bundle", fix)
