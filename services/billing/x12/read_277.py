"""A 277 (005010X212): how a payer says that claims stand which it was asked about with a 276.

Names are not kept. The status of single lines (2220) is let through: a claim's own says enough to
go on with.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import BinaryIO, NoReturn

from services.billing.x12.errors import Code, X12Error
from services.billing.x12.identify import expect_transaction
from services.billing.x12.segments import Segments
from services.billing.x12.status_codes import status_codes
from services.billing.x12.values import at, day, optional_cents, required

_CLAIM_LEVELS = frozenset({"22", "23"})
_LEVELS = frozenset({"20", "21", "19"}) | _CLAIM_LEVELS
_PASSED_BY = frozenset({"ISA", "TA1", "GS", "GE", "IEA", "BHT", "DTP", "PER", "NM1"})


@dataclass(frozen=True, slots=True)
class ToldStatus:
    """One STC: category (list 507), status code (list 508) and the entity it speaks of."""

    category: str
    code: str
    entity: str
    effective_on: date
    charge_cents: int | None
    """STC04; None where it is left out."""
    paid_cents: int | None
    """STC05."""


@dataclass(frozen=True, slots=True)
class StatusAnswer:
    """The answer to one of our questions (2200D or 2200E)."""

    trace_number: str
    """Ours (TRN02 of the 276)."""
    statuses: tuple[ToldStatus, ...]
    payer_claim_control_number: str | None
    """REF*1K."""


def read_277(stream: BinaryIO, problems: list[X12Error] | None = None) -> tuple[StatusAnswer, ...]:
    """Every answer of the file. Raises X12Error; see Envelope for `problems`."""
    reading = _Reading(Segments(stream, problems))
    return reading.run()


class _Reading:
    def __init__(self, segments: Segments) -> None:
        self._segments = segments
        self._answers: list[StatusAnswer] = []
        self._level = ""
        self._trace: str | None = None
        self._statuses: list[ToldStatus] = []
        self._payer_number: str | None = None
        self._in_line = False

    def run(self) -> tuple[StatusAnswer, ...]:
        transactions = 0
        for segment in self._segments:
            if segment[0] == "ST":
                transactions += 1
                expect_transaction(self._segments, "277")
                self._level = ""
            else:
                self._take(segment)
        if not transactions:
            self._refuse("missing-segment", "No ST segment.")
        return tuple(self._answers)

    def _take(self, segment: list[str]) -> None:
        match segment[0]:
            case "HL":
                self._close()
                self._level = at(segment, 3)
                if self._level not in _LEVELS:
                    self._refuse("bad-code", "HL03 is not 20, 21, 19, 22 or 23.")
            case "TRN" if self._level in _CLAIM_LEVELS:
                self._close()  # one patient may have several claims
                self._trace = required(segment, 2, self._segments.number)
            case "STC" if self._level in _CLAIM_LEVELS and not self._in_line:
                self._statuses.append(self._status(segment))
            case "REF" if at(segment, 1) == "1K" and not self._in_line:
                self._payer_number = required(segment, 2, self._segments.number)
            case "SVC":
                self._in_line = True
            case "SE":
                self._close()
            case "TRN" | "STC" | "REF":
                pass  # of those who asked, or of a line
            case tag if tag not in _PASSED_BY:
                self._refuse("unexpected-segment", "A segment is not part of a 277.")
            case _:
                pass

    def _status(self, segment: list[str]) -> ToldStatus:
        number = self._segments.number
        if self._trace is None:
            self._refuse("segment-order", "STC comes before TRN.")
        category, code, entity = status_codes(segment, self._segments, "277")
        return ToldStatus(
            category=category,
            code=code,
            entity=entity,
            effective_on=day(segment, 2, number),
            charge_cents=optional_cents(segment, 4, number),
            paid_cents=optional_cents(segment, 5, number),
        )

    def _close(self) -> None:
        if self._trace is not None:
            if not self._statuses:
                self._refuse("missing-segment", "A claim has no STC.")
            answer = StatusAnswer(self._trace, tuple(self._statuses), self._payer_number)
            self._answers.append(answer)
        self._trace, self._statuses, self._payer_number = None, [], None
        self._in_line = False

    def _refuse(self, code: Code, message: str) -> NoReturn:
        number = self._segments.number
        raise X12Error(code, number, message, "Ask the sender for a correct 277.")
