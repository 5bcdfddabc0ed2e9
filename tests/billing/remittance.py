"""835 files for postings: a payment with the claims that a test names; its sums are right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from libs.local.payer.wire import dollars
from tests.billing.x12.remittance_files import remittance

CHARGE = 17_800
PAID_CAS = [("CO", "45", 5_750), ("PR", "2", 2_000)]
Cas = tuple[str, str, int]
"""Group, reason code, cents."""


@dataclass(frozen=True)
class Line:
    """One service line of a claim."""

    charge: int
    paid: int
    cas: Sequence[Cas] = ()
    remark: str = ""


@dataclass(frozen=True)
class Said:
    """One claim; with lines, the money stands on them."""

    control_number: str
    charge: int
    paid: int
    cas: Sequence[Cas] = ()
    status: str = "1"
    lines: Sequence[Line] = ()
    payer_number: str = "PCN1"
    """CLP07."""
    remark: str = ""
    """MOA03."""

    def rows(self) -> list[str]:
        rows = [
            f"CLP*{self.control_number}*{self.status}*{dollars(self.charge)}*{dollars(self.paid)}"
            f"**12*{self.payer_number}*11*1"
        ]
        rows += _cas(self.cas)
        rows.append("NM1*QC*1*DOE*JANE")
        rows += [f"MOA***{self.remark}"] if self.remark else []
        for line in self.lines:
            rows.append(f"SVC*HC:G0439*{dollars(line.charge)}*{dollars(line.paid)}**1")
            rows += _cas(line.cas)
            rows += [f"LQ*HE*{line.remark}"] if line.remark else []
        return rows

    def reversed(self) -> Said:
        """The same with every sign turned (CLP02 22)."""
        return replace(
            self,
            status="22",
            charge=-self.charge,
            paid=-self.paid,
            cas=[(group, reason, -cents) for group, reason, cents in self.cas],
            lines=[
                Line(-x.charge, -x.paid, [(g, r, -cents) for g, r, cents in x.cas])
                for x in self.lines
            ],
        )


def paid(number: str) -> Said:
    """100.50 paid, 57.50 off by contract, 20.00 left to the patient."""
    return Said(number, CHARGE, 10_050, PAID_CAS)


def payment(
    *claims: Said,
    trace: str = "TRACE1",
    payer: str = "BUCKEYE01",
    plb: Sequence[tuple[str, int]] = (),
    skew: int = 0,
) -> bytes:
    """One 835 in one interchange. `plb`: (reason, cents), or (reason:reference, cents); `skew`
    spoils BPR02.

    A payment that takes more than it gives carries the rest forward, as the guide wants it.
    """
    total = sum(claim.paid for claim in claims) - sum(cents for _, cents in plb)
    if total < 0:
        plb, total = [*plb, ("FB", total)], 0
    method = "I*{}*C*ACH*CCP" if total else "H*{}*C*NON*"
    rows = [
        f"BPR*{method.format(dollars(total + skew))}*01*999999992*DA*123456*1512345678**01"
        "*999988880*DA*98765*20260320",
        f"TRN*1*{trace}*1512345678",
        "N1*PR*BUCKEYE MUTUAL",
        f"REF*2U*{payer}",
        "N1*PE*OLENTANGY FAMILY MEDICINE*XX*1999999992",
        "LX*1",
    ]
    for claim in claims:
        rows += claim.rows()
    rows += [f"PLB*1999999992*20261231*{_referring(x)}*{dollars(cents)}" for x, cents in plb]
    return remittance(rows)


def _referring(reason: str) -> str:
    return reason if ":" in reason else f"{reason}:REF1"


def _cas(adjustments: Sequence[Cas]) -> list[str]:
    return [f"CAS*{group}*{reason}*{dollars(cents)}" for group, reason, cents in adjustments]
