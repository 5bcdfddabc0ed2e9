"""The sandbox's page: paste a message, see what it would become and why not. Nothing is stored."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse

from libs.service.http import refuse_foreign_origin, signed_in
from libs.service.operators import Caller
from services.interop.connections.bearer import TooLargeError, read_body
from services.interop.inspect.model import UnreadableError
from services.interop.pages.render import Templates
from services.interop.sandbox.check import Checked, check

LARGEST_FORM = 8 * 1024 * 1024

routes = APIRouter(include_in_schema=False)
PageCaller = Annotated[Caller, Depends(signed_in)]

_templates = Templates(Path(__file__).parent / "templates")


@routes.get("/sandbox")
async def show_sandbox(caller: PageCaller) -> HTMLResponse:
    return _render(caller, text="")


@routes.post("/sandbox")
async def check_pasted(request: Request, caller: PageCaller) -> HTMLResponse:
    """In a thread: a large bundle must not hold up the others."""
    refuse_foreign_origin(request)
    try:
        form = parse_qs((await read_body(request, most=LARGEST_FORM)).decode("utf-8", "replace"))
    except TooLargeError as error:
        raise HTTPException(413, f"paste at most {error.most} bytes") from None
    text = "".join(form.get("text", []))
    try:
        checked = await asyncio.to_thread(check, text)
    except UnreadableError as error:
        return _render(caller, text=text, unreadable=str(error), status=422)
    return _render(caller, text=text, checked=checked)


def _render(
    caller: Caller,
    *,
    text: str,
    checked: Checked | None = None,
    unreadable: str | None = None,
    status: int = 200,
) -> HTMLResponse:
    return _templates.render(
        "sandbox.html",
        status,
        caller=caller.name,
        text=text,
        checked=checked,
        unreadable=unreadable,
    )
