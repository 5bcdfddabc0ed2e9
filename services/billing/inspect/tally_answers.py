"""Answers and questions: 999, 277CA, 277, 276, 271, 270 and TA1."""

from __future__ import annotations

from collections.abc import Container

from services.billing.inspect.model import Findings
from services.billing.inspect.tally import Levels, Tally
from services.billing.money import dollars
from services.billing.x12.read_999 import GROUP_VERDICTS, TRANSACTION_VERDICTS
from services.billing.x12.read_ta1 import INTERCHANGE_VERDICTS
from services.billing.x12.values import at

_TAKEN_IN = frozenset({"A", "E"})
_ASKED = {"20": (), "21": ("20",), "19": ("21",), "22": ("19",), "23": ("22",)}


class TallyAcknowledgement(Tally):
    """999 (005010X231A1): what it counts of the sets is what it says of them."""

    def __init__(self, findings: Findings, component: str) -> None:
        super().__init__(findings, component)
        self._answered = self._taken_in = 0

    def take(self, segment: list[str], number: int) -> None:
        match segment[0]:
            case "AK1":
                self.trace = self.needed(segment, 2, number) or None
            case "AK2":
                self.needed(segment, 2, number)
            case "IK3":
                self.whole(segment, 2, number)
            case "IK5":
                self._answered += 1
                self._taken_in += self._verdict(segment, number, TRANSACTION_VERDICTS) in _TAKEN_IN
            case "AK9":
                self._counts(segment, number)
            case _:
                pass

    def _verdict(self, segment: list[str], number: int, known: Container[str]) -> str:
        verdict = at(segment, 1)
        if verdict not in known:
            element = f"{segment[0]}01"
            self.report(number, element, f"{element} is not an acknowledgement code.")
        return verdict

    def _counts(self, segment: list[str], number: int) -> None:
        self._verdict(segment, number, GROUP_VERDICTS)
        included, received, taken_in = (self.whole(segment, i, number) for i in (2, 3, 4))
        # Sets that were taken in need not be listed.
        if included is None or received is None or taken_in is None:
            self.balanced = False
        elif self._answered == received and taken_in != self._taken_in:
            message = f"AK904 is not the {self._taken_in} sets that were accepted."
            self.disagree(number, "AK904", message)
        elif self._answered > received:
            message = f"AK903 is not the {self._answered} sets that were answered."
            self.disagree(number, "AK903", message)


class TallyClaimAnswers(Tally):
    """277CA (005010X214): claims are those that were answered, with their charges."""

    def __init__(self, findings: Findings, component: str) -> None:
        super().__init__(findings, component)
        self._levels = Levels({"20": (), "21": ("20",), "19": ("21",), "PT": ("19",)})
        self._batch: dict[str, tuple[int, int]] = {}
        self._in_line = self._is_valued = False

    def take(self, segment: list[str], number: int) -> None:
        level = self._levels.now
        match segment[0]:
            case "HL":
                self._levels.take(segment, number, self)
                self.claim, self._in_line = None, False
            case "TRN":
                self._trace(segment, number)
            case "STC":
                self._status(segment, number)
            case "SVC":
                self._in_line = True
                self.sums.lines += 1
            case "NM1" if level == "20":
                self.name("payer", at(segment, 3))
            case "NM1" if level == "19":
                self.name("payee", at(segment, 3))
            case "QTY" if level == "21":
                quantity = self.whole(segment, 2, number)
                self._batch[f"QTY*{at(segment, 1)}"] = (number, quantity or 0)
            case "AMT" if level == "21":
                self._batch[f"AMT*{at(segment, 1)}"] = (number, self.amount(segment, 2, number))
            case "DTP":
                self.dated(segment, number)
            case _:
                pass

    def end(self, number: int) -> None:
        """The batch's totals (2200B), where it gives any, are those of its claims."""
        sums = self.sums
        self._compare("QTY", ("90", "AA"), sums.claims, f"{sums.claims} claims")
        self._compare("AMT", ("YU", "YY"), sums.charged, dollars(sums.charged))

    def _compare(self, tag: str, kinds: tuple[str, str], found: int, shown: str) -> None:
        given = [said for kind in kinds if (said := self._batch.get(f"{tag}*{kind}"))]
        if given and self.sums.claims and sum(value for _, value in given) != found:
            message = f"The batch's totals (2200B) are not those of its claims: {shown}."
            self.disagree(given[0][0], tag, message)

    def _trace(self, segment: list[str], number: int) -> None:
        reference = self.needed(segment, 2, number)
        if self._levels.now == "21":
            self.trace = reference or None
        elif self._levels.now == "PT":
            self.claim, self._in_line, self._is_valued = reference or None, False, False
            self.sums.claims += 1

    def _status(self, segment: list[str], number: int) -> None:
        _check_status(self, segment, number)
        if self._levels.now == "PT" and not self._in_line:
            self.day(segment, 2, number)
            if not self._is_valued:
                self.sums.charged += self.optional_amount(segment, 4, number)
                self._is_valued = True


