"""What is asked for."""

from __future__ import annotations

from collections.abc import Iterator

from services.billing.scrub.model import ClaimFacts, Finding, Line, line_rule, rule


@rule(
    "zero-charge-claim",
    "A claim asks for money",
    "X12 005010X222A1 2300 CLM02",
    overridable=True,
)
def zero_charge_claim(facts: ClaimFacts) -> Iterator[Finding]:
    if not any(line.charge_cents for line in facts.lines):
        yield Finding(
            "2300 CLM02",
            "Every line is free of charge. Set a price in the fee schedule and correct the visit; "
            "or let the claim go where the payer wants to see it.",
        )


@line_rule(
    "zero-charge-line",
    "A line without a charge is meant to be one",
    "X12 005010X222A1 2400 SV102",
    "warning",
    place="2400 SV102",
)
def zero_charge_line(line: Line) -> str | None:
    """Codes that only report quality are told without a charge, and rightly so."""
    if not line.charge_cents:
        return (
            f"{line.procedure} is free of charge. Check the fee schedule, unless the code only "
            "reports."
        )
    return None
