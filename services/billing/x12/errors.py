"""What can be wrong with a file or with a value: closed codes, and never a payload value."""

from __future__ import annotations

from typing import Literal, NoReturn

Code = Literal[
    "empty-file", "not-x12", "isa-length", "isa-delimiters", "trailing-data", "truncated",
    "segment-too-long", "empty-segment", "control-character", "line-break-in-segment",
    "envelope-order", "segment-outside-transaction", "interchange-control-mismatch",
    "group-control-mismatch", "transaction-control-mismatch", "segment-count",
    "transaction-count", "group-count", "duplicate-transaction", "unexpected-transaction",
    "unexpected-segment", "segment-order", "missing-segment", "missing-element", "bad-amount",
    "bad-quantity", "bad-date", "bad-code", "too-many",
]  # fmt: skip
RefusalCode = Literal["missing", "too-short", "too-long", "character", "outer-space", "format",
                      "out-of-range", "sum", "duplicate"]  # fmt: skip


class X12Error(ValueError):
    """A file that cannot be used as it is.

    `segment_number` counts from 1 in the file (ISA is 1; 0: before any segment). `message` names
    segments and elements, never their content, so it may be logged; `fix` says what to ask for.
    """

    def __init__(self, code: Code, segment_number: int, message: str, fix: str) -> None:
        super().__init__(f"{code} at segment {segment_number}: {message} {fix}")
        self.code: Code = code
        self.segment_number = segment_number
        self.message = message
        self.fix = fix


class RefusedElementError(ValueError):
    """A value that cannot be written in X12; `element` is its place, such as `2010BA NM103`."""

    def __init__(self, code: RefusalCode, element: str, message: str) -> None:
        super().__init__(f"{code} in {element}: {message}")
        self.code: RefusalCode = code
        self.element = element
        self.message = message


def missing_element(number: int, element: str) -> NoReturn:
    """Refuse a segment whose required element is empty."""
    raise X12Error(
        "missing-element",
        number,
        f"{element} is empty.",
        "Ask the sender for a complete file.",
    )
