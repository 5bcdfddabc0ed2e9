"""A claim's other payers in an 837P while they are read: loops 2320, 2330A, 2330B and 2430.

What billing writes comes back equal. Other senders' further places (SBR01 A to H, U) and payers
without a name are passed over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from services.billing.x12.claims_837p import Payer, ServiceLine
from services.billing.x12.claims_837p_cob import (
    Adjudication,
    LineAdjudication,
    OtherPayer,
    OtherSubscriber,
    PayerSequence,
)
from services.billing.x12.read_837p_parties import Party
from services.billing.x12.remittance import RemittedAdjustment
from services.billing.x12.values import at, cents, day, quantity, required

_PLACES: dict[str, PayerSequence] = {"P": "P", "S": "S", "T": "T"}
_OF_LINE = frozenset({"CAS", "DTP", "AMT"})


def place_of(policy: list[str]) -> PayerSequence:
    """SBR01 of the claim's own payer."""
    return _PLACES.get(at(policy, 1), "P")


@dataclass
class _Line:
    """A loop 2430; `index` is its line's, counted from 0."""

    index: int
    payer_id: str
    paid_cents: int
    procedure: list[str]
    units: Decimal
    adjustments: list[RemittedAdjustment] = field(default_factory=list[RemittedAdjustment])
    decided_on: date | None = None


@dataclass
class _Other:
    """A loop 2320 with its 2330A and 2330B."""

    policy: list[str]
    adjustments: list[RemittedAdjustment] = field(default_factory=list[RemittedAdjustment])
    paid_cents: int | None = None
    insured: Party = field(default_factory=Party)
    payer: Party = field(default_factory=Party)
    decided_on: date | None = None
    number: str | None = None


class ReadOthers:
    """Follows one claim's other payers."""

    def __init__(self, component: str) -> None:
        self._component = component
        self._others: list[_Other] = []
        self._lines: list[_Line] = []
        self._in_line = False

    def open_other(self, segment: list[str]) -> None:
        self._others.append(_Other(segment))

    def take(self, segment: list[str], number: int) -> None:
        """A segment of the last 2320."""
        other = self._others[-1]
        match segment[0], at(segment, 1):
            case "CAS", _:
                other.adjustments += _triples(segment, number)
            case "AMT", "D":
                other.paid_cents = cents(segment, 2, number)
            case "NM1", "IL":
                other.insured = Party.of(segment, number)
            case "NM1", "PR":
                other.payer = Party.of(segment, number)
            case "DTP", "573":
                other.decided_on = day(segment, 3, number)
            case "REF", "F8":
                other.number = required(segment, 2, number)
            case _:
                pass

    def open_line(self, index: int, segment: list[str], number: int) -> None:
        """SVD, of the line at `index`."""
        paid, units = cents(segment, 2, number), quantity(segment, 5, number)
        procedure = required(segment, 3, number).split(self._component)
        payer_id = required(segment, 1, number)
        self._lines.append(_Line(index, payer_id, paid, procedure, units or Decimal(1)))
        self._in_line = True

    def close_lines(self) -> None:
        """The next line begins."""
        self._in_line = False

    def takes(self, tag: str) -> bool:
        """Whether a segment of a line belongs to what another payer decided of it."""
        return self._in_line and tag in _OF_LINE

    def take_of_line(self, segment: list[str], number: int) -> None:
        line = self._lines[-1]
        if segment[0] == "CAS":
            line.adjustments += _triples(segment, number)
        elif segment[0] == "DTP" and at(segment, 1) == "573":
            line.decided_on = day(segment, 3, number)

    def close(self, lines: Sequence[ServiceLine]) -> tuple[OtherPayer, ...]:
        return tuple(
            OtherPayer(
                sequence=_PLACES[at(other.policy, 1)],
                payer=Payer(other.payer.name, other.payer.identifier),
                subscriber=OtherSubscriber(
                    name=other.insured.person(),
                    member_id=other.insured.identifier,
                    relationship=at(other.policy, 2),
                    filing_code=at(other.policy, 9),
                    group_number=at(other.policy, 3) or None,
                    insurance_type=at(other.policy, 5) or None,
                ),
                adjudication=self._adjudication(other, lines),
            )
            for other in self._others
            if at(other.policy, 1) in _PLACES and other.payer.name and other.insured.name
        )

    def _adjudication(self, other: _Other, lines: Sequence[ServiceLine]) -> Adjudication | None:
        if other.paid_cents is None:
            return None
        own = [line for line in self._lines if line.payer_id == other.payer.identifier]
        decided_on = next((line.decided_on for line in own), other.decided_on)
        if decided_on is None:
            return None
        return Adjudication(
            paid_cents=other.paid_cents,
            decided_on=decided_on,
            adjustments=tuple(other.adjustments),
            lines=tuple(
                LineAdjudication(
                    line=lines[line.index].control_number,
                    paid_cents=line.paid_cents,
                    procedure=line.procedure[1] if len(line.procedure) > 1 else "",
                    modifiers=tuple(line.procedure[2:6]),
                    units=line.units,
                    adjustments=tuple(line.adjustments),
                )
                for line in own
            ),
            payer_claim_number=other.number,
        )


def _triples(segment: list[str], number: int) -> list[RemittedAdjustment]:
    return [
        RemittedAdjustment(
            at(segment, 1),
            required(segment, index, number),
            cents(segment, index + 1, number),
            quantity(segment, index + 2, number),
        )
        for index in range(2, len(segment), 3)
    ]
