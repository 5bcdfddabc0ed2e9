"""An 835 (005010X221A1) read as a stream: one claim in memory at a time, every sum checked.

Institutional detail (TS2, TS3, MIA, MOA, QTY, AMT) is let through; patients' names are not kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO, NoReturn

from services.billing.x12.errors import X12Error
from services.billing.x12.identify import expect_transaction
from services.billing.x12.open_claim import OpenClaim
from services.billing.x12.remittance import (
    ProviderAdjustment,
    Remittance835Event,
    RemittanceHeader,
)
from services.billing.x12.remittance_sums import RemittanceSums
from services.billing.x12.segments import Segments
from services.billing.x12.values import at, cents, day, repeats, required

TRN03_LENGTH = 10
_HEADER, _DETAIL, _CLAIM, _SUMMARY = range(4)
_PASSED_BY = frozenset({"ISA", "TA1", "GS", "GE", "IEA", "NTE", "CUR", "RDM", "N2", "N3", "N4",
                        "PER", "TS2", "TS3", "NM1", "QTY", "AMT"})  # fmt: skip


def read_835(
    stream: BinaryIO, problems: list[X12Error] | None = None
) -> Iterator[Remittance835Event]:
    """Header, claims, provider adjustments, trailer; again for each transaction of the file.

    Nothing may be posted before the trailer says `balanced` and the iterator has ended: a broken
    file raises X12Error only where it breaks. `problems` collects envelope numbers that disagree.
    """
    segments = Segments(stream, problems)
    reading = _Reading(segments)
    handlers, ready = reading.handlers, reading.ready
    transactions = 0
    for segment in segments:
        tag = segment[0]
        if tag in _PASSED_BY:
            continue
        handle = handlers.get(tag)
        if handle is not None:
            handle(segment)
            if ready:
                yield from ready
                ready.clear()
        elif tag == "ST":
            transactions += 1
            expect_transaction(segments, "835")
            reading.start()
        else:
            raise X12Error(
                "unexpected-segment",
                segments.number,
                "A segment does not belong in an 835.",
                "Ask the sender for a correct 835.",
            )
    if not transactions:
        raise X12Error(
            "missing-segment",
            segments.number,
            "No ST segment.",
            "Ask the sender for the 835.",
        )


class _Reading:
    """Where in a transaction we are, and what was heard of it so far."""

    def __init__(self, segments: Segments) -> None:
        self.ready: list[Remittance835Event] = []
        self._outside_claims: dict[str, Callable[[list[str]], None]] = {
            "BPR": self._payment,
            "TRN": self._trace,
            "N1": self._party,
            "REF": self._reference,
            "LX": self._detail,
            "CLP": self._claim,
            "PLB": self._provider_adjustments,
            "SE": self._end,
            "DTM": self._production_date,
            **dict.fromkeys(("CAS", "SVC", "MIA", "MOA", "LQ"), self._out_of_order),
        }
        self.handlers = dict(self._outside_claims)
        self._segments = segments
        self.start()

    def start(self) -> None:
        self._part = _HEADER
        self._sums = RemittanceSums()
        self._open: OpenClaim | None = None
        self._bpr: list[str] = []
        self._trn: list[str] = []
        self._parties: dict[str, list[str]] = {}
        self._payer_id: str | None = None
        self._payment_cents = 0
        self._header_given = False

    def _payment(self, segment: list[str]) -> None:
        self._only_in(_HEADER, segment, already=bool(self._bpr))
        self._payment_cents = cents(segment, 2, self._segments.number)
        day(segment, 16, self._segments.number)
        self._bpr = segment

    def _trace(self, segment: list[str]) -> None:
        self._only_in(_HEADER, segment, already=bool(self._trn))
        required(segment, 2, self._segments.number)
        # Ten characters: a shorter one was cut, and another company's payment would be meant.
        if len(required(segment, 3, self._segments.number)) != TRN03_LENGTH:
            raise X12Error(
                "bad-code",
                self._segments.number,
                "TRN03 has not the 10 characters of a company's identifier.",
                "Ask the sender for the payer's identifier, 1 and its tax number.",
            )
        self._trn = segment

    def _production_date(self, segment: list[str]) -> None:
        day(segment, 2, self._segments.number)

    def _party(self, segment: list[str]) -> None:
        name = at(segment, 1)
        self._only_in(_HEADER, segment, already=name in self._parties)
        self._parties[name] = segment

    def _reference(self, segment: list[str]) -> None:
        if self._part == _HEADER and at(segment, 1) == "2U" and "PE" not in self._parties:
            self._payer_id = required(segment, 2, self._segments.number)

    def _detail(self, segment: list[str]) -> None:
        self._not_after_summary(segment)
        self._finish_claim()
        self._give_header()
        self._part = _DETAIL

    def _claim(self, segment: list[str]) -> None:
        self._not_after_summary(segment)
        self._finish_claim()
        self._give_header()
        self._part = _CLAIM
        self._open = OpenClaim(segment, self._segments)
        self.handlers.update(self._open.handlers())

    def _provider_adjustments(self, segment: list[str]) -> None:
        self._finish_claim()
        self._give_header()
        self._part = _SUMMARY
        number = self._segments.number
        for index in repeats(segment, 3, 2):
            reason, _, reference = required(segment, index, number).partition(
                self._segments.delimiters.component
            )
            amount = cents(segment, index + 1, number)
            self._sums.add_provider_adjustment(amount)
            provider, period = required(segment, 1, number), day(segment, 2, number)
            self.ready.append(ProviderAdjustment(provider, period, reason, reference, amount))

    def _end(self, _segment: list[str]) -> None:
        self._finish_claim()
        self._give_header()
        self.ready.append(self._sums.close(self._payment_cents, self._segments.number))

    def _finish_claim(self) -> None:
        if self._open is not None:
            claim = self._open.close()
            self._sums.add_claim(claim, self._open.number)
            self.ready.append(claim)
            self._open = None
            self.handlers.update(self._outside_claims)

    def _give_header(self) -> None:
        if self._header_given:
            return
        number, envelope = self._segments.number, self._segments.envelope
        payer, payee = self._parties.get("PR"), self._parties.get("PE")
        if not (self._bpr and self._trn and payer and payee):
            raise X12Error(
                "missing-segment",
                number,
                "BPR, TRN, N1*PR or N1*PE is missing before this segment.",
                "Ask the sender for a complete 835.",
            )
        self._header_given = True
        header = RemittanceHeader(
            interchange_control=envelope.interchange_control,
            transaction_control=envelope.transaction_control,
            handling_code=required(self._bpr, 1, number),
            payment_cents=self._payment_cents,
            payment_method=required(self._bpr, 4, number),
            paid_on=day(self._bpr, 16, number),
            trace_number=at(self._trn, 2),
            payer_trace_id=at(self._trn, 3),
            payer_name=at(payer, 2),
            payer_id=self._payer_id or at(payer, 4) or None,
            payee_name=at(payee, 2),
            payee_npi=at(payee, 4) if at(payee, 3) == "XX" else None,
            direction=at(self._bpr, 3),
            sender=envelope.sender,
            usage=envelope.usage,
        )
        self.ready.append(header)

    def _only_in(self, part: int, segment: list[str], *, already: bool) -> None:
        if already or self._part != part:
            self._out_of_order(segment)

    def _not_after_summary(self, segment: list[str]) -> None:
        if self._part == _SUMMARY:
            self._out_of_order(segment)

    def _out_of_order(self, segment: list[str]) -> NoReturn:
        raise X12Error(
            "segment-order",
            self._segments.number,
            f"{segment[0]} is not allowed at this place.",
            "Ask the sender for a correct 835.",
        )
