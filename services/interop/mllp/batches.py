"""Several messages in one text: a batch, a file of batches, or messages one after the other.

Source: HL7 v2.5.1 §2.10.3 (batch protocol), §2.15.2 and §2.15.3 (BHS, BTS), §2.15.6 and §2.15.7
(FHS, FTS). Works on bytes and cuts only: what a message says, and whether it is one, is found out
by whoever reads it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise

from services.interop.messages.model import Refusal

_BEGINS = re.compile(
    rb"(?:\A|(?<=[\r\n]))(?:MSH|(?:FHS|BHS|BTS|FTS)(?![A-Za-z0-9]))[^\r\n]*",
)
"""A line that no message goes on with; what follows it up to the next such line belongs to it."""

_FRAMES = re.compile(rb"\x1c(?=[\r\n\x0b]|\Z)|\x0b(?=MSH|FHS|BHS)")
"""The marks of MLLP, as they stand in a recording of a connection."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Batch:
    """Messages between BHS and BTS; both are empty where they were not sent."""

    header: bytes = field(repr=False, default=b"")
    messages: tuple[bytes, ...] = field(repr=False, default=())
    trailer: bytes = field(repr=False, default=b"")


@dataclass(frozen=True, slots=True)
class BatchFile:
    """All batches of a text; messages outside any are a batch without header and trailer."""

    header: bytes = field(repr=False, default=b"")
    batches: tuple[Batch, ...] = ()
    trailer: bytes = field(repr=False, default=b"")
    refusals: tuple[Refusal, ...] = ()
    """What is wrong with the batches as such: their order and their counts."""

    @property
    def messages(self) -> tuple[bytes, ...]:
        return tuple(message for batch in self.batches for message in batch.messages)


def is_batch(raw: bytes) -> bool:
    """Whether a frame holds a batch (BHS) or a file of batches (FHS) instead of one message."""
    return raw.removeprefix(_BYTE_ORDER_MARK).lstrip(b"\r\n").startswith((b"FHS", b"BHS"))


def split_messages(raw: bytes) -> BatchFile:
    """The messages of a text, each as it came, up to the line ends behind it; in linear time.

    Takes a batch, a file of batches, messages that follow one another with or without blank lines
    between them, and a recording of MLLP frames. Raises nothing.
    """
    text = _FRAMES.sub(b"\r", raw.removeprefix(_BYTE_ORDER_MARK))
    begins = [found.start() for found in _BEGINS.finditer(text)]
    lead = text[: begins[0]] if begins else text
    found = _Found()
    if lead.strip():
        found.refuse("not-hl7", "MSH", "begin with MSH, or with FHS or BHS for a batch")
    for start, end in pairwise([*begins, len(text)]):
        found.add(text[start:end].rstrip(b"\r\n") + b"\r")
    return found.file()


class _Found:
    """What was found so far, read from top to bottom."""

    def __init__(self) -> None:
        self._header = self._trailer = b""
        self._batches: list[Batch] = []
        self._open: tuple[bytes, list[bytes]] | None = None
        self._refusals: list[Refusal] = []

    def refuse(self, code: str, where: str, fix: str) -> None:
        self._refusals.append(Refusal(code, where, fix))

    def add(self, piece: bytes) -> None:
        name = piece[:3].decode("ascii", "replace")
        if self._trailer:
            self.refuse("batch-order", name, "send nothing behind FTS; send one file at a time")
        match name:
            case "FHS":
                if self._header or self._batches or self._open:
                    self.refuse("batch-order", "FHS", "send FHS once, as the first segment")
                self._header = piece
            case "BHS":
                if self._open and self._open[0]:
                    self.refuse("batch-order", "BHS", "end the batch before it with BTS")
                self._end_batch()
                self._open = piece, []
            case "BTS":
                if self._open is None or not self._open[0]:
                    self.refuse("batch-order", "BTS", "begin the batch with BHS")
                self._end_batch(piece)
            case "FTS":
                if self._open and self._open[0]:
                    self.refuse("batch-order", "FTS", "end the last batch with BTS")
                if not self._header:
                    self.refuse("batch-order", "FTS", "begin the file with FHS")
                self._end_batch()
                self._trailer = piece
                self._count("FTS-1", piece, len(self._batches), "batches")
            case _:
                self._open = self._open or (b"", [])
                self._open[1].append(piece)

    def file(self) -> BatchFile:
        if self._open and self._open[0]:
            self.refuse(
                "batch-not-ended", "BTS", "end the batch with BTS; it may have been cut off"
            )
        self._end_batch()
        if self._header and not self._trailer:
            self.refuse("batch-not-ended", "FTS", "end the file with FTS; it may have been cut off")
        return BatchFile(self._header, tuple(self._batches), self._trailer, tuple(self._refusals))

    def _end_batch(self, trailer: bytes = b"") -> None:
        if self._open is None:
            return
        header, messages = self._open
        self._open = None
        self._batches.append(Batch(header, tuple(messages), trailer))
        if trailer:
            self._count("BTS-1", trailer, len(messages), "messages")

    def _count(self, where: str, trailer: bytes, counted: int, what: str) -> None:
        """A count that was sent has to be right: a file that was cut off would look whole."""
        told = re.split(rb"[\r\n]", trailer, maxsplit=1)[0].split(trailer[3:4])[1:2]
        number = told[0].strip() if told else b""
        if number and not (number.isdigit() and len(number) < 10 and int(number) == counted):
            self.refuse("batch-count", where, f"send how many {what} there are; {counted} came")
