"""A 999 (005010X231A1): what the receiver thought of our group, transaction by transaction.

IK404 (a copy of the bad data) is never kept: it may be about a patient.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO, Literal, NoReturn

from services.billing.x12.errors import Code, X12Error
from services.billing.x12.identify import expect_transaction
from services.billing.x12.segments import Segments
from services.billing.x12.values import at, required

Verdict = Literal["accepted", "accepted-with-errors", "partly-accepted", "rejected"]

TRANSACTION_VERDICTS: Mapping[str, Verdict] = {
    "A": "accepted", "E": "accepted-with-errors", "M": "rejected", "R": "rejected",
    "W": "rejected", "X": "rejected",
}  # fmt: skip
GROUP_VERDICTS: Mapping[str, Verdict] = {
    **TRANSACTION_VERDICTS,
    "P": "partly-accepted",
}


@dataclass(frozen=True, slots=True)
class ElementNote:
    """IK4: which element is wrong and how (error code of element 621)."""

    element: int
    component: int | None
    code: str


@dataclass(frozen=True, slots=True)
class SegmentNote:
    """IK3 and its IK4: which segment is wrong; `position` counts from ST as 1."""

    tag: str
    position: int
    loop: str
    code: str
    elements: tuple[ElementNote, ...]


@dataclass(frozen=True, slots=True)
class TransactionAnswer:
    """AK2 to IK5: the verdict on one of our transaction sets."""

    transaction_set: str
    control_number: str
    """Our ST02."""
    verdict: Verdict
    codes: tuple[str, ...]
    """IK502 to IK506."""
    segments: tuple[SegmentNote, ...]


@dataclass(frozen=True, slots=True)
class GroupAnswer:
    """One 999: the verdict on one of our functional groups."""

    functional_id: str
    group_control: str
    """Our GS06."""
    verdict: Verdict
    included: int
    received: int
    accepted: int
    codes: tuple[str, ...]
    """AK905 to AK909."""
    transactions: tuple[TransactionAnswer, ...]


def read_999(stream: BinaryIO, problems: list[X12Error] | None = None) -> tuple[GroupAnswer, ...]:
    """Every group answered in the file. Raises X12Error; see Envelope for `problems`."""
    segments = Segments(stream, problems)
    answers: list[GroupAnswer] = []
    group: _Group | None = None
    for segment in segments:
        tag, number = segment[0], segments.number
        if tag == "ST":
            expect_transaction(segments, "999")
            group = _Group(segments.delimiters.component)
        elif tag in ("AK1", "AK2", "IK3", "IK4", "IK5", "AK9") and group is not None:
            group.take(segment, number)
        elif tag == "SE" and group is not None:
            answers.append(group.close(number))
            group = None
        elif tag not in ("ISA", "TA1", "GS", "GE", "IEA", "CTX"):
            _refuse("unexpected-segment", number, "A segment does not belong in a 999.")
    if not answers:
        _refuse("missing-segment", segments.number, "No ST segment.")
    return tuple(answers)


class _Group:
    """One 999 while it is read."""

    def __init__(self, component: str) -> None:
        self._component = component
        self._ak1: list[str] = []
        self._ak9: list[str] = []
        self._ak2: list[str] = []
        self._notes: list[SegmentNote] = []
        self._answers: list[TransactionAnswer] = []

    def take(self, segment: list[str], number: int) -> None:
        tag = segment[0]
        if tag in ("IK3", "IK4", "IK5") and not self._ak2:
            _refuse("segment-order", number, f"{tag} comes before AK2.")
        match tag:
            case "AK1":
                self._ak1 = segment
            case "AK2":
                self._expect_closed(number)
                self._ak2, self._notes = segment, []
            case "IK3":
                position = _whole(segment, 2, number)
                note = SegmentNote(at(segment, 1), position, at(segment, 3), at(segment, 4), ())
                self._notes.append(note)
            case "IK4":
                self._add_element(segment, number)
            case "IK5":
                self._close_transaction(segment, number)
            case _:
                self._expect_closed(number)
                self._ak9 = segment

    def _add_element(self, segment: list[str], number: int) -> None:
        if not self._notes:
            _refuse("segment-order", number, "IK4 comes before IK3.")
        place = at(segment, 1).split(self._component)
        if not all(part.isascii() and part.isdigit() for part in place[:2]):
            _refuse("missing-element", number, "IK401 is not an element number.")
        component = int(place[1]) if len(place) > 1 else None
        element = ElementNote(int(place[0]), component, at(segment, 3))
        last = self._notes[-1]
        self._notes[-1] = SegmentNote(
            last.tag, last.position, last.loop, last.code, (*last.elements, element)
        )

    def _close_transaction(self, segment: list[str], number: int) -> None:
        verdict = _verdict(TRANSACTION_VERDICTS, segment, number)
        codes = tuple(filter(None, segment[2:7]))
        ak2, notes = self._ak2, tuple(self._notes)
        answer = TransactionAnswer(at(ak2, 1), required(ak2, 2, number), verdict, codes, notes)
        self._answers.append(answer)
        self._ak2 = []

    def _expect_closed(self, number: int) -> None:
        if self._ak2:
            _refuse("missing-segment", number, "IK5 is missing before this segment.")

    def close(self, number: int) -> GroupAnswer:
        ak1, ak9 = self._ak1, self._ak9
        if not ak1 or not ak9:
            _refuse("missing-segment", number, "AK1 or AK9 is missing.")
        return GroupAnswer(
            functional_id=required(ak1, 1, number),
            group_control=required(ak1, 2, number),
            verdict=_verdict(GROUP_VERDICTS, ak9, number),
            included=_whole(ak9, 2, number),
            received=_whole(ak9, 3, number),
            accepted=_whole(ak9, 4, number),
            codes=tuple(filter(None, ak9[5:10])),
            transactions=tuple(self._answers),
        )


def _verdict(known: Mapping[str, Verdict], segment: list[str], number: int) -> Verdict:
    verdict = known.get(at(segment, 1))
    if verdict is None:
        _refuse("bad-code", number, f"{segment[0]}01 is not an acknowledgement code.")
    return verdict


def _whole(segment: list[str], index: int, number: int) -> int:
    text = at(segment, index)
    if not (text.isascii() and text.isdigit() and len(text) <= 10):
        _refuse("bad-quantity", number, f"{segment[0]}{index:02d} is not a whole number.")
    return int(text)


def _refuse(code: Code, number: int, message: str) -> NoReturn:
    raise X12Error(code, number, message, "Ask the sender for a correct 999.")
