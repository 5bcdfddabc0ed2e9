"""What HTTP routes depend on: who is asking, and a unit of work in one practice's name."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import Depends, Header, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from pydantic import ValidationError

from libs.events.contracts import Contract
from libs.events.transport.database import Db
from libs.events.transport.runtime import Running
from libs.events.transport.work import UnitOfWork, Work
from libs.service.operators import Caller, Operators
from libs.service.problems import SignInNeededError

SESSION_COOKIE = "mainstay_session"
SESSION_SECONDS = 12 * 3600


def running(request: Request) -> Running:
    """The started service behind this request."""
    return request.app.state.running


def work_of(request: Request) -> Work:
    """For routes that know their practice by another way than the header, such as a key."""
    return running(request).work


def _operators(request: Request) -> Operators:
    return request.app.state.operators


def session_token(request: Request, caller: Caller) -> str:
    """A signed session (JWT, HS256), good for twelve hours."""
    claims = {"sub": caller.name, "exp": int(time.time()) + SESSION_SECONDS}
    return jwt.encode({"alg": "HS256"}, claims, request.app.state.session_key)


def _by_session(request: Request) -> Caller | None:
    token = request.cookies.get(SESSION_COOKIE)
    key: OctKey | None = request.app.state.session_key
    if token is None or key is None:
        return None
    try:
        decoded = jwt.decode(token, key, algorithms=["HS256"])
        jwt.JWTClaimsRegistry(exp={"essential": True}).validate(decoded.claims)
    except (JoseError, ValueError):
        return None
    return _operators(request).by_name(str(decoded.claims.get("sub")))


def find_caller(request: Request) -> Caller | None:
    """Who is asking: a bearer key, or a browser's session."""
    key = _bearer_key(request)
    return _by_session(request) if key is None else _operators(request).by_key(key)


def _bearer_key(request: Request) -> str | None:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return key if scheme.lower() == "bearer" and key else None


def known_caller(request: Request) -> Caller:
    """The caller; 401 where nobody is known."""
    caller = find_caller(request)
    if caller is None:
        raise HTTPException(401, "sign in, or send a key", {"WWW-Authenticate": "Bearer"})
    if request.method not in ("GET", "HEAD") and _bearer_key(request) is None:
        refuse_foreign_origin(request)
    return caller


def signed_in(request: Request) -> Caller:
    """The caller of a page; a browser without a session is led to the sign-in page."""
    caller = find_caller(request)
    if caller is None:
        raise SignInNeededError
    return caller


def refuse_foreign_origin(request: Request) -> None:
    """What a browser does with its session must come from our own pages (Fetch Metadata)."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise HTTPException(403, "this request came from another site")


async def open_uow(
    request: Request,
    caller: Annotated[Caller, Depends(known_caller)],
    x_practice_id: Annotated[UUID, Header()],
) -> AsyncIterator[UnitOfWork]:
    """A unit of work in the practice of `X-Practice-Id`; commits when the route returns."""
    if not caller.may_see(x_practice_id):
        raise HTTPException(404, "there is no such practice")
    if request.method not in ("GET", "HEAD") and not caller.may_act:
        raise HTTPException(403, "viewers only look")
    async with running(request).work.unit_of_work(x_practice_id) as uow:
        yield uow


Uow = Annotated[UnitOfWork, Depends(open_uow, scope="function")]
"""The parameter of a route that acts or reads in one practice.

Its scope matters: with FastAPI's default the commit would come after the answer has left.
"""


C = TypeVar("C", bound=Contract)


def json_body(contract: type[C]) -> Any:
    """The request's body by a strict contract: `command: Annotated[Open, json_body(Open)]`.

    FastAPI's own way parses JSON first and validates Python values after, and a strict contract
    then refuses every id and date, because in JSON they are texts.
    """

    async def read(request: Request) -> C:
        try:
            return contract.model_validate_json(await request.body())
        except ValidationError as error:
            found = error.errors(include_url=False, include_context=False, include_input=False)
            raise RequestValidationError(
                [{**e, "loc": ("body", *e["loc"])} for e in found]
            ) from None

    read.__dict__["contract"] = contract  # for the OpenAPI document, see openapi.py
    return Depends(read)


@asynccontextmanager
async def read_uow(request: Request, practices: list[UUID]) -> AsyncIterator[Db]:
    """A read-only transaction over several practices' rows, for pages."""
    async with running(request).work.read(practices) as db:
        yield db
