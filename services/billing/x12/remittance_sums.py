"""The sums of one 835 while it streams by, and the verdict at its end."""

from __future__ import annotations

from services.billing.x12.remittance import (
    RemittanceTrailer,
    RemittedAdjustment,
    RemittedClaim,
    Unbalanced,
)

MOST_REPORTED = 100


class Disagreements:
    """Sums that do not come out: all are counted, the first hundred kept."""

    def __init__(self) -> None:
        self.count = 0
        self._kept: list[Unbalanced] = []

    def add(self, found: Unbalanced) -> None:
        self.count += 1
        if len(self._kept) < MOST_REPORTED:
            self._kept.append(found)

    def kept(self) -> tuple[Unbalanced, ...]:
        return tuple(self._kept)


class RemittanceSums:
    """Adds up claims and provider adjustments."""

    def __init__(self) -> None:
        self._claims = self._lines = self._charged = self._paid = 0
        self._adjusted = self._patient = self._provider = 0
        self._unbalanced = Disagreements()

    def add_claim(self, claim: RemittedClaim, number: int) -> None:
        """Take a whole claim whose CLP is segment `number`."""
        self._claims += 1
        self._lines += len(claim.lines)
        self._charged += claim.charge_cents
        self._paid += claim.paid_cents
        adjusted = self._sum(claim.adjustments)
        for line_number, line in enumerate(claim.lines, 1):
            of_line = self._sum(line.adjustments)
            adjusted += of_line
            due = line.charge_cents - line.paid_cents
            if of_line != due:
                name = claim.control_number
                self._unbalanced.add(Unbalanced("line", name, line_number, number, due, of_line))
        self._adjusted += adjusted
        due = claim.charge_cents - claim.paid_cents
        if adjusted != due:
            name = claim.control_number
            self._unbalanced.add(Unbalanced("claim", name, None, number, due, adjusted))

    def add_provider_adjustment(self, cents: int) -> None:
        """Take one PLB amount."""
        self._provider += cents

    def close(self, payment_cents: int, number: int) -> RemittanceTrailer:
        """The verdict, with the payment (BPR02) checked; `number` is the segment of SE."""
        due = self._paid - self._provider
        if payment_cents != due:
            self._unbalanced.add(Unbalanced("transaction", None, None, number, due, payment_cents))
        return RemittanceTrailer(
            claims=self._claims,
            service_lines=self._lines,
            charged_cents=self._charged,
            paid_cents=self._paid,
            adjusted_cents=self._adjusted,
            patient_cents=self._patient,
            provider_adjustment_cents=self._provider,
            unbalanced_count=self._unbalanced.count,
            unbalanced=self._unbalanced.kept(),
        )

    def _sum(self, adjustments: tuple[RemittedAdjustment, ...]) -> int:
        total = 0
        for adjustment in adjustments:
            total += adjustment.cents
            if adjustment.group == "PR":
                self._patient += adjustment.cents
        return total
