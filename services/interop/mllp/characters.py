"""The character set of a message: MSH-18 (HL7 v2.5.1 §2.14.9.18, table 0211)."""

from __future__ import annotations

import re

from services.interop.messages.model import Refusal, RefusedError

_LATIN = {f"8859/{part}": f"iso8859-{part}" for part in (1, 2, 3, 4, 9, 15)}
_OTHER = {f"8859/{part}": f"iso8859-{part}" for part in (5, 6, 7, 8)}
_TAKEN = {
    "": "utf-8",
    "ASCII": "ascii",
    "UNICODE UTF-8": "utf-8",
    "UTF-8": "utf-8",  # no name of the table's, but many senders write it, and it means one thing
    **_LATIN,
    **_OTHER,
}
_WIDE = (b"\xff\xfe", b"\xfe\xff", b"M\0S\0H", b"\0M\0S", b"M\0\0\0", b"\0\0\0M")
_NEVER_WRITTEN = re.compile("[\x80-\x9f]")
"""The second row of control characters: where they stand, another set was meant."""

WIDE_REFUSED = Refusal(
    "character-set",
    "MSH-18",
    "send UNICODE UTF-8: UTF-16 and UTF-32 write bytes that end a frame of MLLP",
)


def is_wide(raw: bytes) -> bool:
    """Whether a message is written in UTF-16 or UTF-32, in which no header can be found."""
    return raw.startswith(_WIDE)


def charset_of(told: str) -> str:
    """Python's name of the set that MSH-18 tells; UTF-8 where it tells none.

    The first repetition is the set of the message; the others are for escapes (§2.7.2), which are
    refused where they stand.
    """
    name = told.strip().upper()
    if name.startswith(("UNICODE UTF-16", "UNICODE UTF-32")) or name == "UNICODE":
        raise RefusedError(WIDE_REFUSED)
    charset = _TAKEN.get(name)
    if charset is None:
        fix = "send UNICODE UTF-8, ASCII, 8859/1 to 8859/9 or 8859/15"
        raise RefusedError(Refusal("character-set", "MSH-18", fix))
    return charset


def decoded(body: bytes, charset: str) -> str:
    """The text of a message; raises RefusedError where it is written in another set.

    A text of one byte a character can be read in any such set, so two things are looked at: control
    characters that nobody writes, and UTF-8, which no word in Latin letters is by chance.
    """
    try:
        text = body.decode(charset)
    except UnicodeDecodeError:
        raise RefusedError(_LIES) from None
    if charset.startswith("iso") and not body.isascii():
        if _NEVER_WRITTEN.search(text):
            raise RefusedError(_LIES)
        if charset in _LATIN.values() and _is_utf8(body):
            raise RefusedError(_LIES)
    return text


_LIES = Refusal(
    "not-in-character-set", "MSH-18", "name the character set that the message is written in"
)


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
