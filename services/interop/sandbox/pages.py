"""The sandbox's page: paste a message, see what it would become and why not. Nothing is stored."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from libs.service.http import refuse_foreign_origin, signed_in
from libs.service.operators import Caller
from services.interop.connections.bearer import TooLargeError, read_body
from services.interop.inspect.model import UnreadableError
from services.interop.sandbox.check import Checked, check

LARGEST_FORM = 8 * 1024 * 1024
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
FOLDER = Path(__file__).parent

routes = APIRouter(include_in_schema=False)
PageCaller = Annotated[Caller, Depends(signed_in)]

_types = {"sandbox.css": "text/css", "icon.svg": "image/svg+xml"}
_files = {name: (FOLDER / "static" / name).read_bytes() for name in _types}
_hashes = {name: hashlib.sha256(content).hexdigest()[:12] for name, content in _files.items()}
_templates = Environment(
    loader=FileSystemLoader(FOLDER / "templates"),
    autoescape=select_autoescape(),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.globals["static"] = lambda name: f"/sandbox/static/{_hashes[name]}/{name}"  # pyright: ignore


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


@routes.get("/sandbox/static/{version}/{name}")
async def show_file(version: str, name: str) -> Response:
    if _hashes.get(name) != version:
        raise HTTPException(404, "there is no such file")
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(_files[name], media_type=_types[name], headers=headers)


def _render(
    caller: Caller,
    *,
    text: str,
    checked: Checked | None = None,
    unreadable: str | None = None,
    status: int = 200,
) -> HTMLResponse:
    values: dict[str, Any] = {
        "caller": caller.name,
        "text": text,
        "checked": checked,
        "unreadable": unreadable,
    }
    html = _templates.get_template("sandbox.html").render(values)
    return HTMLResponse(html, status, headers=HEADERS)
