"""What an 837P says of a claim's other payers (005010X222A1, loops 2320, 2330A, 2330B, 2430)."""

from __future__ import annotations

from dataclasses import dataclass, field

from libs.local.payer.party import Party, cents_of, party_of

Cas = tuple[str, str, int]
"""Group, reason, cents."""


@dataclass(slots=True)
class LineDecided:
    """What another payer decided of a line, counted from 1."""

    line: int
    paid_cents: int
    decided_on: str = ""
    adjustments: list[Cas] = field(default_factory=list[Cas])
    patient_cents: int | None = None


@dataclass(slots=True)
class OtherPayer:
    """Another payer of the claim; `paid_cents` is None where it has not decided."""

    sequence: str
    relationship: str
    group_number: str
    insured: Party = field(default_factory=Party)
    payer: Party = field(default_factory=Party)
    paid_cents: int | None = None
    patient_cents: int | None = None
    decided_on: str = ""
    number: str = ""
    adjustments: list[Cas] = field(default_factory=list[Cas])
    lines: list[LineDecided] = field(default_factory=list[LineDecided])


class OthersReading:
    """Follows the loops of one claim's other payers; what it does not know is another loop's."""

    def __init__(self, others: list[OtherPayer]) -> None:
        self._others = others
        self._line = 0
        self._decided: LineDecided | None = None
        self._in_other = False

    def take(self, row: list[str]) -> bool:
        """True: the segment was about another payer."""
        match row[0]:
            case "SBR":
                self._others.append(OtherPayer(row[1], row[2], row[3]))
                self._in_other = True
            case "LX":
                self._line, self._decided, self._in_other = self._line + 1, None, False
            case "SVD":
                self._decided = LineDecided(self._line, cents_of(row[2]))
                self._payer(row[1]).lines.append(self._decided)
            case _ if self._decided is not None:
                return self._of_line(row, self._decided)
            case _ if self._in_other:
                return self._of_claim(row, self._others[-1])
            case _:
                return False
        return row[0] != "LX"

    def _payer(self, identifier: str) -> OtherPayer:
        found = next(o for o in self._others if o.payer.identifier == identifier)
        if found.paid_cents is None:
            raise ValueError("a payer decided on a line and not on the claim")
        return found

    def _of_line(self, row: list[str], decided: LineDecided) -> bool:
        match row[0]:
            case "CAS":
                decided.adjustments.extend(_triples(row))
            case "DTP":
                decided.decided_on = row[3]
            case "AMT":
                decided.patient_cents = cents_of(row[2])
            case _:
                return False
        return True

    def _of_claim(self, row: list[str], other: OtherPayer) -> bool:
        match row[0]:
            case "CAS":
                other.adjustments.extend(_triples(row))
            case "AMT" if row[1] == "D":
                other.paid_cents = cents_of(row[2])
            case "AMT":
                other.patient_cents = cents_of(row[2])
            case "NM1" if row[1] == "IL":
                other.insured = party_of(row)
            case "NM1":
                other.payer = party_of(row)
            case "DTP":
                other.decided_on = row[3]
            case "REF":
                other.number = row[2]
            case "OI":
                pass
            case _:
                return False
        return True


def _triples(row: list[str]) -> list[Cas]:
    return [(row[1], row[at], cents_of(row[at + 1])) for at in range(2, len(row), 3)]
