"""What the payer wants: in time, once, agreed to beforehand, for somebody it insures."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from services.billing.scrub.model import ClaimFacts, Finding, Line, rule
from services.billing.scrub.rules.modifiers import DISTINCT

REPEATED = DISTINCT | {"59", "76", "77", "91"}
"""Modifiers that say: again, or apart."""
ONE_DAY = timedelta(days=1)
WAITS = frozenset({"coverage-awaited"})
"""Rules that wait for an answer: nobody has to touch the claim."""


@rule(
    "timely-filing",
    "The claim goes out within the payer's days",
    "the payer's days in the directory of payers; Medicare: 42 CFR 424.44",
    overridable=True,
)
def timely_filing(facts: ClaimFacts) -> Iterator[Finding]:
    deadline = facts.filing_deadline
    if deadline is not None and facts.as_of > deadline:
        yield Finding(
            "2400 DTP*472",
            f"The payer's last day for this claim was {(facts.as_of - deadline).days} days ago. "
            "Let it go only with proof that it was sent in time, or of a reason that the payer "
            "accepts.",
        )


@rule(
    "service-in-future",
    "The service has taken place",
    "X12 005010X222A1 2400 DTP*472; CARC 110",
)
def service_in_future(facts: ClaimFacts) -> Iterator[Finding]:
    """Tomorrow by UTC is today somewhere, so one day more is let through."""
    if facts.service_on > facts.as_of + ONE_DAY:
        yield Finding(
            "2400 DTP*472",
            "The day of service is still to come; the claim goes out when it has. Where the day is "
            "wrong, correct it in the visit.",
            until=facts.service_on - ONE_DAY,
        )


@rule(
    "duplicate-claim",
    "The service is on no other live claim",
    "CMS Medicare Claims Processing Manual, ch. 1, section 120; CARC 18",
    overridable=True,
)
def duplicate_claim(facts: ClaimFacts) -> Iterator[Finding]:
    """What a replacement tells again of the claim itself is no second bill."""
    if not facts.same_day:
        return
    there = {_same(line) for line in facts.same_day} - {_same(line) for line in facts.replaced}
    for line in facts.lines:
        if _same(line) in there and REPEATED.isdisjoint(line.modifiers):
            yield Finding(
                "2400 SV101",
                f"{line.procedure} with these modifiers is on another claim of the patient, "
                "clinician and day. Void one of the visits; or, where it was done twice, add the "
                "modifier that says so (76, 91, 59 or XE).",
                line.number,
            )


@rule(
    "duplicate-line",
    "A service is on one line of the claim",
    "CMS Medicare Claims Processing Manual, ch. 1, section 120; CARC 18",
    "warning",
)
def duplicate_line(facts: ClaimFacts) -> Iterator[Finding]:
    seen: set[tuple[str, frozenset[str]]] = set()
    for line in facts.lines:
        same = _same(line)
        if same in seen and REPEATED.isdisjoint(line.modifiers):
            yield Finding(
                "2400 SV101",
                f"{line.procedure} with these modifiers is on an earlier line too. Tell it once "
                "with its units, or add the modifier that says how they differ.",
                line.number,
            )
        seen.add(same)


@rule(
    "authorization-missing",
    "The payer agreed beforehand where it wants to",
    "the payer's rules as the practice entered them; X12 005010X222A1 2300 REF*G1; CARC 197",
    overridable=True,
)
def authorization_missing(facts: ClaimFacts) -> Iterator[Finding]:
    if facts.has_authorization:
        return
    for line in facts.lines:
        if line.procedure in facts.authorization_codes:
            yield Finding(
                "2300 REF*G1",
                f"The payer wants an authorization for {line.procedure}, and the visit has no "
                "number. Add the payer's number to the visit.",
                line.number,
            )


@rule(
    "coverage-inactive",
    "The patient was insured on the day of service",
    "the payer's own answer (X12 005010X279A1 2110C EB01); CARC 27",
    overridable=True,
)
def coverage_inactive(facts: ClaimFacts) -> Iterator[Finding]:
    if facts.coverage == "inactive":
        yield Finding(
            "2010BA NM109",
            "The payer said that the coverage is not active on the day of service. Ask the patient "
            "for the coverage of that day and correct the visit.",
        )


@rule(
    "coverage-awaited",
    "The payer has answered whether it covers the day of service",
    "the payer's terms (it answers X12 005010X279A1); CARC 27",
    overridable=True,
)
def coverage_awaited(facts: ClaimFacts) -> Iterator[Finding]:
    if facts.coverage == "unknown" and facts.coverage_question == "open":
        yield Finding(
            "2010BA NM109",
            "The payer was asked whether it covers the day of service. The claim goes by itself "
            "once it has answered, or has not within two days.",
        )


@rule(
    "coverage-unverified",
    "The payer said whether it covers the day of service",
    "the payer's terms (it answers X12 005010X279A1); CARC 27",
    "warning",
)
def coverage_unverified(facts: ClaimFacts) -> Iterator[Finding]:
    if facts.coverage == "unknown" and facts.coverage_question == "ended":
        yield Finding(
            "2010BA NM109",
            "The payer was asked whether it covers the day of service, and its answer does not say "
            "so. See why in the inquiry.",
        )


@rule(
    "medicare-secondary",
    "Where another payer comes before Medicare, the claim says why",
    "42 CFR part 411, subpart B; X12 005010X222A1 2000B and 2320 SBR05",
)
def medicare_secondary(facts: ClaimFacts) -> Iterator[Finding]:
    if facts.unexplained_medicare:
        yield Finding(
            "2320 SBR05",
            "Medicare is not the first payer, and nobody told why. Ask the patient, and tell it "
            "with the coverage: a group plan by work, an accident, workers' compensation.",
        )


def _same(line: Line) -> tuple[str, frozenset[str]]:
    return line.procedure, frozenset(line.modifiers)
