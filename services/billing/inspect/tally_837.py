"""Claims: 837P (005010X222A1) and 837I (005010X223A2)."""

from __future__ import annotations

from services.billing.inspect.model import Findings
from services.billing.inspect.tally import Levels, Tally
from services.billing.money import dollars
from services.billing.x12.values import at

_DIAGNOSES = frozenset({"BK", "BF", "ABK", "ABF"})
_PATIENTS_OWN = ("N3", "N4", "DMG")
SELF = "18"
"""SBR02: the subscriber is the patient."""


class TallyClaims(Tally):
    """A claim's charge is the sum of its lines; what a claim must say of its patient is there."""

    def __init__(self, findings: Findings, component: str) -> None:
        super().__init__(findings, component)
        self._levels = Levels({"20": (), "22": ("20",), "23": ("22",)})
        self._party = ""
        self._relationship = ""
        self._subscriber = 0
        self._said_of_subscriber: set[str] = set()
        self._open = 0
        self._charge = self._of_lines = self._diagnoses = self._line = 0
        self._is_change = self._names_original = False

    def take(self, segment: list[str], number: int) -> None:
        tag = segment[0]
        if tag == "HL":
            self._close_claim()
            self._levels.take(segment, number, self)
            self._party = ""
        elif tag == "CLM":
            self._close_claim()
            self._open_claim(segment, number)
        elif self._open:
            self._about_claim(tag, segment, number)
        elif tag == "NM1":
            self._name_party(segment, number)
        elif tag == "SBR":
            self._relationship = at(segment, 2)
        elif tag == "BHT":
            self.trace = at(segment, 3) or None
        elif tag in _PATIENTS_OWN and self._party == "IL":
            self._said_of_subscriber.add(tag)

    def end(self, number: int) -> None:
        self._close_claim()
        if not self.sums.claims:
            self.report(number, "CLM", "There is no claim.")

    def _name_party(self, segment: list[str], number: int) -> None:
        self._party = at(segment, 1)
        if self._party == "85":
            self.name("payee", at(segment, 3))
        elif self._party == "PR":
            self.name("payer", at(segment, 3))
        elif self._party == "IL":
            self._subscriber, self._said_of_subscriber = number, set()
            self.needed(segment, 9, number)

    def _open_claim(self, segment: list[str], number: int) -> None:
        self.claim = self.needed(segment, 1, number) or None
        self._open = number
        self._charge = self.amount(segment, 2, number)
        self._of_lines = self._diagnoses = self._line = 0
        frequency = self.parts(segment, 5)
        self._is_change = len(frequency) > 2 and frequency[2] in ("7", "8")
        self._names_original = False
        self.sums.claims += 1
        self.sums.charged += self._charge
        self._check_patient(number)

    def _check_patient(self, number: int) -> None:
        if self._levels.now != "22":
            return
        if self._relationship != SELF:
            self.report(
                number, "CLM", "The patient is not named: SBR02 is not 18 (the subscriber), "
                "and no patient level (HL*23) comes before this claim.",
            )  # fmt: skip
            return
        missing = [tag for tag in _PATIENTS_OWN if tag not in self._said_of_subscriber]
        if missing:
            self.report(
                self._subscriber, missing[0],
                "The subscriber is the patient (SBR02 is 18), so address and birth date are "
                f"needed: {', '.join(missing)}.",
            )  # fmt: skip

    def _about_claim(self, tag: str, segment: list[str], number: int) -> None:
        match tag:
            case "SV1":
                self._service(segment, 2, number)
                self._pointers(segment, number)
            case "SV2":
                self._service(segment, 3, number)
            case "LX":
                self._line += 1
                if at(segment, 1) != str(self._line):
                    self.report(number, "LX01", f"LX01 is not {self._line}: lines count from 1.")
            case "HI":
                self._codes(segment, number)
            case "DTP":
                self.dated(segment, number)
            case "REF" if at(segment, 1) == "F8":
                self._names_original = True
            case _:
                pass

    def _service(self, segment: list[str], amount: int, number: int) -> None:
        self.sums.lines += 1
        self._of_lines += self.amount(segment, amount, number)

    def _codes(self, segment: list[str], number: int) -> None:
        for index, element in enumerate(segment[1:], 1):
            kind, _, code = element.partition(self._component)
            if not code:
                self.report(number, f"HI{index:02d}", f"HI{index:02d} has no code.")
            elif kind in _DIAGNOSES:
                self._diagnoses += 1

    def _pointers(self, segment: list[str], number: int) -> None:
        for pointer in self.parts(segment, 7):
            known = pointer.isascii() and pointer.isdigit() and len(pointer) <= 2
            if not known or not 1 <= int(pointer) <= self._diagnoses:
                message = f"SV107 points to none of the claim's {self._diagnoses} diagnoses."
                self.report(number, "SV107", message)
                return

    def _close_claim(self) -> None:
        if not self._open:
            return
        if self._charge != self._of_lines:
            self.disagree(
                self._open, "CLM02", f"The claim charges {dollars(self._charge)}, "
                f"and its service lines come to {dollars(self._of_lines)}.",
            )  # fmt: skip
        if self._is_change and not self._names_original:
            self.report(
                self._open, "REF*F8", "A claim that replaces or voids another (CLM05-3 is 7 or 8) "
                "names the payer's number of it in REF*F8, which is missing.",
            )  # fmt: skip
        self._open, self.claim = 0, None
