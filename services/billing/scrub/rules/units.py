"""Units of service: CMS's medically unlikely edits, and what one unit is by its nature."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from services.billing.scrub.model import ClaimFacts, Finding, Line, line_rule, rule
from services.billing.scrub.rules.modifiers import is_evaluation

_MANUAL = "CMS NCCI Policy Manual, ch. 1, section V; the practice's loaded MUE table"


@rule(
    "mue-line",
    "A line's units stay within its medically unlikely edit (adjudication indicator 1)",
    _MANUAL,
    overridable=True,
)
def mue_line(facts: ClaimFacts) -> Iterator[Finding]:
    for line in facts.lines:
        limit = (facts.unit_limits or {}).get(line.procedure)
        if limit is not None and limit.adjudication == 1 and line.units > limit.units:
            yield Finding(
                "2400 SV104",
                f"{line.units} units of {line.procedure}; at most {limit.units} are paid on a "
                "line. Correct the units; or, where the record shows repeated services, put them "
                "on lines of their own with a modifier such as 76, 91 or 59.",
                line.number,
            )


@rule(
    "mue-policy",
    "A day's units stay within a medically unlikely edit of policy (adjudication indicator 2)",
    _MANUAL,
)
def mue_policy(facts: ClaimFacts) -> Iterator[Finding]:
    for number, code, units, most in _over_the_day(facts, 2):
        yield Finding(
            "2400 SV104",
            f"{units} units of {code} on one day; policy allows {most}, whatever the modifiers. "
            "Correct the units.",
            number,
        )


@rule(
    "mue-clinical",
    "A day's units stay within a medically unlikely edit of benchmarks (adjudication indicator 3)",
    _MANUAL,
    overridable=True,
)
def mue_clinical(facts: ClaimFacts) -> Iterator[Finding]:
    for number, code, units, most in _over_the_day(facts, 3):
        yield Finding(
            "2400 SV104",
            f"{units} units of {code} on one day; {most} are paid without a review. Correct the "
            "units; or let the claim go where the record shows that all of them were needed.",
            number,
        )


@line_rule(
    "evaluation-units",
    "An evaluation and management service has one unit",
    "CMS Medicare Claims Processing Manual, ch. 12, section 30.6",
    "warning",
    place="2400 SV104",
)
def evaluation_units(line: Line) -> str | None:
    if line.units > 1 and is_evaluation(line.procedure):
        return (
            f"{line.units} units of {line.procedure}, which is one service a visit. Check the "
            "units."
        )
    return None


def _over_the_day(facts: ClaimFacts, adjudication: int) -> Iterator[tuple[int, str, int, int]]:
    """Last line, code, units and limit of each code whose units of the day are too many.

    Those of the patient's other live claims count too.
    """
    limits = facts.unit_limits or {}
    if not any(limit.adjudication == adjudication for limit in limits.values()):
        return
    units = Counter[str]()
    last: dict[str, int] = {}
    for line in facts.same_day:
        units[line.procedure] += line.units
    for line in facts.lines:
        units[line.procedure] += line.units
        last[line.procedure] = line.number
    for code, number in last.items():
        limit = limits.get(code)
        if limit is not None and limit.adjudication == adjudication and units[code] > limit.units:
            yield number, code, units[code], limit.units
