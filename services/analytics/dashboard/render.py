"""Renders a page: what is the same on all of them, and the headers that fence it in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from libs.events.transport.database import Db
from libs.service.operators import Caller
from libs.service.static_files import StaticFiles
from services.analytics.dashboard.formats import show_month, show_time
from services.analytics.scorecard.store import Stamp, count_parked, read_stamp

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}

FOLDER = Path(__file__).parent / "static"
files = StaticFiles(FOLDER)
_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.globals.update(static=files.href)  # pyright: ignore[reportCallIssue, reportArgumentType]
_templates.filters.update(month=show_month, time=show_time)


@dataclass(frozen=True, slots=True)
class Page:
    """What every page says: who looks, its own address, and how fresh its numbers are."""

    caller: str
    href: str
    stamp: Stamp
    parked: int
    """Events of these practices that the figures lack: they wait for a person."""
    sees_all: bool

    @classmethod
    async def of(cls, request: Request, caller: Caller, db: Db) -> Page:
        query = f"?{request.url.query}" if request.url.query else ""
        return cls(
            caller=caller.name,
            href=request.url.path + query,
            stamp=await read_stamp(db),
            parked=await count_parked(db),
            sees_all=caller.practices is None,
        )


def render(template: str, page: Page, **values: Any) -> HTMLResponse:
    html = _templates.get_template(template).render(page=page, **values)
    return HTMLResponse(html, headers=HEADERS)


def not_found(text: str) -> HTMLResponse:
    html = _templates.get_template("not-found.html").render(text=text)
    return HTMLResponse(html, 404, headers=HEADERS)
