"""Remittances: 835 (005010X221A1, balancing: 1.10.2)."""

from __future__ import annotations

from services.billing.inspect.model import Findings
from services.billing.inspect.tally import Tally
from services.billing.money import dollars
from services.billing.x12.read_835 import TRN03_LENGTH
from services.billing.x12.remittance import ADJUSTMENT_GROUPS
from services.billing.x12.values import at, repeats


class TallyRemittance(Tally):
    """Line, claim and payment must each come out to the cent."""

    def __init__(self, findings: Findings, component: str) -> None:
        super().__init__(findings, component)
        self._bpr = self._clp = self._svc = 0
        self._due_of_claim = self._due_of_line = 0
        self._adjusted_of_claim = self._adjusted_of_line = 0

    def take(self, segment: list[str], number: int) -> None:
        match segment[0]:
            case "CAS":
                self._adjust(segment, number)
            case "SVC":
                self._open_line(segment, number)
            case "CLP":
                self._open_claim(segment, number)
            case "DTM":
                self.day(segment, 2, number)
            case "PLB":
                self._provider_adjustments(segment, number)
            case "LX":
                self._close_claim()
            case "BPR":
                self._payment(segment, number)
            case "TRN":
                self._trace(segment, number)
            case "REF" if at(segment, 1) in ("2U", "6R"):
                self.needed(segment, 2, number)
            case "LQ" if at(segment, 1) == "HE":
                self.needed(segment, 2, number)
            case "N1" if at(segment, 1) in ("PR", "PE"):
                self.name("payer" if segment[1] == "PR" else "payee", at(segment, 2))
            case _:
                pass

    def end(self, number: int) -> None:
        self._close_claim()
        due = self.sums.paid - self.sums.provider_adjustment
        if self._bpr and self.sums.payment != due:
            self.disagree(
                self._bpr, "BPR02", f"The payment is {dollars(self.sums.payment or 0)}; its claims "
                f"less the provider's adjustments (PLB) come to {dollars(due)}.",
            )  # fmt: skip

    def _payment(self, segment: list[str], number: int) -> None:
        self._bpr = number
        self.needed(segment, 1, number)
        self.needed(segment, 4, number)
        self.sums.payment = self.amount(segment, 2, number)
        self.day(segment, 16, number)
        if at(segment, 4) == "NON" and self.sums.payment:
            message = "BPR04 says that no payment is made (NON), and BPR02 is not 0."
            self.report(number, "BPR04", message)

    def _trace(self, segment: list[str], number: int) -> None:
        self.trace = self.needed(segment, 2, number) or None
        origin = self.needed(segment, 3, number)
        if origin and len(origin) != TRN03_LENGTH:
            self.report(number, "TRN03", "A company's identifier has 10 characters.")

    def _open_claim(self, segment: list[str], number: int) -> None:
        self._close_claim()
        self.claim = self.needed(segment, 1, number) or None
        for index in (2, 6, 7):
            self.needed(segment, index, number)
        self._clp = number
        charge, paid = self.amount(segment, 3, number), self.amount(segment, 4, number)
        self.optional_amount(segment, 5, number)
        self._due_of_claim = charge - paid
        self._adjusted_of_claim = 0
        self.sums.claims += 1
        self.sums.charged += charge
        self.sums.paid += paid

    def _open_line(self, segment: list[str], number: int) -> None:
        self._close_line()
        self._svc = number
        self.needed(segment, 1, number)
        charge, paid = self.amount(segment, 2, number), self.amount(segment, 3, number)
        self.count(segment, 5, number)
        self._due_of_line, self._adjusted_of_line = charge - paid, 0
        self.sums.lines += 1

    def _adjust(self, segment: list[str], number: int) -> None:
        group = at(segment, 1)
        if group not in ADJUSTMENT_GROUPS:
            self.report(number, "CAS01", "CAS01 is not CO, PR, OA, PI or CR.")
        for index in repeats(segment, 2, 3):
            self.needed(segment, index, number)
            amount = self.amount(segment, index + 1, number)
            self._adjusted_of_claim += amount
            self.sums.adjusted += amount
            if self._svc:
                self._adjusted_of_line += amount
            if group == "PR":
                self.sums.patient += amount

    def _provider_adjustments(self, segment: list[str], number: int) -> None:
        self._close_claim()
        self.needed(segment, 1, number)
        self.day(segment, 2, number)
        for index in repeats(segment, 3, 2):
            self.needed(segment, index, number)
            self.sums.provider_adjustment += self.amount(segment, index + 1, number)

    def _close_line(self) -> None:
        if self._svc and self._adjusted_of_line != self._due_of_line:
            self.disagree(
                self._svc, "SVC03", "Charge less payment of this service line is "
                f"{dollars(self._due_of_line)}; its adjustments (CAS) come to "
                f"{dollars(self._adjusted_of_line)}.",
            )  # fmt: skip
        self._svc = 0

    def _close_claim(self) -> None:
        self._close_line()
        if self._clp and self._adjusted_of_claim != self._due_of_claim:
            self.disagree(
                self._clp, "CLP04", f"Charge less payment of this claim is "
                f"{dollars(self._due_of_claim)}; its adjustments (CAS) come to "
                f"{dollars(self._adjusted_of_claim)}.",
            )  # fmt: skip
        self._clp, self.claim = 0, None
