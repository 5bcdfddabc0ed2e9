"""CloudEvents from a partner: `POST /events`, in the binary, structured or batched mode."""

from __future__ import annotations

import json
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from libs.events.transport import Work
from libs.service.http import work_of
from libs.service.problems import problem
from services.interop.connections.bearer import TooLargeError, read_body, sender_of
from services.interop.connections.model import Connection
from services.interop.messages.model import Outcome, RefusedError
from services.interop.messages.view import refusals_shown
from services.interop.partners import asked
from services.interop.partners.asked import Asked
from services.interop.partners.model import BATCH, STRUCTURED, TAKEN, read_batch
from services.interop.partners.receive import receive_event

LARGEST_BODY = 1024 * 1024
LARGEST_BATCH = 500

routes = APIRouter(tags=["events"])


@routes.post("/events")
async def take_events(request: Request) -> JSONResponse:
    """Take a partner's events; answered when they are stored and will be published.

    202 taken · 200 taken before · 422 refused (kept for a person) · 401 unknown key ·
    403 suspended or closed · 413 · 415.
    A batch is answered with 200 and each event's own outcome, in the batch's order.
    """
    connection = await sender_of(request, "cloudevents")
    try:
        body = await read_body(request, most=LARGEST_BODY)
    except TooLargeError as error:
        return problem(413, f"at most {error.most} bytes are taken; send fewer events at once")
    work = work_of(request)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == BATCH:
        return await _take_batch(body, connection, work)
    if kind == STRUCTURED:
        return _answer(await _take(body, asked.STRUCTURED, connection, work))
    if kind == "application/json" and "ce-type" in request.headers:
        binary = Asked.binary(request.headers)
        return _answer(await _take(body, binary, connection, work))
    return problem(
        415,
        f"send application/json with ce- headers, {STRUCTURED} or {BATCH}",
        types_taken=sorted(TAKEN),
    )


async def _take(raw: bytes, asked: Asked, connection: Connection, work: Work) -> Outcome:
    """One event, in a transaction of its own."""
    async with work.unit_of_work(connection.practice_id) as uow:
        return await receive_event(raw, asked, connection, uow)


async def _take_batch(body: bytes, connection: Connection, work: Work) -> JSONResponse:
    try:
        found = read_batch(body)
    except RefusedError:
        return _answer(await _take(body, asked.BATCH, connection, work))
    if len(found) > LARGEST_BATCH:
        return problem(413, f"at most {LARGEST_BATCH} events are taken at once")
    outcomes = [
        await _take(json.dumps(one).encode(), asked.STRUCTURED, connection, work) for one in found
    ]
    return JSONResponse([_shown(outcome) for outcome in outcomes])


def _answer(outcome: Outcome) -> JSONResponse:
    if outcome.is_taken:
        return JSONResponse(_shown(outcome), 200 if outcome.fate == "duplicate" else 202)
    if outcome.is_turned_away:
        return problem(403, outcome.refusals[0].fix)
    return problem(
        422,
        "the event was refused; it is kept for a person to see",
        types_taken=sorted(TAKEN),
        **_shown(outcome),
    )


def _shown(outcome: Outcome) -> dict[str, Any]:
    return {
        "message_id": str(outcome.message_id),
        "fate": outcome.fate,
        "refusals": refusals_shown(outcome.refusals),
    }
