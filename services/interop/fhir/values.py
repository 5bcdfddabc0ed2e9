"""The values that R4's primitive types take (FHIR R4 §2.24.0.1).

`fhir.resources` takes the same, but for its leniency in what this is stricter about: an id has at
most 64 characters, a URI no space, an address leads to no file and no host of our own. Its models
are too slow for every resource that comes, so they are asked in the tests only.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from ipaddress import ip_address
from typing import Any
from unicodedata import normalize
from urllib.parse import urlsplit
from uuid import UUID

from services.interop.fhir.narrative import is_harmless

Accepts = Callable[[Any], Any]
"""Something true for a value that is taken, given one of the right JSON type."""

ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")

_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_OURS = frozenset({"internal", "local", "localdomain", "localhost"})
_CODE = re.compile(r"\S+(?:\s\S+)*")
_OID = re.compile(r"urn:oid:[0-2](?:\.(?:0|[1-9][0-9]*))+")
_URI = re.compile(r"\S+")
_YEAR = r"(?!0000)[0-9]{4}"
_DAY = rf"{_YEAR}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?"
_ZONE = r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_PARTIAL = re.compile(rf"{_YEAR}(?:-(?:0[1-9]|1[0-2]))?")
_DATE = re.compile(_DAY)
_INSTANT = re.compile(rf"{_DAY}T{_TIME}{_ZONE}")
_CLOCK = re.compile(_TIME)


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text[:10])
    except ValueError:
        return False
    return True


def _is_date(text: str) -> bool:
    if _DATE.fullmatch(text):
        return _is_day(text)
    return _PARTIAL.fullmatch(text) is not None


def _is_instant(text: str) -> bool:
    return _INSTANT.fullmatch(text) is not None and _is_day(text)


def _is_date_time(text: str) -> bool:
    return _is_instant(text) if len(text) > 10 else _is_date(text)


def _is_public(url: str) -> bool:
    """Nothing is fetched from it here, but others may follow it: no file, no host of our own."""
    if not _URI.fullmatch(url):
        return False
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    if parts.scheme not in ("http", "https"):
        return parts.scheme in ("", "urn") and not url.startswith(("/", "\\", "."))
    host = normalize("NFKC", host).lower().rstrip(".")
    try:
        return ip_address(host).is_global
    except ValueError:
        *rest, last = host.split(".")
        # 127.1 and 0x7f.1 are addresses to a browser: what ends in a number is no name.
        return bool(rest) and last not in _OURS and not last[:1].isdigit()


def _is_base64(text: str) -> bool:
    return _BASE64.fullmatch("".join(text.split())) is not None


def _is_uuid(text: str) -> bool:
    try:
        return UUID(text).version == 4
    except ValueError:
        return False


def _within(least: int) -> Accepts:
    return lambda value: least <= value <= 2**31 - 1


ACCEPTS: dict[str, Accepts | None] = {
    "Canonical": _URI.fullmatch,
    "Code": _CODE.fullmatch,
    "Date": _is_date,
    "DateTime": _is_date_time,
    "Decimal": None,
    "EncodedBytes": _is_base64,
    "Id": ID.fullmatch,
    "Instant": _is_instant,
    "Integer": _within(-(2**31)),
    "Markdown": str.strip,
    "Oid": _OID.fullmatch,
    "PositiveInt": _within(1),
    "String": str.strip,
    "Time": _CLOCK.fullmatch,
    "UnsignedInt": _within(0),
    "Uri": _URI.fullmatch,
    "Url": _is_public,
    "UuidVersion": _is_uuid,
    "Xhtml": is_harmless,
    "bool": None,
}
"""By the types' names in the models; None: whatever has the JSON type."""
