"""What interop's pages have in common: one look, one set of files, and the headers that fence them.

No script, and no request to another host.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from libs.service.static_files import StaticFiles

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
FOLDER = Path(__file__).parent

files = StaticFiles(FOLDER / "static")


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
        self._environment.globals["static"] = files.href  # pyright: ignore[reportArgumentType]
        self._environment.filters.update(time=show_time, dollars=show_dollars)

    def render(self, template: str, status: int = 200, **values: Any) -> HTMLResponse:
        html = self._environment.get_template(template).render(values)
        return HTMLResponse(html, status, headers=HEADERS)


def show_time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def show_dollars(cents: int) -> str:
    """Dollars with cents, and a minus sign that is one."""
    sign = "\N{MINUS SIGN}" if cents < 0 else ""
    return f"{sign}${abs(cents) // 100:,}.{abs(cents) % 100:02d}"
