"""A body is taken and answered: a transaction or message whole, a batch entry by entry."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from hashlib import sha256
from typing import Any
from uuid import uuid4

from fastapi import Request as HttpRequest
from fastapi import Response

from libs.service.http import work_of
from services.interop.fhir.address import base_of
from services.interop.fhir.answers import (
    Return,
    bundle_response,
    entry_answer,
    found_answer,
    message_response,
    read_prefer,
    refused_answer,
)
from services.interop.fhir.asked import Asked, AskedEntry, write_asked
from services.interop.fhir.find import find_asked
from services.interop.fhir.granted import check_asked
from services.interop.fhir.http import (
    PASSING,
    RETRY_AFTER,
    answer,
    answer_refused,
    try_again,
)
from services.interop.fhir.operations import Operation, Request
from services.interop.fhir.outcome import status_of
from services.interop.fhir.request import read_bundle
from services.interop.fhir.take import Taken, take_request
from services.interop.fhir.versions import Change, write_json
from services.interop.messages.model import Inbound, RefusedError
from services.interop.smart.sender import Sender


async def answer_bundle(body: bytes, sender: Sender, http: HttpRequest) -> Response:
    found = await read_in_thread(lambda: read_bundle(body, sender.connection))
    if isinstance(found, RefusedError):
        taken = await take_message(body, "Bundle", found, sender, http)
        return answer_refused(list(taken.outcome.refusals))
    if found.kind == "message":
        return await _answer_message(body, found, sender, http)
    prefer = read_prefer(http.headers.get("prefer", ""), "minimal")
    if found.kind == "batch":
        seed = sha256(body).hexdigest()
        rows = [
            await _answer_entry(one, AskedEntry.of(one, place, seed), prefer, sender, http)
            for place, one in enumerate(found.operations)
        ]
        return answer(bundle_response("batch", rows))
    if found.only_reads:
        return answer(bundle_response("transaction", await _read_all(found, sender, http)))
    taken = await take_message(body, "Bundle", found, sender, http)
    if not taken.is_taken:
        return answer_refused(list(taken.outcome.refusals))
    return answer(bundle_response("transaction", _rows(taken, prefer, base_of(http))))


def _rows(taken: Taken, prefer: Return, base: str) -> list[dict[str, Any]]:
    """One for each entry, in the request's order."""
    found, at = iter(taken.found), taken.outcome.received_at
    return [
        found_answer(change.operation, next(found), base)
        if change.effect == "read"
        else entry_answer(change, prefer, at)
        for change in taken.changes
    ]


async def _answer_message(
    body: bytes, found: Request, sender: Sender, http: HttpRequest
) -> Response:
    """As a message too where it is refused, with the status of the refusal.

    A header that is itself wrong is not repeated: that is answered with the OperationOutcome alone.
    """
    assert found.header is not None
    try:
        taken = await take_message(body, "Bundle", found, sender, http)
    except PASSING as error:
        refusals = [try_again(error)]
        told = message_response(found.header, uuid4(), work_of(http).now(), refusals)
        return answer(told, status_of(refusals), RETRY_AFTER)
    refusals, outcome = list(taken.outcome.refusals), taken.outcome
    if found.operations[0].refusals or outcome.is_turned_away:
        return answer_refused(refusals)
    told = message_response(found.header, outcome.message_id, outcome.received_at, refusals)
    return answer(told, status_of(refusals) if refusals else 200)


async def _read_all(found: Request, sender: Sender, http: HttpRequest) -> list[dict[str, Any]]:
    """Of a bundle that only reads: nothing of it is kept."""
    check_asked(found, sender.scopes)
    if found.refusals:
        raise RefusedError(*found.refusals)
    connection = sender.connection
    async with work_of(http).unit_of_work(connection.practice_id) as uow:
        kept = await find_asked(uow, connection.source_system, found.operations)
    pairs = zip(found.operations, kept, strict=True)
    return [found_answer(operation, one, base_of(http)) for operation, one in pairs]


async def _answer_entry(
    operation: Operation,
    entry: AskedEntry,
    prefer: Return,
    sender: Sender,
    http: HttpRequest,
) -> dict[str, Any]:
    """An entry of a batch is a message of its own, in its own transaction; a GET is none."""
    if operation.is_passed_over:
        return entry_answer(Change(operation, "passed over"), prefer, None)
    alone = Request("resource", (operation,))
    raw = write_json(operation.sent.get("resource"))
    kind = operation.type or "Resource"
    try:
        if operation.reads is not None:
            [row] = await _read_all(alone, sender, http)
            return row
        taken = await take_message(raw, kind, alone, sender, http, entry)
    except RefusedError as refused:
        return refused_answer(refused.refusals)
    if not taken.is_taken:
        return refused_answer(taken.outcome.refusals)
    return entry_answer(taken.changes[0], prefer, taken.outcome.received_at)


async def read_in_thread(read: Callable[[], Request]) -> Request | RefusedError:
    """In a thread: a large bundle must not hold up the others."""

    def attempt() -> Request | RefusedError:
        try:
            return read()
        except RefusedError as refused:
            return refused

    return await asyncio.to_thread(attempt)


async def take_message(
    body: bytes,
    kind: str,
    found: Request | RefusedError,
    sender: Sender,
    http: HttpRequest,
    asked: Asked | None = None,
) -> Taken:
    """A message in a transaction of its own; `found`: what it was read as."""
    seed = sha256(body)
    if not isinstance(found, RefusedError) and found.kind == "resource":
        [one] = found.operations
        name = f"{one.method} {one.type} {one.entry and one.entry.id} {one.criteria} {one.if_match}"
        seed.update(name.encode())
    inbound = Inbound(
        type=kind,
        control_id=f"sha256:{seed.hexdigest()}",
        raw=body,
        asked=None if asked is None else write_asked(asked),
    )
    async with work_of(http).unit_of_work(sender.connection.practice_id) as uow:
        return await take_request(inbound, found, sender, uow)
