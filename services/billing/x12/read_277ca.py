"""A 277CA (005010X214): which claims the payer took in for adjudication, and which not.

Patients' names are not kept. Status of single lines (2220D) is let through: a claim's own status
says whether it was taken in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import BinaryIO, Literal, NoReturn

from services.billing.x12.errors import Code, X12Error
from services.billing.x12.identify import expect_transaction
from services.billing.x12.segments import Segments
from services.billing.x12.status_codes import status_codes
from services.billing.x12.values import at, cents_or_zero, day, required

StatusVerdict = Literal["accepted", "rejected", "other"]

# Claim status category codes (external code list 507) as the 277CA uses them.
_VERDICTS: dict[str, StatusVerdict] = {
    "A1": "accepted", "A2": "accepted",
    "A3": "rejected", "A6": "rejected", "A7": "rejected", "A8": "rejected",
}  # fmt: skip
_LEVELS = {"20": "payer", "21": "batch", "19": "provider", "PT": "claim"}
_PASSED_BY = frozenset({"ISA", "TA1", "GS", "GE", "IEA", "BHT", "DTP", "QTY", "AMT", "PER"})


@dataclass(frozen=True, slots=True)
class Status:
    """One STC: category (list 507), status code (list 508) and the entity it speaks of."""

    verdict: StatusVerdict
    category: str
    code: str
    entity: str
    effective_on: date
    amount_cents: int
    """STC04; 0 where it is left out."""


@dataclass(frozen=True, slots=True)
class ClaimStatus:
    """The answer to one claim (2200D)."""

    control_number: str
    """Ours (TRN02), as sent in CLM01."""
    verdict: StatusVerdict
    """rejected where any of its statuses rejects."""
    statuses: tuple[Status, ...]
    payer_claim_control_number: str | None
    """REF*1K."""


@dataclass(frozen=True, slots=True)
class BatchStatus:
    """One 277CA: the answer to a batch and its claims.

    A rejected batch may come without claims: then `statuses` (2200B) is the whole answer.
    """

    payer_name: str
    payer_id: str
    batch_reference: str | None
    """TRN02 of 2200B: the BHT03 of our 837."""
    statuses: tuple[Status, ...]
    claims: tuple[ClaimStatus, ...]


def read_277ca(stream: BinaryIO, problems: list[X12Error] | None = None) -> tuple[BatchStatus, ...]:
    """Every transaction of the file. Raises X12Error; see Envelope for `problems`."""
    segments = Segments(stream, problems)
    batches: list[BatchStatus] = []
    batch: _Batch | None = None
    for segment in segments:
        tag = segment[0]
        if tag == "ST":
            expect_transaction(segments, "277CA")
            batch = _Batch(segments)
        elif tag in ("HL", "NM1", "TRN", "STC", "REF", "SVC") and batch is not None:
            batch.take(segment)
        elif tag == "SE" and batch is not None:
            batches.append(batch.close())
            batch = None
        elif tag not in _PASSED_BY:
            _refuse(
                "unexpected-segment",
                segments.number,
                "A segment is not part of a 277CA.",
            )
    if not batches:
        _refuse("missing-segment", segments.number, "No ST segment.")
    return tuple(batches)


class _Batch:
    """One 277CA while it is read."""

    def __init__(self, segments: Segments) -> None:
        self._segments = segments
        self._level = ""
        self._in_line = False
        self._payer: list[str] = []
        self._reference: str | None = None
        self._statuses: list[Status] = []
        self._claims: list[ClaimStatus] = []
        self._claim: str | None = None
        self._claim_statuses: list[Status] = []
        self._payer_number: str | None = None

    def take(self, segment: list[str]) -> None:
        match segment[0]:
            case "HL":
                self._open_level(segment)
            case "NM1":
                if self._level == "payer" and not self._payer:
                    self._payer = segment
            case "TRN":
                self._trace(segment)
            case "STC":
                self._status(segment)
            case "SVC":
                self._in_line = True
            case _:
                self._number_of_payer(segment)

    def _open_level(self, segment: list[str]) -> None:
        self._finish_claim()
        level = _LEVELS.get(at(segment, 3))
        if level is None:
            _refuse("bad-code", self._segments.number, "HL03 is not 20, 21, 19 or PT.")
        self._level = level

    def _trace(self, segment: list[str]) -> None:
        reference = required(segment, 2, self._segments.number)
        if self._level == "batch":
            self._reference = reference
        elif self._level == "claim":
            self._finish_claim()  # one patient may have several claims
            self._claim = reference

    def _status(self, segment: list[str]) -> None:
        # A provider's status (2200C) has no date and says nothing about its claims.
        if self._in_line or self._level not in ("batch", "claim"):
            return
        status = self._read_status(segment)
        if self._level == "batch":
            self._statuses.append(status)
        elif self._claim is None:
            _refuse("segment-order", self._segments.number, "STC comes before TRN.")
        else:
            self._claim_statuses.append(status)

    def _read_status(self, segment: list[str]) -> Status:
        number = self._segments.number
        category, code, entity = status_codes(segment, self._segments, "277CA")
        return Status(
            verdict=_VERDICTS.get(category, "other"),
            category=category,
            code=code,
            entity=entity,
            effective_on=day(segment, 2, number),
            amount_cents=cents_or_zero(segment, 4, number),
        )

    def _number_of_payer(self, segment: list[str]) -> None:
        if self._claim is not None and not self._in_line and at(segment, 1) == "1K":
            self._payer_number = required(segment, 2, self._segments.number)

    def _finish_claim(self) -> None:
        if self._claim is not None:
            statuses = tuple(self._claim_statuses)
            if not statuses:
                _refuse("missing-segment", self._segments.number, "A claim has no STC.")
            rejecting = [status for status in statuses if status.verdict == "rejected"]
            verdict = (rejecting or statuses)[0].verdict
            self._claims.append(ClaimStatus(self._claim, verdict, statuses, self._payer_number))
        self._claim, self._claim_statuses, self._payer_number = None, [], None
        self._in_line = False

    def close(self) -> BatchStatus:
        self._finish_claim()
        if not self._payer:
            _refuse(
                "missing-segment",
                self._segments.number,
                "The payer (2100A) is missing.",
            )
        return BatchStatus(
            payer_name=at(self._payer, 3),
            payer_id=at(self._payer, 9),
            batch_reference=self._reference,
            statuses=tuple(self._statuses),
            claims=tuple(self._claims),
        )


def _refuse(code: Code, number: int, message: str) -> NoReturn:
    raise X12Error(code, number, message, "Ask the sender for a correct 277CA.")
