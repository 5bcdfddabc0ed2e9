"""What every kind of transaction counts while its segments stream by."""

from __future__ import annotations

from dataclasses import dataclass

from services.billing.inspect.model import Findings
from services.billing.x12 import X12Error
from services.billing.x12.values import at, cents, day, quantity


@dataclass(slots=True)
class Sums:
    """The figures of one transaction, in cents."""

    payment: int | None = None
    claims: int = 0
    lines: int = 0
    charged: int = 0
    paid: int = 0
    adjusted: int = 0
    patient: int = 0
    provider_adjustment: int = 0


class Tally:
    """Counts, adds up and checks; what is wrong goes to the findings, and counting goes on."""

    def __init__(self, findings: Findings, component: str) -> None:
        self.sums = Sums()
        self.balanced = True
        self.trace: str | None = None
        self.claim: str | None = None
        """The claim that the segments at hand are about."""
        self._findings = findings
        self._component = component
        self._names: dict[str, str | None] = {}

    @property
    def payer(self) -> str | None:
        return self._names.get("payer")

    @property
    def payee(self) -> str | None:
        return self._names.get("payee")

    def take(self, segment: list[str], number: int) -> None:
        """One segment between ST and SE."""

    def end(self, number: int) -> None:
        """SE is segment `number`."""

    def report(self, number: int, element: str | None, message: str) -> None:
        self._findings.add(number, element, message, self.claim)

    def disagree(self, number: int, element: str, message: str) -> None:
        """A sum that does not come out."""
        self.balanced = False
        self.report(number, element, message)

    def name(self, role: str, name: str) -> None:
        """Keep an organisation's name; None where the transaction has several."""
        known = self._names.setdefault(role, name or None)
        if known != (name or None):
            self._names[role] = None

    def amount(self, segment: list[str], index: int, number: int) -> int:
        """A required amount; 0 where it cannot be read, which is reported."""
        try:
            return cents(segment, index, number)
        except X12Error as error:
            self.balanced = False
            self.report(number, f"{segment[0]}{index:02d}", error.message)
            return 0

    def optional_amount(self, segment: list[str], index: int, number: int) -> int:
        return self.amount(segment, index, number) if at(segment, index) else 0

    def count(self, segment: list[str], index: int, number: int) -> None:
        """An optional quantity."""
        try:
            quantity(segment, index, number)
        except X12Error as error:
            self.report(number, f"{segment[0]}{index:02d}", error.message)

    def day(self, segment: list[str], index: int, number: int) -> None:
        try:
            day(segment, index, number)
        except X12Error as error:
            self.report(number, f"{segment[0]}{index:02d}", error.message)

    def needed(self, segment: list[str], index: int, number: int) -> str:
        """An element that must not be empty; empty where it is, which is reported."""
        text = at(segment, index)
        if not text:
            element = f"{segment[0]}{index:02d}"
            self.report(number, element, f"{element} is empty.")
        return text

    def whole(self, segment: list[str], index: int, number: int) -> int | None:
        text = at(segment, index)
        if text.isascii() and text.isdigit() and len(text) <= 10:
            return int(text)
        element = f"{segment[0]}{index:02d}"
        self.report(number, element, f"{element} is not a whole number.")
        return None

    def dated(self, segment: list[str], number: int) -> None:
        """DTP: one date (D8) or two (RD8)."""
        kind, text = at(segment, 2), at(segment, 3)
        if kind == "RD8":
            first, dash, last = text.partition("-")
            if not dash:
                first = ""
            self.day([segment[0], "", "", first], 3, number)
            self.day([segment[0], "", "", last], 3, number)
        elif kind == "D8":
            self.day(segment, 3, number)

    def parts(self, segment: list[str], index: int) -> list[str]:
        return at(segment, index).split(self._component)


class Levels:
    """HL: numbers count from 1, and each level stands in the one above it (X12.5, segment HL)."""

    def __init__(self, above: dict[str, tuple[str, ...]]) -> None:
        """`above`: level code → the levels that it may stand in; none: it is the first."""
        self._above = above
        self._count = 0
        self._open: dict[str, str] = {}
        self.now = ""

    def take(self, segment: list[str], number: int, tally: Tally) -> None:
        self._count += 1
        name, parent, level = at(segment, 1), at(segment, 2), at(segment, 3)
        if name != str(self._count):
            tally.report(number, "HL01", f"HL01 is not {self._count}: levels count from 1 by one.")
        above = self._above.get(level)
        if above is None:
            tally.report(number, "HL03", "HL03 names no level of this transaction.")
        elif not above:
            if parent:
                tally.report(number, "HL02", "HL02 is filled, but this level stands in no other.")
            self._open.clear()
        elif parent not in {self._open.get(outer) for outer in above}:
            message = "HL02 is not the number of the level that this one stands in."
            tally.report(number, "HL02", message)
        self._open[level] = name
        self.now = level
