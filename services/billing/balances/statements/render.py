"""A statement as an accessible page, and as a tagged PDF."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from services.billing.balances.statements.model import Content
from services.billing.balances.statements.view import shown
from services.billing.documents.render import render_pdf

FOLDER = Path(__file__).parent / "templates"
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""The page is one file: its style stands in it, and it asks for nothing."""

_templates = Environment(
    loader=FileSystemLoader(FOLDER),
    autoescape=select_autoescape(),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render_page(content: Content) -> str:
    return _templates.get_template("statement.html").render(shown(content))


def render_statement(content: Content, made_at: datetime) -> bytes:
    return render_pdf(FOLDER / "statement.typ", shown(content), made_at)
