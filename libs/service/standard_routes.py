"""Routes that every process has: health for Kubernetes, and signing in for people."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Annotated

import asyncpg
import prometheus_client
from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, select_autoescape

from libs.service.http import (
    SESSION_COOKIE,
    SESSION_SECONDS,
    refuse_foreign_origin,
    session_token,
)
from libs.service.operators import Operators

_DATABASE_AWAY = (
    *(OSError, TimeoutError),
    *(asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError),
)

standard_routes = APIRouter()
_pages = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "pages"), autoescape=select_autoescape()
)


@standard_routes.get("/livez", include_in_schema=False)
async def livez(request: Request) -> JSONResponse:
    """The process answers, and whatever partition has lag makes progress.

    Idle consumers are alive, and so are those that stopped themselves or wait for the database or
    the broker: to start them again would cure nothing.
    """
    running = request.app.state.running
    if running is not None and (stuck := running.stuck_partitions()):
        return JSONResponse({"status": "stuck", "seconds": stuck, "pid": os.getpid()}, 503)
    return JSONResponse({"status": "alive", "pid": os.getpid()})


@standard_routes.get("/readyz", include_in_schema=False)
async def readyz(request: Request) -> JSONResponse:
    """The database answers, no consumer has stopped itself, and each knows its partitions.

    Ready too while the broker refuses a partition's next event: no request can mend that, and the
    outbox keeps it. The answer names such partitions.
    """
    running = request.app.state.running
    if running is None:
        return JSONResponse({"status": "starting"}, 503)
    try:
        async with running.pool.acquire(timeout=2) as db:
            await db.fetchval("SELECT 1", timeout=2)
    except _DATABASE_AWAY:
        return JSONResponse({"status": "the database does not answer"}, 503)
    if stopped := running.stopped_consumers():
        return JSONResponse({"status": "consumers stopped", "consumers": stopped}, 503)
    if unassigned := running.unassigned_consumers():
        return JSONResponse({"status": "consumers join their group", "consumers": unassigned}, 503)
    refused = running.refused_shards()
    return JSONResponse({"status": "ready"} | ({"refused": refused} if refused else {}))


@standard_routes.get("/metrics", include_in_schema=False)
async def show_metrics() -> Response:
    """This process's metrics, as Prometheus reads them: numbers of the mechanism only."""
    # In a thread: what is looked up for them is looked up in this event loop.
    text = await asyncio.to_thread(prometheus_client.generate_latest)
    return Response(text, media_type=prometheus_client.CONTENT_TYPE_LATEST)


@standard_routes.get("/sign-in", include_in_schema=False)
async def show_sign_in(next: str = "/") -> HTMLResponse:
    return HTMLResponse(_pages.get_template("sign-in.html").render(next=_own_path(next)))


@standard_routes.post("/sign-in", include_in_schema=False)
async def sign_in(
    request: Request,
    name: Annotated[str, Form(max_length=200)],
    password: Annotated[str, Form(max_length=1000)],
    next: Annotated[str, Form(max_length=2000)] = "/",
) -> Response:
    refuse_foreign_origin(request)
    operators: Operators = request.app.state.operators
    # scrypt takes its time on purpose: in a thread, so that nobody's events wait for it.
    caller = await asyncio.to_thread(operators.by_password, name, password)
    if caller is None or request.app.state.session_key is None:
        page = _pages.get_template("sign-in.html")
        return HTMLResponse(page.render(next=_own_path(next), refused=True), 401)
    answer = RedirectResponse(_own_path(next), 303)
    answer.set_cookie(
        SESSION_COOKIE,
        session_token(request, caller),
        max_age=SESSION_SECONDS,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    return answer


@standard_routes.post("/sign-out", include_in_schema=False)
async def sign_out(request: Request) -> Response:
    refuse_foreign_origin(request)
    answer = RedirectResponse("/sign-in", 303)
    answer.delete_cookie(SESSION_COOKIE)
    return answer


def _own_path(path: str) -> str:
    """Only a path of this site is gone on to."""
    ours = path.startswith("/") and not path.startswith("//")
    # Browsers read a backslash as a slash, and skip tabs and line ends.
    return path if ours and path.isprintable() and "\\" not in path else "/"
