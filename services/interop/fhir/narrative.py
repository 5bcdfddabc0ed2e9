"""XHTML that nobody has to fear: text, tables and links, nothing that runs (FHIR R4 §2.4.0.1)."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from urllib.parse import urlsplit

_TAG = re.compile(
    "a|abbr|acronym|b|big|blockquote|br|caption|cite|code|col|colgroup|dd|dfn|div|dl|dt|em|h[1-6]"
    "|hr|i|img|li|ol|p|pre|q|samp|small|span|strong|sub|sup|table|tbody|td|tfoot|th|thead|tr|tt|ul"
    "|var"
)
_ATTRIBUTE = re.compile(
    "abbr|accesskey|align|alt|axis|bgcolor|border|cellhalign|cellpadding|cellspacing|cellvalign"
    "|char|charoff|charset|cite|class|colspan|compact|coords|dir|frame|headers|height|href|hreflang"
    "|hspace|id|lang|longdesc|name|nowrap|rel|rev|rowspan|rules|scope|shape|span|src|start|style"
    "|summary|tabindex|title|type|valign|value|vspace|width|xml:lang|xmlns"
)
_LINKS = frozenset({"href", "src", "cite", "longdesc"})
_SCHEMES = frozenset({"", "http", "https", "mailto", "tel", "urn"})


def is_harmless(xhtml: str) -> bool:
    """True for a `div` with the elements and attributes that FHIR allows, and no others."""
    reader = _Reader()
    reader.feed(xhtml)
    reader.close()
    return reader.harmless and reader.first == "div"


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.harmless = True
        self.first: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.first = self.first or tag
        if not _TAG.fullmatch(tag):
            self.harmless = False
        for name, value in attrs:
            if not _ATTRIBUTE.fullmatch(name) or (name in _LINKS and not _is_safe(value or "")):
                self.harmless = False

    def handle_decl(self, decl: str) -> None:
        self.harmless = False

    def handle_pi(self, data: str) -> None:
        self.harmless = False

    def unknown_decl(self, data: str) -> None:
        self.harmless = False


def _is_safe(link: str) -> bool:
    try:
        return urlsplit("".join(link.split())).scheme.lower() in _SCHEMES
    except ValueError:
        return False
