"""Which transaction a file holds, from its first three segments."""

from __future__ import annotations

import re
from typing import BinaryIO, Literal

from services.billing.x12.errors import X12Error
from services.billing.x12.segments import Segments
from services.billing.x12.values import at

TransactionName = Literal["999", "277CA", "277", "835", "837P", "837I", "837D", "270", "271", "276",
                          "TA1", "unknown"]  # fmt: skip

# GS01, the guide in GS08, ST01 (005010 implementation guides).
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
_GUIDE_LENGTH = 10
_AS_FIRST_PUBLISHED = frozenset({"005010X212", "005010X214"})
"""Guides that are in force without an addendum (45 CFR 162.1102 to 162.1602); the others need one,
and which of them is the sender's choice."""
_ADDENDUM = re.compile(r"A[1-9]")
_ERRATA = re.compile(r"(E[1-9])?")


def name_of(functional_id: str, version: str, transaction_set: str) -> TransactionName:
    """The transaction that GS01, GS08 and ST01 speak of; "unknown": none, or of another version."""
    guide, addendum = version[:_GUIDE_LENGTH], version[_GUIDE_LENGTH:]
    expected = _ERRATA if guide in _AS_FIRST_PUBLISHED else _ADDENDUM
    if not expected.fullmatch(addendum):
        return "unknown"
    return _NAMES.get((functional_id, guide, transaction_set), "unknown")


def identify(stream: BinaryIO) -> TransactionName:
    """Name the first transaction; the stream (seekable) is left where it was.

    A TA1 stands before any group; a file that goes on with a group is named by that. "unknown":
    X12, but not one of the names. Raises X12Error where there is no X12 to read.
    """
    start = stream.tell()
    try:
        name: TransactionName = "unknown"
        version = functional_id = ""
        for segment in Segments(stream, problems=[]):
            match segment[0]:
                case "TA1":
                    name = "TA1"
                case "GS":
                    functional_id, version = at(segment, 1), at(segment, 8)
                case "ST":
                    return name_of(functional_id, version, at(segment, 1))
                case _:
                    pass
        return name
    finally:
        stream.seek(start)


def expect_transaction(segments: Segments, name: TransactionName) -> None:
    """Refuse a transaction that is not of the kind a reader reads; called at its ST."""
    envelope = segments.envelope
    if name_of(envelope.functional_id, envelope.version, envelope.transaction_set) == name:
        return
    raise X12Error(
        "unexpected-transaction",
        segments.number,
        f"GS01, GS08 and ST01 do not say that this is a {name} of version 005010.",
        "Check which file was sent here.",
    )
