"""TA1 (X12.5, segment TA1): whether an interchange of ours was taken in as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO, Literal

from services.billing.x12.errors import X12Error
from services.billing.x12.segments import Segments
from services.billing.x12.values import at, required

InterchangeVerdict = Literal["accepted", "accepted-with-errors", "rejected"]

INTERCHANGE_VERDICTS: dict[str, InterchangeVerdict] = {
    "A": "accepted",
    "E": "accepted-with-errors",
    "R": "rejected",
}


@dataclass(frozen=True, slots=True)
class InterchangeAnswer:
    """One TA1: the verdict on one of our interchanges."""

    control_number: str
    """Our ISA13."""
    verdict: InterchangeVerdict
    note: str
    """TA105, interchange note code (code list I18)."""


def read_ta1(stream: BinaryIO) -> tuple[InterchangeAnswer, ...]:
    """Every TA1 of the file, none where it has none. Raises X12Error."""
    segments = Segments(stream)
    return tuple(_answer(segment, segments.number) for segment in segments if segment[0] == "TA1")


def _answer(segment: list[str], number: int) -> InterchangeAnswer:
    verdict = INTERCHANGE_VERDICTS.get(at(segment, 4))
    if verdict is None:
        raise X12Error(
            "bad-code", number, "TA104 is not A, E or R.", "Ask the sender for a correct TA1."
        )
    return InterchangeAnswer(required(segment, 1, number), verdict, required(segment, 5, number))
