"""Errors as problem details (RFC 9457): what is wrong and what to do, never the value itself."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, RedirectResponse, Response

from libs.events.transport.faults import is_transient
from libs.events.transport.keys import KeyErasedError, KeyUnavailableError
from libs.service.refused import RefusedError, UnknownError

MEDIA_TYPE = "application/problem+json"
_OWN_WORDS = {
    "union_tag_invalid": "the tag is none of those that the contract knows",
    "uuid_parsing": "not a UUID",
}
"""Said in place of pydantic's messages that quote what was sent."""


class SignInNeededError(Exception):
    """A page was asked for without a session."""


def problem(status: int, title: str, **more: Any) -> JSONResponse:
    """A problem+json answer; `more` may add `detail` and extension members."""
    return JSONResponse({"status": status, "title": title, **more}, status, media_type=MEDIA_TYPE)


def answer_with_problems(app: FastAPI) -> None:
    """Make every error of an application a problem+json answer."""

    @app.exception_handler(HTTPException)
    async def _http(_: Request, error: HTTPException) -> Response:  # pyright: ignore[reportUnusedFunction]
        answer = problem(error.status_code, str(error.detail))
        for name, value in (error.headers or {}).items():
            answer.headers[name] = value
        return answer

    @app.exception_handler(UnknownError)
    async def _unknown(_: Request, error: UnknownError) -> Response:  # pyright: ignore[reportUnusedFunction]
        return problem(404, str(error))

    @app.exception_handler(RefusedError)
    async def _refused(_: Request, error: RefusedError) -> Response:  # pyright: ignore[reportUnusedFunction]
        return problem(409, str(error))

    @app.exception_handler(RequestValidationError)
    async def _invalid(_: Request, error: RequestValidationError) -> Response:  # pyright: ignore[reportUnusedFunction]
        # The message of a value error is our own; pydantic's `input` and `ctx` may hold the value.
        errors = [
            {
                "where": ".".join(map(str, e["loc"])),
                "what": _OWN_WORDS.get(e["type"], e["msg"]),
                "code": e["type"],
            }
            for e in error.errors()
        ]
        return problem(422, "the request does not fit its contract", errors=errors)

    @app.exception_handler(SignInNeededError)
    async def _sign_in(request: Request, _: SignInNeededError) -> Response:  # pyright: ignore[reportUnusedFunction]
        asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/sign-in?next={quote(asked)}", 303)

    @app.exception_handler(Exception)
    async def _unexpected(_: Request, error: Exception) -> Response:  # pyright: ignore[reportUnusedFunction]
        # Starlette raises it again after this answer, and the server logs it (see logs.py).
        if is_transient(error):
            answer = problem(503, "the database or the broker is away; try again")
            answer.headers["Retry-After"] = "1"
            return answer
        if isinstance(error, KeyErasedError):
            return problem(410, "nobody can read this any more", detail=str(error))
        if isinstance(error, KeyUnavailableError):
            return problem(503, "this practice's key is missing here", detail=str(error))
        return problem(500, "an error of ours; it was logged")
