"""National Correct Coding Initiative: procedure-to-procedure edits."""

from __future__ import annotations

from collections.abc import Iterator

from services.billing.scrub.model import ClaimFacts, Finding, Line, Pair, rule

ASSOCIATED_MODIFIERS = frozenset({
    "E1", "E2", "E3", "E4", "FA", "F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8", "F9", "TA", "T1",
    "T2", "T3", "T4", "T5", "T6", "T7", "T8", "T9", "LT", "RT", "LC", "LD", "RC", "LM", "RI", "24",
    "25", "57", "58", "78", "79", "27", "59", "91", "XE", "XS", "XP", "XU",
})  # fmt: skip
"""With indicator 1, one of them on either line says that the services are distinct."""


@rule(
    "ncci-pairs",
    "No procedure beside one that includes it (NCCI procedure-to-procedure edits)",
    "CMS NCCI Policy Manual, ch. 1; the practice's loaded PTP table",
    overridable=True,
)
def ncci_pairs(facts: ClaimFacts) -> Iterator[Finding]:
    """Also beside a line of another claim of the same patient, clinician and day."""
    found: set[int] = set()
    for pair in facts.pairs:
        if not _in_force(pair, facts):
            continue
        for line in _here(facts, pair):
            if line.number not in found:
                found.add(line.number)
                yield Finding("2400 SV101-2", _explained(pair), line.number)


def _in_force(pair: Pair, facts: ClaimFacts) -> bool:
    on = facts.service_on
    return (
        pair.modifier_indicator != 9
        and pair.effective_on <= on
        and (pair.deleted_on is None or on <= pair.deleted_on)
    )


def _here(facts: ClaimFacts, pair: Pair) -> Iterator[Line]:
    """The lines of this claim that the pair concerns: column two where it is here, or else one."""
    here = {pair.column1: list[Line](), pair.column2: list[Line]()}
    there = {pair.column1: list[Line](), pair.column2: list[Line]()}
    for lines, by_code in ((facts.lines, here), (facts.same_day, there)):
        for line in lines:
            if line.procedure in by_code:
                by_code[line.procedure].append(line)
    ones = here[pair.column1] + there[pair.column1]
    for two in here[pair.column2]:
        if any(_collide(pair, one, two) for one in ones if one is not two):
            yield two
    for one in here[pair.column1]:
        if any(_collide(pair, one, two) for two in there[pair.column2]):
            yield one


def _collide(pair: Pair, one: Line, two: Line) -> bool:
    if pair.modifier_indicator == 0:
        return True
    return ASSOCIATED_MODIFIERS.isdisjoint(one.modifiers + two.modifiers)


def _explained(pair: Pair) -> str:
    said = f"NCCI: {pair.column2} is part of {pair.column1} on the same day"
    if pair.modifier_indicator == 0:
        return f"{said}, and no modifier changes that. Leave {pair.column2} out."
    return (
        f"{said}. Leave {pair.column2} out; or, where the record shows distinct services, add the "
        "modifier that says how they are distinct (such as XE, XS, XP, XU, 25 or a side)."
    )
