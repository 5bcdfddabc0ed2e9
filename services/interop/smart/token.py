"""An access token for a signed assertion (SMART App Launch 2.2 §3 and §4.1, RFC 6749 §4.4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from libs.events.transport import UnitOfWork
from libs.service.http import work_of
from services.interop.connections.bearer import TooLargeError, read_body
from services.interop.connections.model import refuse_shut
from services.interop.connections.store import find_connection
from services.interop.fhir.address import own_base_of
from services.interop.messages.model import Refusal, RefusedError
from services.interop.smart import store
from services.interop.smart.keys import ALGORITHMS
from services.interop.smart.model import (
    LONGEST,
    AccessToken,
    Assertion,
    decide_assertion,
    read_assertion,
    replayed,
    unproven,
)
from services.interop.smart.scopes import SUPPORTED, decide_scope

routes = APIRouter(prefix="/fhir", tags=["fhir"])

LARGEST_FORM = 16 * 1024
NOT_CONFIGURED = "the operator has to set INTEROP_FHIR_URL first"
_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


@routes.get("/.well-known/smart-configuration")
async def show_configuration(request: Request) -> JSONResponse:
    """Needs no key, because a client reads it to learn how to get a token."""
    base = own_base_of(request)
    if base is None:
        return JSONResponse({"error": "not_found", "error_description": NOT_CONFIGURED}, 404)
    return JSONResponse(
        {
            "token_endpoint": f"{base}/token",
            "grant_types_supported": ["client_credentials"],
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
            "scopes_supported": list(SUPPORTED),
            "capabilities": ["client-confidential-asymmetric", "permission-v1", "permission-v2"],
        }
    )


@routes.post("/token")
async def give_token(request: Request) -> JSONResponse:
    """A bearer token for five minutes; 400 with what to mend (RFC 6749 §5.2)."""
    try:
        form = await _read_form(request)
        base = own_base_of(request)
        if base is None:
            raise RefusedError(Refusal("invalid_request", "token_endpoint", NOT_CONFIGURED))
        told = read_assertion(form)
        async with work_of(request).unit_of_work(told.client_id.practice_id) as uow:
            given = await _give(told, form.get("scope", ""), f"{base}/token", uow)
        if isinstance(given, Refusal):
            raise RefusedError(given)
    except RefusedError as refused:
        [one] = refused.refusals
        answer = {"error": one.code, "error_description": f"{one.where}: {one.fix}"}
        return JSONResponse(answer, 400, _NO_STORE)
    return JSONResponse(given, headers=_NO_STORE)


async def _give(
    told: Assertion, asked: str, token_url: str, uow: UnitOfWork
) -> dict[str, Any] | Refusal:
    """Nothing is written or locked before the client has proven itself.

    An assertion is used up by whatever its client is answered, so a refusal after that is returned
    and its use is kept.
    """
    client = await store.find_client(uow.db, told.client_id)
    proven = decide_assertion(told, client, token_url, uow.now)
    if await store.lock_client(uow.db, told.client_id) != client:
        raise unproven()  # its keys were changed meanwhile
    if not await store.use_assertion(uow.db, told.client_id, proven, uow.now):
        raise replayed()
    connection = await find_connection(uow.db, uow.practice_id, told.client_id.connection_id)
    assert connection is not None
    if (shut := refuse_shut(connection.state)) is not None:
        return Refusal("unauthorized_client", "client_assertion", shut.fix)
    scope = decide_scope(asked)
    if isinstance(scope, Refusal):
        return scope
    token = AccessToken.new(told.client_id)
    await store.add_token(uow.db, token, scope, uow.now + LONGEST)
    return {
        "access_token": token.write(),
        "token_type": "bearer",
        "expires_in": int(LONGEST.total_seconds()),
        "scope": scope,
    }


async def _read_form(request: Request) -> Mapping[str, str]:
    """The parameters that have a value (RFC 6749 §3.2); raises RefusedError."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise _malformed("Content-Type", "send application/x-www-form-urlencoded")
    try:
        body = await read_body(request, most=LARGEST_FORM)
        pairs = parse_qsl(body.decode("ascii"), max_num_fields=50)
    except TooLargeError as error:
        raise _malformed("body", f"send at most {error.most} bytes") from None
    except ValueError:
        raise _malformed("body", "send the parameters as a form, percent-encoded") from None
    if len(dict(pairs)) < len(pairs):
        raise _malformed("body", "send each parameter once")
    return dict(pairs)


def _malformed(where: str, fix: str) -> RefusedError:
    return RefusedError(Refusal("invalid_request", where, fix))
