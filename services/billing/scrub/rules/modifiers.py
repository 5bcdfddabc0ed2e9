"""Modifiers that contradict one another, the units, or the procedure."""

from __future__ import annotations

from collections.abc import Iterator

from services.billing.scrub.model import ClaimFacts, Finding, Line, line_rule, rule

DISTINCT = frozenset({"XE", "XS", "XP", "XU"})
_PLACE = "2400 SV101-3"


def is_evaluation(procedure: str) -> bool:
    """A CPT code of the section Evaluation and Management, 99202 to 99499."""
    return procedure.isdigit() and "99202" <= procedure <= "99499"


def is_surgery(procedure: str) -> bool:
    """A CPT code of the section Surgery, 10004 to 69990."""
    return procedure.isdigit() and "10004" <= procedure <= "69990"


@line_rule(
    "modifier-26-tc",
    "Professional and technical component are not on one line",
    "CMS Medicare Claims Processing Manual, ch. 13, section 20",
    place=_PLACE,
)
def modifier_26_tc(line: Line) -> str | None:
    if "26" in line.modifiers and "TC" in line.modifiers:
        return (
            "26 and TC together are the whole service. Take both off, or leave the one that "
            "was done."
        )
    return None


@line_rule(
    "modifier-50-units",
    "A bilateral service is one line with one unit",
    "CMS Medicare Claims Processing Manual, ch. 12, section 40.7",
    place="2400 SV104",
    overridable=True,
)
def modifier_50_units(line: Line) -> str | None:
    if "50" in line.modifiers and line.units > 1:
        return (
            "Modifier 50 says that both sides were done: it goes with one unit. Set the units to 1."
        )
    return None


@line_rule(
    "modifier-50-side",
    "A bilateral service names no side",
    "CMS Medicare Claims Processing Manual, ch. 12, section 40.7",
    place=_PLACE,
)
def modifier_50_side(line: Line) -> str | None:
    if "50" in line.modifiers and ("LT" in line.modifiers or "RT" in line.modifiers):
        return "Modifier 50 says both sides, LT or RT says one. Leave the one that is right."
    return None


@line_rule(
    "modifier-59-x",
    "59 does not stand beside XE, XS, XP or XU",
    "CMS MLN1783722, Proper Use of Modifiers 59, XE, XP, XS and XU",
    place=_PLACE,
    overridable=True,
)
def modifier_59_x(line: Line) -> str | None:
    if "59" in line.modifiers and not DISTINCT.isdisjoint(line.modifiers):
        return "59 and one of XE, XS, XP, XU say the same twice. Leave the more exact one."
    return None


@line_rule(
    "modifier-59-evaluation",
    "59 does not stand on an evaluation and management service",
    "CMS NCCI Policy Manual, ch. 1, section E",
    place=_PLACE,
    overridable=True,
)
def modifier_59_evaluation(line: Line) -> str | None:
    if "59" in line.modifiers and is_evaluation(line.procedure):
        return (
            f"59 is for procedures, and {line.procedure} is a visit. Use 25 where the visit is "
            "significant and separate from the procedure."
        )
    return None


@line_rule(
    "modifier-25-procedure",
    "25 stands on a visit, not on surgery",
    "CMS NCCI Policy Manual, ch. 1, section D",
    place=_PLACE,
)
def modifier_25_procedure(line: Line) -> str | None:
    if "25" in line.modifiers and is_surgery(line.procedure):
        return (
            f"25 says that a visit is separate from a procedure, and {line.procedure} is a "
            "procedure. Put 25 on the line of the visit."
        )
    return None


@rule(
    "modifier-25-missing",
    "A visit beside surgery says that it is separate",
    "CMS NCCI Policy Manual, ch. 1, section D",
    "warning",
)
def modifier_25_missing(facts: ClaimFacts) -> Iterator[Finding]:
    if not any(is_surgery(line.procedure) for line in facts.lines):
        return
    for line in facts.lines:
        if is_evaluation(line.procedure) and {"24", "25", "57"}.isdisjoint(line.modifiers):
            yield Finding(
                _PLACE,
                f"{line.procedure} is on the day of a procedure. Where the visit was significant "
                "and separate, add 25 (or 57 where it decided for major surgery).",
                line.number,
            )


@line_rule(
    "modifier-twice",
    "A line has each modifier once",
    "X12 005010X222A1 2400 SV101-3 to SV101-6",
    place=_PLACE,
)
def modifier_twice(line: Line) -> str | None:
    if len(set(line.modifiers)) != len(line.modifiers):
        return "A modifier stands on the line twice. Leave it once."
    return None
