"""Every rule, in the order in which a biller reads what they found."""

from __future__ import annotations

import hashlib
from pathlib import Path

from services.billing.scrub.model import ClaimFacts, Edit, Rule, evaluate
from services.billing.scrub.rules import (
    charges,
    codes,
    identifiers,
    modifiers,
    pairs,
    patient,
    payer,
    units,
)
from services.billing.x12 import code_lists

RULES: tuple[Rule, ...] = (
    identifiers.npi_check_digit,
    codes.diagnosis_code,
    codes.external_cause_first,
    codes.diagnosis_twice,
    codes.diagnosis_pointers,
    codes.procedure_code,
    codes.place_of_service,
    patient.born_after_service,
    patient.diagnosis_age,
    patient.diagnosis_sex,
    patient.maternal_and_newborn,
    modifiers.modifier_26_tc,
    modifiers.modifier_50_units,
    modifiers.modifier_50_side,
    modifiers.modifier_59_x,
    modifiers.modifier_59_evaluation,
    modifiers.modifier_25_procedure,
    modifiers.modifier_25_missing,
    modifiers.modifier_twice,
    pairs.ncci_pairs,
    units.mue_line,
    units.mue_policy,
    units.mue_clinical,
    units.evaluation_units,
    payer.service_in_future,
    payer.timely_filing,
    payer.duplicate_claim,
    payer.duplicate_line,
    payer.authorization_missing,
    payer.coverage_inactive,
    payer.coverage_awaited,
    payer.coverage_unverified,
    payer.medicare_secondary,
    charges.zero_charge_claim,
    charges.zero_charge_line,
)
BY_ID = {rule.rule_id: rule for rule in RULES}


def _revision() -> str:
    """What the rules are, as one word: it changes with their text, and is kept with each edit."""
    rules = sorted(Path(__file__).parent.glob("rules/*.py"))
    files = [Path(__file__), *rules, Path(code_lists.__file__)]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]


REVISION = _revision()


def scrub(facts: ClaimFacts) -> list[Edit]:
    """Everything that the catalogue finds on a claim."""
    return list(evaluate(facts, RULES))


def table() -> str:
    """The catalogue as README.md beside this file prints it."""
    rows = [
        f"| `{rule.rule_id}` | {rule.title} | {rule.severity} | "
        f"{'yes' if rule.overridable else 'no'} | {rule.authority} |"
        for rule in RULES
    ]
    head = "| rule | what must hold | severity | may be overridden | authority |"
    under = "|---|---|---|---|---|"
    return "\n".join([head, under, *rows, ""])


def main() -> None:
    """Write the table into the page."""
    page = Path(__file__).with_name("README.md")
    before, _, rest = page.read_text().partition("| rule |")
    after = rest.partition("\n\n")[2]
    page.write_text(f"{before}{table()}\n{after}" if after else f"{before}{table()}")


if __name__ == "__main__":
    main()
