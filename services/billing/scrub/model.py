"""Rules before a claim goes out: pure functions over what is known of one claim.

What a rule says is read by billers and kept: it names places and positions, never a value about
the patient. A procedure's code stands in it, a diagnosis does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from services.billing.eligibility.model import Question, Standing

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Line:
    """A priced line of this claim, or of another one of the same patient, clinician and day."""

    number: int
    procedure: str
    modifiers: tuple[str, ...]
    units: int
    pointers: tuple[int, ...]
    charge_cents: int


@dataclass(frozen=True, slots=True)
class CodeList:
    """The codes that an edition lists, at least those that the claim has.

    `judges`: the edition is the one of the day of service; another one only gives a hint.
    """

    edition: str
    judges: bool
    valid: frozenset[str]
    incomplete: frozenset[str] = frozenset()
    """Categories that need further characters to be billed."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A row of CMS's procedure-to-procedure table: column two is not paid beside column one.

    `modifier_indicator`: 0 no modifier changes that, 1 an NCCI-associated modifier may, 9 the row
    does not apply. `deleted_on` is the last day on which it is in force.
    """

    column1: str
    column2: str
    effective_on: date
    deleted_on: date | None
    modifier_indicator: int


@dataclass(frozen=True, slots=True)
class UnitLimit:
    """A row of CMS's table of medically unlikely edits.

    `adjudication`: 1 a limit for each line, 2 for the day by policy, 3 for the day by clinical
    benchmarks.
    """

    units: int
    adjudication: int


@dataclass(frozen=True, slots=True)
class ClaimFacts:
    """All that rules look at. Codes of diagnoses have no point."""

    as_of: date
    service_on: date
    place_of_service: str
    diagnoses: tuple[str, ...]
    lines: tuple[Line, ...]
    born_on: date
    sex: Literal["F", "M", "U"]
    billing_npi: str | None
    rendering_npi: str
    referring_npi: str | None
    has_authorization: bool
    coverage: Standing
    filing_deadline: date | None
    """The last day on which the payer takes the claim; None: not known, and not judged."""
    authorization_codes: frozenset[str]
    """Procedures that the payer wants to agree to beforehand."""
    diagnosis_list: CodeList
    procedure_list: CodeList | None
    """None: the practice loaded none; nothing is judged."""
    pairs: tuple[Pair, ...] = ()
    unit_limits: Mapping[str, UnitLimit] | None = None
    coverage_question: Question = "none"
    """Whether a payer that answers such questions was asked about the day, where it has not said
    how the coverage stands."""
    same_day: tuple[Line, ...] = ()
    """Lines of the patient's other live claims to this payer, of this clinician and day."""
    replaced: tuple[Line, ...] = ()
    """Lines that the payer has of this claim already, where it goes out in their place."""
    unexplained_medicare: bool = False
    """Medicare comes after another payer, and nobody told why."""

    @property
    def age_in_days(self) -> int:
        return (self.service_on - self.born_on).days

    @property
    def age(self) -> int:
        """In years, on the day of service; below zero before birth."""
        born, on = self.born_on, self.service_on
        return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found, where, and what to do about it. Without a line it is the claim's."""

    place: str
    explanation: str
    line_number: int = 0
    severity: Severity | None = None
    """None: the rule's own."""
    until: date | None = None
    """The day on which it is found no more, where time alone mends it."""


Check = Callable[[ClaimFacts], Iterable[Finding]]
LineCheck = Callable[[Line], str | None]
"""What is wrong with a line, whatever else the claim says; None: nothing."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of the catalogue; `check` decides. It holds for services in [effective, ends)."""

    rule_id: str
    title: str
    authority: str
    severity: Severity
    overridable: bool
    """A person may let a claim go with it, and says why."""
    check: Check
    effective_on: date | None = None
    ends_on: date | None = None

    def holds_on(self, service_on: date) -> bool:
        since, until = self.effective_on, self.ends_on
        return (since is None or since <= service_on) and (until is None or service_on < until)


def rule(
    rule_id: str,
    title: str,
    authority: str,
    severity: Severity = "error",
    *,
    overridable: bool = False,
    effective_on: date | None = None,
    ends_on: date | None = None,
) -> Callable[[Check], Rule]:
    """Make a rule of a check."""

    def made(check: Check) -> Rule:
        return Rule(rule_id, title, authority, severity, overridable, check, effective_on, ends_on)

    return made


def line_rule(
    rule_id: str,
    title: str,
    authority: str,
    severity: Severity = "error",
    *,
    place: str,
    overridable: bool = False,
) -> Callable[[LineCheck], Rule]:
    """Make a rule of a check that looks at each line by itself; `place`: where its findings are."""

    def made(check: LineCheck) -> Rule:
        def of_lines(facts: ClaimFacts) -> Iterator[Finding]:
            for line in facts.lines:
                if explanation := check(line):
                    yield Finding(place, explanation, line.number)

        return Rule(rule_id, title, authority, severity, overridable, of_lines)

    return made


@dataclass(frozen=True, slots=True)
class Edit:
    """A rule's finding on a claim, as it is kept and shown. `line_number` 0: the claim."""

    rule_id: str
    severity: Severity
    line_number: int
    place: str
    explanation: str
    until: date | None = None
    """The day on which it is found no more, where time alone mends it; not kept."""


def evaluate(facts: ClaimFacts, rules: Iterable[Rule]) -> Iterator[Edit]:
    """Everything that the rules find; a claim is clean where none of it is an error."""
    for one in rules:
        if one.holds_on(facts.service_on):
            for found in one.check(facts):
                yield Edit(
                    one.rule_id,
                    found.severity or one.severity,
                    found.line_number,
                    found.place,
                    found.explanation,
                    found.until,
                )


def stopping(edits: Iterable[Edit], overridden: Iterable[str] = ()) -> tuple[str, ...]:
    """The rules that hold the claim: those with an error that nobody has overridden."""
    let_go = frozenset(overridden)
    errors = {edit.rule_id for edit in edits if edit.severity == "error"}
    return tuple(sorted(errors - let_go))


def look_again_on(edits: Iterable[Edit]) -> date | None:
    """The first day on which an error is found no more though nobody mends it; None: there is none.

    All else that rules look at is of the day of service, whatever day it is now.
    """
    return min((one.until for one in edits if one.severity == "error" and one.until), default=None)
