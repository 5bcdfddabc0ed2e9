"""A byte stream becomes segments: by hand, in chunks, in flat memory.

`str.split` on chunks of 64 KiB does the work in C. An interchange names its own delimiters in ISA
(X12.5: a fixed 106 characters), so the rest of a chunk is split again where a new one begins; the
small chunk bounds that cost for a file of very many small interchanges.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from services.billing.x12.envelope import ENVELOPE_TAGS, INTERCHANGE, TRANSACTION, Envelope
from services.billing.x12.errors import X12Error

CHUNK_BYTES = 64 * 1024
LONGEST_SEGMENT = 64 * 1024
ISA_LENGTH = 106
_ISA_WIDTHS = (3, 2, 10, 2, 10, 2, 15, 2, 15, 6, 4, 1, 5, 9, 1, 1, 1)
# Never a delimiter and never text: the guides' character set (appendix B) is part of ASCII. Left
# out: line ends, the separators FS GS RS US, and the end-of-file mark (26) that some senders add.
_FORBIDDEN = bytes([*range(7), 8, *range(14, 26), 27, *range(127, 256)])
_SEPARATORS = re.compile("[\x1c-\x1f]")  # text of nobody, but delimiters of some
_BETWEEN = "\r\n \x1a"
_RESEND = "Ask the sender for the file again."
_NO_TEXT = "A character that X12 does not have stands in this segment or shortly after it."
_AS_TEXT = "Ask the sender for a text file."


@dataclass(frozen=True, slots=True)
class Delimiters:
    """The four characters that an interchange reserves; `repetition` is "" in older headers."""

    element: str
    component: str
    segment: str
    repetition: str


def delimiters_of(isa: str, number: int) -> Delimiters:
    """Read them from the 106 characters of an ISA segment; refuses another length or a clash."""
    elements = isa[: ISA_LENGTH - 1].split(isa[3])
    if len(isa) < ISA_LENGTH or tuple(map(len, elements)) != _ISA_WIDTHS:
        raise X12Error(
            "isa-length",
            number,
            f"ISA is not 106 characters of 16 elements with fixed widths{_wrong_width(elements)}.",
            "Ask the sender to pad the ISA elements with spaces.",
        )
    repetition = "" if isa[82].isalnum() else isa[82]
    found = Delimiters(isa[3], isa[104], isa[105], repetition)
    reserved = [c for c in (found.element, found.component, found.segment, repetition) if c]
    is_unclear = any(c.isalnum() or c == " " for c in reserved) or found.segment in isa[:105]
    if is_unclear or len(set(reserved)) != len(reserved):
        raise X12Error(
            "isa-delimiters",
            number,
            "The delimiters in ISA are not four different special characters.",
            "Ask the sender which delimiters are meant.",
        )
    return found


def _wrong_width(elements: list[str]) -> str:
    """The first element that is too short or too long, in words."""
    for index, (element, width) in enumerate(zip(elements, _ISA_WIDTHS, strict=False)):
        if len(element) != width:
            return f": ISA{index:02d} has {len(element)} and must have {width}"
    return ""


def _has_line_end(text: str) -> bool:
    return "\n" in text or "\r" in text


class Segments:
    """Iterates over a file's segments as lists of elements, checking its envelope on the way.

    `number` is the segment last given, counted from 1; `envelope` and `delimiters` are those of
    the interchange being read. Raises X12Error; see Envelope for `problems`.
    """

    def __init__(self, stream: BinaryIO, problems: list[X12Error] | None = None) -> None:
        self.number = 0
        self.envelope = Envelope(problems)
        self.delimiters = Delimiters("*", ":", "~", "^")
        self._stream = stream

    def __iter__(self) -> Iterator[list[str]]:
        text = self._next_interchange("")
        if not text:
            raise X12Error("empty-file", 0, "The file is empty.", _RESEND)
        envelope = self.envelope
        while text:
            self._refuse_separators(text)
            terminator, separator = self.delimiters.segment, self.delimiters.element
            pieces = self._joined_lines(text).split(terminator)
            carry = pieces.pop()
            for index, piece in enumerate(pieces):
                self.number += 1
                segment = piece.split(separator)
                if segment[0] in ENVELOPE_TAGS:
                    envelope.check(segment, self.number)
                    yield segment
                    if segment[0] == "IEA":  # what follows may have other delimiters
                        rest = terminator.join([*pieces[index + 1 :], carry])
                        text = self._next_interchange(rest)
                        break
                elif envelope.level == TRANSACTION or (
                    segment[0] == "TA1" and envelope.level == INTERCHANGE
                ):
                    yield segment
                else:
                    self._refuse_outside(segment)
            else:
                text = carry + self._more(carry)

    def _next_interchange(self, text: str) -> str:
        """The text from the next ISA on, its delimiters taken; "" at the end of the file."""
        text = text.lstrip(_BETWEEN)
        while len(text) < ISA_LENGTH and (chunk := self._read()):
            text = (text + chunk).lstrip(_BETWEEN)
        if not text:
            return ""
        if not text.startswith("ISA"):
            code = "trailing-data" if self.number else "not-x12"
            raise X12Error(code, self.number, "No ISA segment where one must begin.", _RESEND)
        if len(text) < ISA_LENGTH:
            raise X12Error("isa-length", self.number + 1, "The file ends within ISA.", _RESEND)
        self.delimiters = delimiters_of(text[:ISA_LENGTH], self.number + 1)
        return text

    def _joined_lines(self, text: str) -> str:
        """Drop line ends that follow a terminator; any other is refused."""
        if not _has_line_end(text):
            return text
        terminator = self.delimiters.segment
        # Two plain replacements cover nearly every file and are ten times as fast as the pattern.
        text = text.replace(terminator + "\r\n", terminator).replace(terminator + "\n", terminator)
        if not _has_line_end(text):
            return text
        joined = re.sub(re.escape(terminator) + r"[\r\n]+", lambda _: terminator, text)
        joined = joined.lstrip("\r\n")
        body = joined.rstrip("\r\n")  # a break at the very end may yet follow a terminator
        for line_end in {"\r", "\n"} - {terminator}:
            if line_end in body:
                place = self.number + 1 + body[: body.index(line_end)].count(terminator)
                raise X12Error(
                    "line-break-in-segment",
                    place,
                    "A line ends inside a segment.",
                    "Ask the sender not to wrap lines.",
                )
        return joined

    def _more(self, carry: str) -> str:
        if len(carry) > LONGEST_SEGMENT:
            raise X12Error(
                "segment-too-long",
                self.number + 1,
                f"A segment is longer than {LONGEST_SEGMENT} characters.",
                "Ask the sender whether segment terminators are missing.",
            )
        chunk = self._read()
        if not chunk:
            where = "inside a segment" if carry.strip(_BETWEEN) else "before IEA"
            raise X12Error("truncated", self.number, f"The file ends {where}.", _RESEND)
        return chunk

    def _read(self) -> str:
        """The next chunk. Latin-1 gives every byte a character, so no cut can fall within one."""
        chunk = self._stream.read(CHUNK_BYTES)
        if len(chunk.translate(None, _FORBIDDEN)) != len(chunk):
            raise X12Error(
                "control-character",
                self.number + 1,
                _NO_TEXT,
                _AS_TEXT,
            )
        return chunk.decode("latin-1")

    def _refuse_separators(self, text: str) -> None:
        """FS, GS, RS and US may stand only as what they are named for."""
        if _SEPARATORS.search(text):
            found = self.delimiters
            reserved = {found.element, found.component, found.segment, found.repetition}
            if not set(_SEPARATORS.findall(text)) <= reserved:
                raise X12Error("control-character", self.number + 1, _NO_TEXT, _AS_TEXT)

    def _refuse_outside(self, segment: list[str]) -> None:
        raise X12Error(
            "segment-outside-transaction",
            self.number,
            "A segment stands outside any ST/SE.",
            _RESEND,
        )
