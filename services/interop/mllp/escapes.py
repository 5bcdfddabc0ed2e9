"""Escape sequences (HL7 v2.5.1 §2.7; the truncation character: v2.7 §2.7.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass

NOT_USED = "\0"
"""In place of a separator that a sender left out; it stands in no text."""

_HEXADECIMAL = re.compile(r"X((?:[0-9A-Fa-f]{2})+)")
_SPACE = re.compile(r"\.(?:br|ce|(?:sp|sk)[+-]?\d{0,4})")
_LAYOUT = re.compile(r"[HN]|\.(?:fi|nf|(?:in|ti)[+-]?\d{0,4})|Z.*")
_OTHER_SET = re.compile(r"C[0-9A-Fa-f]{4}|M[0-9A-Fa-f]{4}(?:[0-9A-Fa-f]{2})?")


class EscapeError(Exception):
    """A sequence that nobody can read; the text says how to write it, and no value."""


@dataclass(frozen=True, slots=True)
class Separators:
    """MSH-1 and MSH-2, as each sender may choose them, and the set that its bytes are in."""

    field: str
    component: str
    repetition: str
    escape: str = NOT_USED
    subcomponent: str = NOT_USED
    truncation: str = "#"
    charset: str = "utf-8"

    def unescaped(self, text: str) -> str:
        """A value with its escape sequences resolved; raises EscapeError."""
        if self.escape not in text:
            return text
        pieces = text.split(self.escape)
        if len(pieces) % 2 == 0:
            raise EscapeError("end each escape sequence; write the escape character itself as E")
        for place in range(1, len(pieces), 2):
            pieces[place] = self._resolved(pieces[place])
        return "".join(pieces)

    def _resolved(self, sequence: str) -> str:
        """Separators and hexadecimal bytes; a line or a space; how it is laid out is left out."""
        match sequence:
            case "F":
                return self.field
            case "S":
                return self.component
            case "R":
                return self.repetition
            case "E":
                return self.escape
            case "T":
                return "&" if self.subcomponent == NOT_USED else self.subcomponent
            case "P":
                return self.truncation
            case _:
                pass
        if found := _HEXADECIMAL.fullmatch(sequence):
            return self._characters(bytes.fromhex(found[1]))
        if _SPACE.fullmatch(sequence):
            return " "
        if _LAYOUT.fullmatch(sequence):
            return ""
        if _OTHER_SET.fullmatch(sequence):
            raise EscapeError("write the whole message in one character set: UNICODE UTF-8")
        raise EscapeError("this escape sequence is unknown; write the escape character itself as E")

    def _characters(self, written: bytes) -> str:
        try:
            text = written.decode(self.charset)
        except UnicodeDecodeError:
            raise EscapeError("write hexadecimal bytes in the message's character set") from None
        if "\0" in text:
            raise EscapeError("remove the NUL characters")
        return text
