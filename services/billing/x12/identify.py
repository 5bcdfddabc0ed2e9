"""Which transaction a file holds, from its first three segments."""

from __future__ import annotations

from typing import BinaryIO, Literal

from services.billing.x12.errors import X12Error
from services.billing.x12.segments import Segments
from services.billing.x12.values import at

TransactionName = Literal["999", "277CA", "277", "835", "837P", "837I", "837D", "270", "271", "276",
                          "TA1", "unknown"]  # fmt: skip

# GS01, the version in GS08 without its addenda letter, ST01 (005010 implementation guides).
_NAMES: dict[tuple[str, str, str], TransactionName] = {
    ("FA", "005010X231", "999"): "999",
    ("HN", "005010X214", "277"): "277CA",
    ("HN", "005010X212", "277"): "277",
    ("HP", "005010X221", "835"): "835",
    ("HC", "005010X222", "837"): "837P",
    ("HC", "005010X223", "837"): "837I",
    ("HC", "005010X224", "837"): "837D",
    ("HS", "005010X279", "270"): "270",
    ("HB", "005010X279", "271"): "271",
    ("HR", "005010X212", "276"): "276",
}


def identify(stream: BinaryIO) -> TransactionName:
    """Name the first transaction; the stream (seekable) is left where it was.

    "unknown": X12, but not one of the names. Raises X12Error where there is no X12 to read.
    """
    start = stream.tell()
    try:
        version = functional_id = ""
        for segment in Segments(stream, problems=[]):
            match segment[0]:
                case "GS":
                    functional_id, version = at(segment, 1), at(segment, 8)[:10]
                case "ST":
                    return _NAMES.get((functional_id, version, at(segment, 1)), "unknown")
                case _:
                    pass
        return "unknown"
    except X12Error as error:
        # An interchange that only carries TA1 has no group, so the envelope refuses the segment.
        if error.code == "segment-outside-transaction" and _next_is_ta1(stream, start):
            return "TA1"
        raise
    finally:
        stream.seek(start)


def _next_is_ta1(stream: BinaryIO, start: int) -> bool:
    stream.seek(start)
    return stream.read(400)[106:].lstrip(b"\r\n").startswith(b"TA1")


def expect_transaction(segments: Segments, name: TransactionName) -> None:
    """Refuse a transaction that is not of the kind a reader reads; called at its ST."""
    envelope = segments.envelope
    for (_, version, transaction_set), known in _NAMES.items():
        if (known, version) == (name, envelope.version[:10]):
            if transaction_set == envelope.transaction_set:
                return
            break
    raise X12Error(
        "unexpected-transaction",
        segments.number,
        f"GS08 and ST01 do not say that this is a {name} of version 005010.",
        "Check which file was sent here.",
    )