class TallyStatus(Tally):
    """276 and 277 (005010X212): claims are those that were asked after."""

    def __init__(self, findings: Findings, component: str) -> None:
        super().__init__(findings, component)
        self._levels = Levels(_ASKED)
        self._in_line = self._is_valued = False

    def take(self, segment: list[str], number: int) -> None:
        level = self._levels.now
        match segment[0]:
            case "HL":
                self._levels.take(segment, number, self)
                self.claim, self._in_line = None, False
            case "TRN" if level in ("22", "23"):
                self.claim = self.needed(segment, 2, number) or None
                self._in_line = self._is_valued = False
                self.sums.claims += 1
            case "STC":
                self._status(segment, number)
            case "AMT" if at(segment, 1) == "T3":
                self.sums.charged += self.amount(segment, 2, number)
            case "SVC":
                self._in_line = True
                self.sums.lines += 1
            case "NM1" if level == "20":
                self.name("payer", at(segment, 3))
            case "NM1" if level == "19":
                self.name("payee", at(segment, 3))
            case "BHT":
                self.trace = at(segment, 3) or None
            case "DTP":
                self.dated(segment, number)
            case _:
                pass

    def _status(self, segment: list[str], number: int) -> None:
        _check_status(self, segment, number)
        if self.claim is None or self._in_line:
            return
        self.day(segment, 2, number)
        if not self._is_valued:
            self._is_valued = True
            self.sums.charged += self.optional_amount(segment, 4, number)
            self.sums.paid += self.optional_amount(segment, 5, number)


class TallyEligibility(Tally):
    """270 and 271 (005010X279A1): no claims and no money, but levels, traces and dates."""

    def __init__(self, findings: Findings, component: str) -> None:
        super().__init__(findings, component)
        self._levels = Levels({"20": (), "21": ("20",), "22": ("21",), "23": ("22",)})

    def take(self, segment: list[str], number: int) -> None:
        match segment[0]:
            case "HL":
                self._levels.take(segment, number, self)
            case "TRN":
                self.trace = self.trace or self.needed(segment, 2, number) or None
            case "NM1" if self._levels.now == "20":
                self.name("payer", at(segment, 3))
            case "NM1" if self._levels.now == "21":
                self.name("payee", at(segment, 3))
            case "DTP":
                self.dated(segment, number)
            case "EB" | "EQ":
                self._benefit(segment, number)
            case _:
                pass

    def _benefit(self, segment: list[str], number: int) -> None:
        if segment[0] == "EB":
            self.needed(segment, 1, number)
            self.optional_amount(segment, 7, number)
        elif not at(segment, 1) and not at(segment, 2):
            self.report(number, "EQ01", "EQ says neither a type of service nor a procedure.")


class TallyInterchangeAnswer(Tally):
    """TA1 (X12.5, TA1): whether an interchange was taken in; it has no ST."""

    def take(self, segment: list[str], number: int) -> None:
        self.trace = self.needed(segment, 1, number) or None
        if at(segment, 4) not in INTERCHANGE_VERDICTS:
            self.report(number, "TA104", "TA104 is not A, E or R.")
        self.needed(segment, 5, number)


def _check_status(tally: Tally, segment: list[str], number: int) -> None:
    place = tally.parts(segment, 1)
    if not place[0] or not at(place, 1):
        tally.report(number, "STC01", "STC01 has no category or no status code.")
