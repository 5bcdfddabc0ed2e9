"""What interop's pages have in common: one look, one set of files, and the headers that fence them.

No script, and no request to another host.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fastapi import APIRouter, HTTPException
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
FOLDER = Path(__file__).parent

routes = APIRouter(include_in_schema=False)

_types = {"pages.css": "text/css", "icon.svg": "image/svg+xml"}
_files = {name: (FOLDER / "static" / name).read_bytes() for name in _types}
_hashes = {name: hashlib.sha256(content).hexdigest()[:12] for name, content in _files.items()}


@routes.get("/static/{version}/{name}")
async def show_file(version: str, name: str) -> Response:
    if _hashes.get(name) != version:
        raise HTTPException(404, "there is no such file")
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(_files[name], media_type=_types[name], headers=headers)


class Templates:
    """A slice's own templates, which may extend those here."""

    def __init__(self, folder: Path) -> None:
        self._environment = Environment(
            loader=FileSystemLoader([folder, FOLDER / "templates"]),
            autoescape=select_autoescape(),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals["static"] = _href  # pyright: ignore[reportArgumentType]
        self._environment.filters.update(time=show_time, dollars=show_dollars)

    def render(self, template: str, status: int = 200, **values: Any) -> HTMLResponse:
        html = self._environment.get_template(template).render(values)
        return HTMLResponse(html, status, headers=HEADERS)


def _href(name: str) -> str:
    return f"/static/{_hashes[name]}/{name}"


def show_time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def show_dollars(cents: int) -> str:
    """Dollars with cents, and a minus sign that is one."""
    sign = "\N{MINUS SIGN}" if cents < 0 else ""
    return f"{sign}${abs(cents) // 100:,}.{abs(cents) % 100:02d}"
