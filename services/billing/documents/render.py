"""PDFs for people outside: a template of ours and data, as a tagged PDF/UA-1 (ISO 14289-1).

The data is JSON that the template reads by `json(bytes(sys.inputs.data))`; it is never part of the
template's text, so that nothing in it is carried out. The fonts are those that typst brings.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TypeAlias

import typst

Value: TypeAlias = "str | int | bool | Sequence[Value] | Mapping[str, Value] | None"
"""What a template is given; amounts as texts, by `money.dollars`."""

# Latin, Greek and Cyrillic with the punctuation of text: what the fonts have. Another character
# would be refused by PDF/UA-1, and typst 0.15 stops on some that are written from right to left.
_UNSHOWN = re.compile(r"[^\n\u0020-\u04ff\u1e00-\u1eff\u2010-\u2027\u20ac]")


class DocumentError(ValueError):
    """A template that cannot be made into a PDF; names the template, nothing of the data."""


def render_pdf(template: Path, data: Mapping[str, Value], made_at: datetime) -> bytes:
    """The PDF of a template; the same data at the same instant gives the same bytes.

    The template sees the files of its own folder only, and no package. It sets the document's
    title and language, which PDF/UA-1 asks for. Takes milliseconds.
    """
    compiler = typst.Compiler(
        template,
        root=template.parent,
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(_shown(data))},
    )
    try:
        made = compiler.compile(
            format="pdf", pdf_standards="ua-1", timestamp=int(made_at.timestamp())
        )
    except typst.TypstError:  # its message may quote the data
        raise DocumentError(f"{template.name} does not come out as PDF/UA-1") from None
    assert isinstance(made, bytes)
    return made


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False)


def _shown(value: Value) -> Value:
    """The data with a question mark for each character that the fonts lack."""
    if isinstance(value, str):
        composed = unicodedata.normalize("NFC", value)
        return "".join(_shown_character(c) for c in composed)
    if isinstance(value, Mapping):
        return {name: _shown(one) for name, one in value.items()}
    if isinstance(value, Sequence):
        return [_shown(one) for one in value]
    return value


def _shown_character(c: str) -> str:
    if c == "\n":
        return c
    if unicodedata.category(c)[0] == "C":  # controls, formats, what is not assigned
        return ""
    return "?" if _UNSHOWN.match(c) else c
