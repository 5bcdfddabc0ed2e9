"""The envelope laws of X12.5 and X12.6: numbers that must agree, counts that must be true."""

from __future__ import annotations

from services.billing.x12.errors import Code, X12Error
from services.billing.x12.values import at

OUTSIDE, INTERCHANGE, GROUP, TRANSACTION = range(4)
ENVELOPE_TAGS = frozenset({"ISA", "GS", "ST", "SE", "GE", "IEA", ""})
"""The empty tag is in the set so that the hot loop sends an empty segment here."""

_RESEND = "Ask the sender for the file again; it was cut or put together wrongly."


class Envelope:
    """Follows ISA…IEA and holds every check; what a reader may want to know stays readable.

    With a `problems` list, numbers and counts that disagree are added to it and reading goes on
    (for inspection); without one they raise. What breaks the nesting itself always raises.
    """

    def __init__(self, problems: list[X12Error] | None = None) -> None:
        self.level = OUTSIDE
        self.interchange_control = ""
        self.interchange_version = ""
        self.sender = ""
        self.receiver = ""
        self.functional_id = ""
        self.usage = ""
        self.group_control = ""
        self.version = ""
        self.transaction_set = ""
        self.transaction_control = ""
        self._problems = problems
        self._groups = 0
        self._transactions = 0
        self._first_segment = 0
        self._seen: set[str] = set()

    def check(self, segment: list[str], number: int) -> None:
        """Take one envelope segment, the `number`th of the file."""
        match segment[0]:
            case "ISA":
                self._open_interchange(segment, number)
            case "GS":
                self._open_group(segment, number)
            case "ST":
                self._open_transaction(segment, number)
            case "SE":
                self._close_transaction(segment, number)
            case "GE":
                self._close_group(segment, number)
            case "IEA":
                self._close_interchange(segment, number)
            case _:
                raise X12Error("empty-segment", number, "A segment has no content.", _RESEND)

    def _open_interchange(self, segment: list[str], number: int) -> None:
        self._expect(OUTSIDE, segment, number)
        self.level = INTERCHANGE
        self.sender, self.receiver = segment[6].rstrip(), segment[8].rstrip()
        self.interchange_version, self.interchange_control = segment[12], segment[13]
        self.usage = segment[15]
        self._groups = 0

    def _open_group(self, segment: list[str], number: int) -> None:
        self._expect(INTERCHANGE, segment, number)
        self.level = GROUP
        self._groups += 1
        self.functional_id = at(segment, 1)
        self.group_control, self.version = at(segment, 6), at(segment, 8)
        self._transactions = 0
        self._seen.clear()

    def _open_transaction(self, segment: list[str], number: int) -> None:
        self._expect(GROUP, segment, number)
        self.level = TRANSACTION
        self._transactions += 1
        self._first_segment = number
        self.transaction_set, self.transaction_control = at(segment, 1), at(segment, 2)
        if self.transaction_control in self._seen:
            self._disagree("duplicate-transaction", number, "ST02 was used before in its group.")
        self._seen.add(self.transaction_control)

    def _close_transaction(self, segment: list[str], number: int) -> None:
        self._expect(TRANSACTION, segment, number)
        self.level = GROUP
        if at(segment, 2) != self.transaction_control:
            self._disagree("transaction-control-mismatch", number, "SE02 is not ST02.")
        counted = number - self._first_segment + 1
        self._count("segment-count", segment, number, counted, "segments from ST to SE")

    def _close_group(self, segment: list[str], number: int) -> None:
        self._expect(GROUP, segment, number)
        self.level = INTERCHANGE
        if at(segment, 2) != self.group_control:
            self._disagree("group-control-mismatch", number, "GE02 is not GS06.")
        self._count("transaction-count", segment, number, self._transactions, "transaction sets")

    def _close_interchange(self, segment: list[str], number: int) -> None:
        self._expect(INTERCHANGE, segment, number)
        self.level = OUTSIDE
        if at(segment, 2) != self.interchange_control:
            self._disagree("interchange-control-mismatch", number, "IEA02 is not ISA13.")
        self._count("group-count", segment, number, self._groups, "functional groups")

    def _expect(self, level: int, segment: list[str], number: int) -> None:
        if self.level != level:
            raise X12Error(
                "envelope-order",
                number,
                f"{segment[0]} is not allowed at this place.",
                _RESEND,
            )

    def _count(self, code: Code, segment: list[str], number: int, counted: int, of: str) -> None:
        said = at(segment, 1)
        if not (said.isascii() and said.isdigit() and len(said) <= 10 and int(said) == counted):
            self._disagree(code, number, f"{segment[0]}01 is not the {counted} {of} found.")

    def _disagree(self, code: Code, number: int, message: str) -> None:
        problem = X12Error(code, number, message, _RESEND)
        if self._problems is None:
            raise problem
        self._problems.append(problem)
