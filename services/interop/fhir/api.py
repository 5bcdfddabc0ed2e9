"""FHIR R4 in: bundles, and resources one by one; what was sent is read back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from hashlib import sha256
from typing import Any, Literal

from fastapi import APIRouter, Request, Response

from libs.service.http import work_of
from services.interop.connections.bearer import sender_of
from services.interop.connections.model import Connection
from services.interop.fhir import store
from services.interop.fhir.answers import (
    bundle_response,
    entry_answer,
    etag,
    headers_of,
    message_response,
    read_prefer,
    refused_answer,
    searchset,
    shown,
    status_of_change,
)
from services.interop.fhir.capability import INTERACTIONS, capability_statement
from services.interop.fhir.criteria import read_search
from services.interop.fhir.http import (
    FhirRoute,
    answer,
    answer_refused,
    base_of,
    read_sent,
)
from services.interop.fhir.inspect import read_resources
from services.interop.fhir.model import TAKEN, refuse
from services.interop.fhir.outcome import operation_outcome
from services.interop.fhir.request import Operation, read_bundle, read_one
from services.interop.fhir.request import Request as FhirRequest
from services.interop.fhir.strict import read_json
from services.interop.fhir.take import Taken, take_request
from services.interop.fhir.uscore import warnings_of
from services.interop.fhir.versions import Change, write_json
from services.interop.messages.model import Inbound, RefusedError

routes = APIRouter(prefix="/fhir", tags=["fhir"], route_class=FhirRoute)


@routes.get("/metadata")
async def show_capabilities(request: Request) -> Response:
    """The CapabilityStatement; needs no key, because a client reads it to learn how to get one."""
    return answer(capability_statement(base_of(request)))


@routes.post("")
@routes.post("/")
@routes.post("/$process-message")
async def take_bundle(request: Request) -> Response:
    """A transaction or message, all of it or nothing; a batch, each entry on its own.

    401 unknown key · 403 suspended or closed · 413 too large · 415 not FHIR JSON · 422 refused
    (kept for a person). The same bundle again is answered the same and does nothing twice.
    """
    connection, body = await read_sent(request)
    found = await _read(lambda: read_bundle(body, connection))
    prefer = read_prefer(request.headers.get("prefer", ""), "minimal")
    if not isinstance(found, RefusedError) and found.kind == "batch":
        return answer(await _take_batch(found, connection, request))
    taken = await _take(body, "Bundle", found, connection, request)
    if isinstance(found, RefusedError) or not taken.is_taken:
        return answer_refused(list(taken.outcome.refusals))
    at = taken.outcome.received_at
    if found.header is not None:
        return answer(message_response(found.header, str(taken.outcome.message_id), at))
    entries = [entry_answer(change, prefer, at) for change in taken.changes]
    return answer(bundle_response("transaction", entries))


@routes.post("/$validate")
@routes.post("/{kind}/$validate")
async def validate(request: Request, kind: str | None = None) -> Response:
    """What would be wrong with a body, without keeping it; always 200 where it can be looked at."""
    connection, body = await read_sent(request)
    reading = await asyncio.to_thread(read_resources, body, connection)
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
    connection = await sender_of(request, "fhir")
    _check_kind(kind)
    async with work_of(request).unit_of_work(connection.practice_id) as uow:
        found = await store.find_resources(uow, connection.source_system, [(kind, id)])
    if not found:
        refuse("not-found", kind, "this connection's system has sent no such resource")
    [kept] = found
    headers = headers_of(kind, id, kept.version, kept.changed_at, base_of(request))
    del headers["Location"]
    if request.headers.get("if-none-match") == etag(kept.version):
        return Response(status_code=304, headers=headers)
    return answer(shown(kind, kept.content, kept.version, kept.changed_at), 200, headers)


@routes.get("/{kind}")
async def search(kind: str, request: Request) -> Response:
    """By _id and identifier, in pages; an unknown parameter is refused, or passed over if asked."""
    connection = await sender_of(request, "fhir")
    _check_kind(kind)
    is_lenient = "handling=lenient" in request.headers.get("prefer", "")
    wanted = read_search(request.query_params.multi_items(), is_lenient=is_lenient)
    source = connection.source_system
    async with work_of(request).unit_of_work(connection.practice_id) as uow:
        if wanted.id is None and wanted.token is None:
            found = await store.list_resources(
                uow, source, kind, after=wanted.after, limit=wanted.count + 1
            )
            total = await store.count_resources(uow, source, kind)
        else:
            ids = None if wanted.id is None else {wanted.id}
            if wanted.token is not None:
                by_identifier = set(await store.find_by_identifier(uow, source, kind, wanted.token))
                ids = by_identifier if ids is None else ids & by_identifier
            names = sorted((kind, one) for one in ids or ())
            total = len(await store.find_resources(uow, source, names))
            later = [name for name in names if name[1] > wanted.after]
            found = await store.find_resources(uow, source, later[: wanted.count + 1])
            found.sort(key=lambda one: one.id)
    return answer(searchset(kind, found, wanted, total=total, base=base_of(request)))


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
    connection, body = await read_sent(request)
    _check_kind(kind)
    found = await _read(
        lambda: read_one(
            body,
            kind,
            connection,
            method=method,
            id=id,
            criteria=criteria,
            if_match=request.headers.get("if-match"),
        )
    )
    taken = await _take(body, kind, found, connection, request)
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


async def _take_batch(
    found: FhirRequest, connection: Connection, request: Request
) -> dict[str, Any]:
    """Each entry is a message of its own, in its own transaction."""
    prefer = read_prefer(request.headers.get("prefer", ""), "minimal")
    answers: list[dict[str, Any]] = []
    for operation in found.operations:
        if operation.is_passed_over:
            answers.append(entry_answer(Change(operation, "passed over"), prefer, None))
            continue
        alone = FhirRequest("resource", (operation,))
        raw = _raw_of(operation)
        taken = await _take(raw, operation.type or "Resource", alone, connection, request)
        if taken.is_taken:
            answers.append(entry_answer(taken.changes[0], prefer, taken.outcome.received_at))
        else:
            answers.append(refused_answer(taken.outcome.refusals))
    return bundle_response("batch", answers)


def _raw_of(operation: Operation) -> bytes:
    """An entry's resource, as a message of its own; of a type that is passed over, its place."""
    entry = operation.entry
    return write_json(entry.resource if entry else [operation.type, operation.where])


async def _read(read: Callable[[], FhirRequest]) -> FhirRequest | RefusedError:
    """In a thread: a large bundle must not hold up the others."""

    def attempt() -> FhirRequest | RefusedError:
        try:
            return read()
        except RefusedError as refused:
            return refused

    return await asyncio.to_thread(attempt)


async def _take(
    body: bytes,
    kind: str,
    found: FhirRequest | RefusedError,
    connection: Connection,
    request: Request,
) -> Taken:
    seed = sha256(body)
    if not isinstance(found, RefusedError) and found.kind == "resource":
        [one] = found.operations
        name = f"{one.method} {one.type} {one.entry and one.entry.id} {one.criteria} {one.if_match}"
        seed.update(name.encode())
    inbound = Inbound(type=kind, control_id=f"sha256:{seed.hexdigest()}", raw=body)
    async with work_of(request).unit_of_work(connection.practice_id) as uow:
        return await take_request(inbound, found, connection, uow)


def _check_kind(kind: str) -> None:
    if kind not in TAKEN:
        fix = f"resources of this type are not kept; these are: {', '.join(sorted(TAKEN))}"
        refuse("type-not-kept", "Bundle", fix)
