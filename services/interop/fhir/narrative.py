"""XHTML that nobody has to fear: text, tables and links, nothing that runs (FHIR R4 §2.4.0.1)."""

from __future__ import annotations

import re
from urllib.parse import urlsplit
from xml.parsers.expat import ExpatError, ParserCreate

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
    """True for a `div` of well-formed XML with the elements and attributes that FHIR allows.

    Comments, CDATA, declarations and entities beyond XML's own are what a browser may read
    otherwise than an XML parser does, so there are none.
    """
    reader = ParserCreate()
    reader.StartElementHandler = _Reader()
    for handler in ("Comment", "ProcessingInstruction", "StartCdataSection", "StartDoctypeDecl",
                    "XmlDecl"):  # fmt: skip
        setattr(reader, f"{handler}Handler", _refuse)
    try:
        reader.Parse(xhtml, True)
    except (ExpatError, _HarmError):
        return False
    return True


class _HarmError(Exception):
    """Ends the reading: nothing after this is looked at."""


def _refuse(*_: object) -> None:
    raise _HarmError


class _Reader:
    """Sees each element as it begins; the first has to be a div."""

    def __init__(self) -> None:
        self._is_first = True

    def __call__(self, tag: str, attributes: dict[str, str]) -> None:
        if not _TAG.fullmatch(tag) or (self._is_first and tag != "div"):
            raise _HarmError
        self._is_first = False
        for name, value in attributes.items():
            if not _ATTRIBUTE.fullmatch(name) or (name in _LINKS and not _is_safe(value)):
                raise _HarmError


def _is_safe(link: str) -> bool:
    try:
        return urlsplit("".join(link.split())).scheme.lower() in _SCHEMES
    except ValueError:
        return False
