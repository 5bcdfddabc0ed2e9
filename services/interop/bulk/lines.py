"""A stream of bytes as lines, and a compressed one as bytes: never more than a line in memory.

Sources: FHIR Bulk Data Access 2.0 (application/fhir+ndjson), ndjson, RFC 1952 (gzip).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from services.interop.messages.model import Refusal, RefusedError

LONGEST_LINE = 5 * 1024 * 1024
"""Bytes of one resource."""

MOST_TIMES = 200
"""How much larger a compressed file may become: FHIR's JSON shrinks to a tenth or a thirtieth."""

FREE_BYTES = 16 * 1024 * 1024
"""A file that becomes no larger than this may have been compressed by any factor."""

_PIECE = 256 * 1024
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Line:
    """One line that is not blank; `number` from 1, as an editor counts. None: it is too long."""

    number: int
    raw: bytes | None = field(repr=False)
    at: int = 0
    """The byte with which it begins."""


class Lines:
    """Cuts what it is fed into lines, which end with LF or CR LF; the last one may lack its end."""

    def __init__(self) -> None:
        self._number = 1
        self._at = 0
        self._rest = bytearray()
        self._is_too_long = False
        self._fed = 0

    def feed(self, data: bytes) -> Iterator[Line]:
        start = 0
        while (end := data.find(b"\n", start)) >= 0:
            self._add(data[start:end])
            yield from self._line()
            self._number += 1
            self._at = self._fed + end + 1
            start = end + 1
        self._add(data[start:])
        self._fed += len(data)

    def end(self) -> Iterator[Line]:
        yield from self._line()

    def _add(self, data: bytes) -> None:
        if self._is_too_long or len(self._rest) + len(data) > LONGEST_LINE:
            self._is_too_long = True
            self._rest.clear()
        else:
            self._rest += data

    def _line(self) -> Iterator[Line]:
        raw, is_too_long = bytes(self._rest), self._is_too_long
        self._rest.clear()
        self._is_too_long = False
        if is_too_long:
            yield Line(self._number, None, self._at)
        elif trimmed(raw):
            yield Line(self._number, trimmed(raw), self._at)


def trimmed(raw: bytes) -> bytes:
    """A line without the spaces around it, and the first one's byte order mark."""
    return raw.removeprefix(_BOM).strip(b" \t\r\n")


class Gunzip:
    """Opens a gzip stream piece by piece; raises RefusedError for none, and for a bomb."""

    def __init__(self) -> None:
        self._opener = zlib.decompressobj(wbits=31)
        self._read = 0
        self._made = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        self._read += len(data)
        while data:
            if self._opener.eof:  # a file may be several gzip members, one after the other
                self._opener = zlib.decompressobj(wbits=31)
            try:
                piece = self._opener.decompress(data, _PIECE)
            except zlib.error:
                raise RefusedError(_NOT_GZIP) from None
            self._made += len(piece)
            if self._made > FREE_BYTES and self._made > self._read * MOST_TIMES:
                raise RefusedError(_BOMB)
            yield piece
            data = self._opener.unused_data or self._opener.unconsumed_tail

    def end(self) -> None:
        if self._read and not self._opener.eof:
            raise RefusedError(_NOT_GZIP)


_NOT_GZIP = Refusal(
    "not-gzip",
    "Content-Encoding",
    "the body is not gzip, or ends too early; send the file again, whole",
)
_BOMB = Refusal(
    "too-costly",
    "Content-Encoding",
    f"the body becomes more than {MOST_TIMES} times larger; send it uncompressed",
)
