"""What an inspection of X12 files found, in the shape in which it is told; nothing about patients.

A problem's `claim` is the number that the claim's sender gave it (CLM01, CLP01, TRN02).
"""

from __future__ import annotations

from collections.abc import Iterable

from libs.events.contracts import Contract

CLEAN, HELD, UNREADABLE = 0, 1, 2
MOST_TOLD = 100
"""Problems of one transaction, and of what stands around them; the rest is counted."""


class Problem(Contract):
    """What is wrong, where, and what was expected. Segments count from 1 in the file (ISA)."""

    segment: int
    element: str | None
    claim: str | None
    message: str


class InspectedTransaction(Contract):
    """One transaction set, or one TA1. Amounts are cents, and 0 where the set has none."""

    set: str
    """837P, 835, 277CA …; what ST01 says where it is none of them."""
    version: str
    control_number: str
    sender: str
    receiver: str
    payer: str | None
    """As the file names it; None: not at all, or several."""
    payee: str | None
    trace_number: str | None
    """Of an 835 its payment's (TRN02), of a 277CA, 999 or TA1 that of what it answers."""
    payment_cents: int | None
    claims: int
    service_lines: int
    charged_cents: int
    paid_cents: int
    adjusted_cents: int
    patient_cents: int
    provider_adjustment_cents: int
    balanced: bool
    """No sum that the transaction states differs from what it is the sum of."""
    problems: tuple[Problem, ...]


class InspectedFile(Contract):
    """A file; `problems` are those outside of any transaction."""

    file: str
    transactions: tuple[InspectedTransaction, ...]
    problems: tuple[Problem, ...]

    @property
    def verdict(self) -> int:
        """CLEAN, HELD where anything is wrong, UNREADABLE where no transaction was found."""
        if not self.transactions:
            return UNREADABLE
        held = self.problems or any(one.problems for one in self.transactions)
        return HELD if held else CLEAN


def worst(verdicts: Iterable[int]) -> int:
    """Of several files."""
    return max(verdicts, default=CLEAN)


class Findings:
    """Problems as they are found; the first hundred are kept."""

    def __init__(self) -> None:
        self._kept: list[Problem] = []
        self._count = 0

    def add(self, segment: int, element: str | None, message: str, claim: str | None) -> None:
        self._count += 1
        if len(self._kept) < MOST_TOLD:
            # What a sender calls a claim is as long as the sender likes.
            name = claim[:50] if claim else None
            found = Problem(segment=segment, element=element, claim=name, message=message)
            self._kept.append(found)

    def all(self) -> tuple[Problem, ...]:
        """In the order of the file, with how many more there are."""
        told = sorted(self._kept, key=lambda problem: problem.segment)
        if self._count > len(told):
            more = f"{self._count - len(told):,} more problems were found."
            told.append(Problem(segment=told[-1].segment, element=None, claim=None, message=more))
        return tuple(told)
