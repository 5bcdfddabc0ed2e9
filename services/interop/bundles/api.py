"""FHIR R4 in: `POST /fhir` takes a transaction bundle, all of it or nothing."""

from __future__ import annotations

import asyncio
from hashlib import sha256

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import JSONResponse

from libs.events.transport import Work
from libs.service.http import work_of
from services.interop.bundles.model import Bundle, read_bundle
from services.interop.bundles.outcome import operation_outcome, transaction_response
from services.interop.bundles.read import read_transaction
from services.interop.connections.bearer import TooLargeError, read_body, sender_of
from services.interop.connections.model import Connection
from services.interop.messages.model import Effects, Inbound, Outcome, Refusal, RefusedError
from services.interop.messages.receive import receive
from services.interop.messages.told import Told, take_told

MEDIA_TYPE = "application/fhir+json"
LARGEST_BODY = 50 * 1024 * 1024

routes = APIRouter(tags=["fhir"])


@routes.post("/fhir")
async def take_bundle(request: Request) -> JSONResponse:
    """200 with a transaction-response, or an OperationOutcome that says what to do.

    401 unknown key · 403 suspended or closed · 413 too large · 415 not FHIR JSON · 422 refused
    (kept for a person). The same bundle again is answered the same and does nothing twice.
    """
    try:
        connection = await sender_of(request, "fhir")
        body = await read_body(request, most=LARGEST_BODY)
    except HTTPException as error:
        code = "login" if error.status_code == 401 else "forbidden"
        return _refused(error.status_code, [Refusal(code, "Bundle", str(error.detail))])
    except TooLargeError as error:
        return _refused(413, [Refusal("too-long", "Bundle", f"send at most {error.most} bytes")])
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in (MEDIA_TYPE, "application/json"):
        return _refused(415, [Refusal("not-supported", "Bundle", f"send {MEDIA_TYPE}")])
    reading = await asyncio.to_thread(_read, body, connection)
    outcome = await _take(body, reading, connection, work_of(request))
    if isinstance(reading, RefusedError) or not outcome.is_taken:
        return _refused(403 if outcome.is_turned_away else 422, list(outcome.refusals))
    return JSONResponse(transaction_response(reading[0]), media_type=MEDIA_TYPE)


def _read(body: bytes, connection: Connection) -> tuple[Bundle, list[Told]] | RefusedError:
    """In a thread: a large bundle must not hold up the others."""
    try:
        bundle = read_bundle(body)
        return bundle, read_transaction(bundle, connection)
    except RefusedError as refused:
        return refused


async def _take(
    body: bytes,
    reading: tuple[Bundle, list[Told]] | RefusedError,
    connection: Connection,
    work: Work,
) -> Outcome:
    inbound = Inbound(type="Bundle", control_id=f"sha256:{sha256(body).hexdigest()}", raw=body)

    async def take(effects: Effects) -> None:
        if isinstance(reading, RefusedError):
            raise reading
        await take_told(
            reading[1], inbound=inbound, connection=connection, uow=uow, effects=effects
        )

    async with work.unit_of_work(connection.practice_id) as uow:
        return await receive(inbound, connection, uow, take)


def _refused(status: int, refusals: list[Refusal]) -> JSONResponse:
    return JSONResponse(operation_outcome(refusals), status, media_type=MEDIA_TYPE)
