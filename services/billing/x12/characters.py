"""The character set that HIPAA guides allow (005010 guides, appendix B), checked before writing."""

from __future__ import annotations

import re
import unicodedata

from services.billing.x12.errors import RefusedElementError

# The extended set without the four characters that our files use as delimiters (* : ~ ^).
_TEXT = re.compile(r"[A-Za-z0-9 !\"&'()+,\-./;?=%@\[\]_{}\\|<>#$]*")
_NOT_TEXT = re.compile(r"[^A-Za-z0-9 !\"&'()+,\-./;?=%@\[\]_{}\\|<>#$]")
_ALNUM = re.compile(r"[A-Za-z0-9]*")


def text(value: str, element: str, longest: int, shortest: int = 1) -> str:
    """A required text element; RefusedElementError names the place and never the value."""
    if not value:
        raise RefusedElementError("missing", element, "A value is required.")
    if len(value) < shortest:
        message = f"At least {shortest} characters are expected."
        raise RefusedElementError("too-short", element, message)
    if len(value) > longest:
        raise RefusedElementError("too-long", element, f"At most {longest} characters are allowed.")
    if not _TEXT.fullmatch(value):
        message = "A character is outside X12's extended set or is a delimiter (* : ~ ^)."
        raise RefusedElementError("character", element, message)
    if value != value.strip():
        raise RefusedElementError("outer-space", element, "A space stands at the start or end.")
    return value


def optional_text(value: str | None, element: str, longest: int) -> str:
    """As `text`, where None is written as an empty element."""
    return "" if value is None else text(value, element, longest)


def code(value: str, element: str, shortest: int, longest: int) -> str:
    """A required element of letters and digits only, of a bounded length."""
    if not value:
        raise RefusedElementError("missing", element, "A value is required.")
    if not shortest <= len(value) <= longest or not _ALNUM.fullmatch(value):
        message = f"{shortest} to {longest} letters and digits are expected."
        raise RefusedElementError("format", element, message)
    return value


def plain_text(value: str) -> str:
    """The nearest spelling in the character set: accents fall off, what has none becomes a space.

    For names and addresses as people write them (José becomes Jose). Never for identifiers: two
    of them could become one. May come out empty, which the writer then refuses.
    """
    folded = unicodedata.normalize("NFKD", value)
    bare = "".join(c for c in folded if not unicodedata.combining(c))
    return " ".join(_NOT_TEXT.sub(" ", bare).split())
