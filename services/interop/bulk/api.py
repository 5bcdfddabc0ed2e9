"""POST /fhir/$import: one file of an export, taken as it streams in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import date
from typing import Any

from fastapi import APIRouter, Request, Response

from libs.service.http import work_of
from services.interop.bulk.keep import Chunks, Import, TurnedAwayError, keep_chunk
from services.interop.bulk.lines import Gunzip, Line, Lines
from services.interop.bulk.report import COUNTED, Report
from services.interop.bulk.tell import tell_all
from services.interop.connections.model import Connection
from services.interop.fhir.http import FhirRoute, answer
from services.interop.fhir.model import refuse
from services.interop.fhir.outcome import operation_outcome
from services.interop.messages.model import RefusedError
from services.interop.smart.sender import granted_sender

routes = APIRouter(prefix="/fhir", tags=["fhir"], route_class=FhirRoute)

MEDIA_TYPES = ("application/fhir+ndjson", "application/ndjson")


@routes.post("/$import")
async def import_file(request: Request) -> Response:
    """Take a file with one resource a line; what it tells is said when all of it is here.

    `visitsFrom`: visits and appointments before this day are kept as history and not told, so not
    billed; without it, those before the day on which the connection went live. `more=true`: another
    file of the same export follows, so nothing is told yet. 200 with the counts and an issue for
    each of the first refused lines; the same file again does nothing twice. 401 unknown key · 403
    shut, in testing or not granted (`system/*.cu`) · 415 not ndjson · 422 not gzip.
    """
    connection = await granted_sender(request, "*", "cu")
    over, is_more = _asked(request, connection)
    report = Report()
    try:
        async for chunk in _chunks(request):
            await keep_chunk(chunk, over, report, work_of(request))
        if not is_more:
            await tell_all(connection, over.import_id, report, work_of(request))
    except TurnedAwayError as error:
        raise RefusedError(*error.refusals) from None
    return answer(told_of(report, over))


def _asked(request: Request, connection: Connection) -> tuple[Import, bool]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in MEDIA_TYPES:
        refuse("not-supported", "Content-Type", f"send {MEDIA_TYPES[0]}, one resource a line")
    if connection.state == "testing":
        fix = "a connection in testing takes no imports: look at the file with "
        refuse("connection-testing", "connection", fix + "`mainstay fhir inspect`, and go live")
    unknown = request.query_params.keys() - {"visitsFrom", "more"}
    if unknown:
        refuse("parameter-unknown", "search", "send visitsFrom and more, and nothing else")
    more = request.query_params.get("more", "false")
    if more not in ("true", "false"):
        refuse("parameter-value", "more", "send true or false")
    return Import(connection, _visits_from(request, connection)), more == "true"


def _visits_from(request: Request, connection: Connection) -> date:
    told = request.query_params.get("visitsFrom")
    if told is None:
        return connection.in_state_since.astimezone(connection.zone).date()
    try:
        return date.fromisoformat(told)
    except ValueError:
        refuse("parameter-value", "visitsFrom", "send a day, such as 2026-01-31")


async def _chunks(request: Request) -> AsyncIterator[list[Line]]:
    lines, chunks = Lines(), Chunks()
    async for data in _opened(request):
        for chunk in chunks.add(lines.feed(data)):
            yield chunk
    for rest in (chunks.add(lines.end()), chunks.rest()):
        for chunk in rest:
            yield chunk


async def _opened(request: Request) -> AsyncIterator[bytes]:
    """The body as its sender wrote it; raises RefusedError where it cannot be opened."""
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip"):
        refuse("not-supported", "Content-Encoding", "send the body as it is, or gzip")
    gunzip = Gunzip() if encoding == "gzip" else None
    async for data in request.stream():
        pieces: Iterator[bytes] = iter((data,)) if gunzip is None else gunzip.feed(data)
        for piece in pieces:
            yield piece
    if gunzip is not None:
        gunzip.end()


def told_of(report: Report, over: Import) -> dict[str, Any]:
    """The counts, from which day on visits are told, and what was wrong, as Parameters."""
    counts = [{"name": name, "valueInteger": report.counts[name]} for name in COUNTED]
    outcome = operation_outcome([one.refusal for one in report.issues])
    for shown, issue in zip(outcome["issue"], report.issues, strict=False):
        if issue.line is not None:
            shown["location"] = [f"line {issue.line}"]
            shown["diagnostics"] = f"line {issue.line}: {shown['diagnostics']}"
    return {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "visitsFrom", "valueDate": over.visits_from.isoformat()},
            {"name": "lines", "valueInteger": report.lines},
            *counts,
            {"name": "outcome", "resource": outcome},
        ],
    }
