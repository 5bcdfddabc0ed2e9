"""Reads a file as a stream and tells all that is wrong with it: memory does not grow with it."""

from __future__ import annotations

from typing import BinaryIO

from services.billing.inspect.model import Findings, InspectedFile, InspectedTransaction
from services.billing.inspect.transactions import OpenTransaction
from services.billing.x12 import X12Error
from services.billing.x12.errors import Code
from services.billing.x12.segments import Segments

_ELEMENTS: dict[Code, str] = {
    "isa-length": "ISA",
    "isa-delimiters": "ISA",
    "segment-count": "SE01",
    "transaction-control-mismatch": "SE02",
    "duplicate-transaction": "ST02",
    "transaction-count": "GE01",
    "group-control-mismatch": "GE02",
    "group-count": "IEA01",
    "interchange-control-mismatch": "IEA02",
}
"""Where the envelope's findings stand; others name a place only by their segment."""


def inspect(name: str, stream: BinaryIO) -> InspectedFile:
    """Every transaction of the file with its figures and problems, and what is wrong around them.

    Reading ends where the envelope itself breaks; what was read until then is told.
    """
    inspection = _Inspection(stream)
    try:
        inspection.run()
    except X12Error as error:
        inspection.stop(error)
    return InspectedFile(
        file=name,
        transactions=tuple(inspection.closed),
        problems=inspection.around.all(),
    )


class _Inspection:
    def __init__(self, stream: BinaryIO) -> None:
        self.closed: list[InspectedTransaction] = []
        self.around = Findings()
        self._disagreements: list[X12Error] = []
        self._segments = Segments(stream, self._disagreements)
        self._open: OpenTransaction | None = None

    def run(self) -> None:
        for segment in self._segments:
            match segment[0]:
                case "ST":
                    self._open = OpenTransaction.opened_by(segment, self._segments)
                    self._hear_disagreements()
                case "SE" if self._open is not None:
                    self._open.take(segment, self._segments.number)
                    self._hear_disagreements()
                    self._close()
                case "TA1" if self._open is None:
                    self._take_ta1(segment)
                case "ISA" | "GS" | "GE" | "IEA":
                    self._hear_disagreements()
                case _ if self._open is not None:
                    self._open.take(segment, self._segments.number)
                case _:
                    pass
        if not self.closed:
            self.around.add(self._segments.number, "ST", "The file holds no transaction.", None)

    def stop(self, error: X12Error) -> None:
        """The file cannot be read on."""
        self._disagreements.append(error)
        self._hear_disagreements()
        if self._open is not None:
            self._open.break_off()
            self._close()

    def _take_ta1(self, segment: list[str]) -> None:
        answer = OpenTransaction(self._segments, "TA1", segment)
        answer.take(segment, self._segments.number)
        self.closed.append(answer.close())

    def _close(self) -> None:
        if self._open is not None:
            self.closed.append(self._open.close())
            self._open = None

    def _hear_disagreements(self) -> None:
        findings = self.around if self._open is None else self._open.findings
        for error in self._disagreements:
            element, message = _ELEMENTS.get(error.code), f"{error.message} {error.fix}"
            findings.add(error.segment_number, element, message, None)
        self._disagreements.clear()
