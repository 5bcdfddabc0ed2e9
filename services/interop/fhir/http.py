"""FHIR over HTTP: whatever goes wrong is answered with an OperationOutcome."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import structlog
from asyncpg import InterfaceError, PostgresError
from fastapi import HTTPException, Request, Response
from fastapi.routing import APIRoute

from libs.events.transport.faults import describe, is_transient
from libs.events.transport.keys import KeyUnavailableError
from services.interop.connections.bearer import TooLargeError, read_body
from services.interop.fhir.outcome import operation_outcome, status_of
from services.interop.fhir.versions import write_json
from services.interop.messages.model import Refusal, RefusedError
from services.interop.smart.sender import Sender, fhir_sender

log = structlog.get_logger("interop.fhir")

MEDIA_TYPE = "application/fhir+json"
LARGEST_BODY = 50 * 1024 * 1024
"""Bytes; more goes through Bulk Data, one resource a line."""

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class FhirRoute(APIRoute):
    """A route whose refusals are answered as FHIR asks, in place of problem+json."""

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()

        async def answer_as_fhir(request: Request) -> Response:
            try:
                return await handle(request)
            except RefusedError as refused:
                return answer_refused(list(refused.refusals), challenge_of(refused))
            except TooLargeError as error:
                fix = f"send at most {error.most} bytes"
                return answer_refused([Refusal("too-long", "Bundle", fix)])
            except HTTPException as error:
                code = {401: "login", 403: "forbidden"}.get(error.status_code)
                if code is None:
                    raise
                refusals = [Refusal(code, "Bundle", str(error.detail))]
                return answer_refused(refusals, dict(error.headers or {}))
            except PASSING as error:
                return answer_refused([try_again(error)], RETRY_AFTER)

        return answer_as_fhir


def answer(
    content: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    body = content if isinstance(content, bytes) else write_json(content)
    return Response(body, status, headers, media_type=MEDIA_TYPE)


def answer_refused(refusals: list[Refusal], headers: Mapping[str, str] | None = None) -> Response:
    return answer(operation_outcome(refusals), status_of(refusals), headers)


async def read_sent(request: Request) -> tuple[Sender, bytes]:
    """Who sends, and what; raises as FhirRoute answers it."""
    sender = await fhir_sender(request)
    body = await read_body(request, most=LARGEST_BODY)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in (MEDIA_TYPE, "application/json"):
        raise RefusedError(Refusal("not-supported", "Bundle", f"send {MEDIA_TYPE}"))
    return sender, body


PASSING = (KeyUnavailableError, OSError, PostgresError, InterfaceError)
RETRY_AFTER = {"Retry-After": "1"}


def try_again(error: Exception) -> Refusal:
    """What to answer where nothing was kept, for a reason that passes; any other is raised."""
    if not isinstance(error, KeyUnavailableError) and not is_transient(error):
        raise error
    log.error("request not taken", error=describe(error))
    return Refusal("try-again", "Bundle", "nothing was kept; send the same again")


def challenge_of(refused: RefusedError) -> dict[str, str]:
    """What a token would have to grant is told as RFC 6750 §3.1 has it, too."""
    if all(one.code != "insufficient_scope" for one in refused.refusals):
        return {}
    return {"WWW-Authenticate": 'Bearer error="insufficient_scope"'}
