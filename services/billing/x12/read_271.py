"""A 271 (005010X279A1) as a stream: one answer a patient, in flat memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, NoReturn

from services.billing.x12.benefit import BenefitReader, born_on, read_rejection, read_span
from services.billing.x12.eligibility import (
    AnsweredPerson,
    Benefit,
    EligibilityAnswer,
    Level,
    Rejection,
    Span,
)
from services.billing.x12.errors import Code, X12Error
from services.billing.x12.identify import expect_transaction
from services.billing.x12.segments import Segments
from services.billing.x12.values import at, required

MOST_BENEFITS = 2000
"""Of one patient; payers send some hundred."""
_LEVELS: dict[str, Level] = {
    "20": "payer",
    "21": "provider",
    "22": "subscriber",
    "23": "dependent",
}
_PASSED_BY = frozenset({"ISA", "TA1", "GS", "GE", "IEA"})
_KNOWN = frozenset({"HL", "NM1", "TRN", "AAA", "DMG", "DTP", "EB", "LS", "LE", "REF", "N3", "N4",
                    "PER", "PRV", "INS", "HI", "MPI", "HSD", "III", "MSG"})  # fmt: skip


def read_271(
    stream: BinaryIO, problems: list[X12Error] | None = None
) -> Iterator[EligibilityAnswer]:
    """Every patient's answer, as it is read. Raises X12Error; see Envelope for `problems`.

    What comes after may still refuse the file: take its answers in one transaction.
    """
    segments = Segments(stream, problems)
    reader: _Transaction | None = None
    found = False
    for segment in segments:
        tag = segment[0]
        if tag == "ST":
            expect_transaction(segments, "271")
            reader, found = _Transaction(segments), True
        elif tag == "BHT" and reader is not None:
            reader.reference = at(segment, 3)
        elif tag in _KNOWN and reader is not None:
            if tag == "HL" and (answer := reader.finish()):
                yield answer
            reader.take(segment)
        elif tag == "SE" and reader is not None:
            if answer := reader.close():
                yield answer
            reader = None
        elif tag not in _PASSED_BY:
            _refuse("unexpected-segment", segments.number, "A segment is not part of a 271.")
    if not found:
        _refuse("missing-segment", segments.number, "No ST segment.")


class _Transaction:
    """One 271 while it is read; `_level` is the hierarchical level that it is in."""

    def __init__(self, segments: Segments) -> None:
        self.reference = ""
        self._segments = segments
        self._level: Level | None = None
        self._payer: list[str] = []
        self._subscriber: tuple[str, str, str] = ("", "", "")
        self._above: list[Rejection] = []  # of payer and provider, for all patients below
        self._answered = False
        self._forget_patient()

    def _forget_patient(self) -> None:
        self._traces: list[str] = []
        self._name: tuple[str, str] | None = None
        self._born: list[str] = []
        self._rejections: list[Rejection] = []
        self._spans: list[Span] = []
        self._benefits: list[Benefit] = []
        self._open: BenefitReader | None = None
        self._began = self._segments.number

    def take(self, segment: list[str]) -> None:
        tag = segment[0]
        if tag == "HL":
            self._open_level(segment)
        elif tag == "EB":
            self._open_benefit(segment)
        elif self._open is not None:
            self._open.take(segment)
        elif tag == "NM1":
            self._take_name(segment)
        elif tag == "AAA":
            self._take_rejection(segment)
        elif tag == "TRN" and at(segment, 1) == "2":
            self._traces.append(required(segment, 2, self._segments.number))
        elif tag == "DMG":
            self._born = segment
        elif tag == "DTP" and (span := read_span(segment, self._segments.number)):
            self._spans.append(span)

    def finish(self) -> EligibilityAnswer | None:
        """The patient whose level ends here; a subscriber who only leads to a dependent is none."""
        self._close_benefit()
        if self._level not in ("subscriber", "dependent"):
            return None
        spoken_of = self._traces or self._benefits or self._rejections
        answer = self._answer() if spoken_of else None
        self._answered = self._answered or answer is not None
        self._forget_patient()
        return answer

    def close(self) -> EligibilityAnswer | None:
        """The last patient; or, where there was none, why the whole 270 was rejected."""
        if answer := self.finish():
            return answer
        if self._answered:
            return None
        if not self._above:
            _refuse("missing-segment", self._segments.number, "A 271 speaks of no patient.")
        return self._answer()

    def _answer(self) -> EligibilityAnswer:
        if not self._payer:
            _refuse("missing-segment", self._segments.number, "The payer (2100A) is missing.")
        person = None
        if self._name is not None:
            family, given = self._name
            person = AnsweredPerson(family, given, self._subscriber[2], born_on(self._born))
        return EligibilityAnswer(
            payer_name=at(self._payer, 3),
            payer_id=at(self._payer, 9),
            batch_reference=self.reference,
            traces=tuple(self._traces),
            person=person,
            rejections=(*self._above, *self._rejections),
            spans=tuple(self._spans),
            benefits=tuple(self._benefits),
            segment_number=self._began,
        )

    def _open_level(self, segment: list[str]) -> None:
        level = _LEVELS.get(at(segment, 3))
        if level is None:
            _refuse("bad-code", self._segments.number, "HL03 is not 20, 21, 22 or 23.")
        if level in ("payer", "provider"):
            self._above = [r for r in self._above if level == "provider" and r.level == "payer"]
        if level == "dependent" and self._level not in ("subscriber", "dependent"):
            _refuse("segment-order", self._segments.number, "HL03 23 follows no subscriber.")
        self._level = level
        self._forget_patient()

    def _take_name(self, segment: list[str]) -> None:
        if self._level == "payer":
            self._payer = self._payer or segment
        elif self._level == "subscriber":
            self._subscriber = (at(segment, 3), at(segment, 4), at(segment, 9))
            self._name = self._subscriber[:2]
        elif self._level == "dependent":
            self._name = (at(segment, 3), at(segment, 4))

    def _take_rejection(self, segment: list[str]) -> None:
        if self._level is None:
            _refuse("segment-order", self._segments.number, "AAA comes before HL.")
        found = read_rejection(segment, self._level, self._segments.number)
        if self._level in ("payer", "provider"):
            self._above.append(found)
        else:
            self._rejections.append(found)

    def _open_benefit(self, segment: list[str]) -> None:
        self._close_benefit()
        if self._level not in ("subscriber", "dependent"):
            _refuse("segment-order", self._segments.number, "EB stands outside a patient's level.")
        if len(self._benefits) == MOST_BENEFITS:
            message = f"A patient has more than {MOST_BENEFITS} benefits."
            _refuse("too-many", self._segments.number, message)
        self._open = BenefitReader(segment, self._segments)

    def _close_benefit(self) -> None:
        if self._open is not None:
            self._benefits.append(self._open.close())
            self._open = None


def _refuse(code: Code, number: int, message: str) -> NoReturn:
    raise X12Error(code, number, message, "Ask the sender for a correct 271.")
