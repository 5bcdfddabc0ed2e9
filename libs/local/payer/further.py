"""What a secondary or tertiary payer decides: on what the one before left to the patient.

CARC 23 under OA repeats what those before did (005010X221A1, 1.10.2.13).
"""

from __future__ import annotations

from dataclasses import replace

from libs.local.payer.claims import Claim, Line
from libs.local.payer.decisions import (
    Adjustment,
    Decision,
    LineDecision,
    Policy,
    decide,
    draw,
    payer_number,
)
from libs.local.payer.others import LineDecided, OtherPayer

_STATUSES = {"S": "2", "T": "3"}


def decide_in_turn(policy: Policy, claim: Claim) -> Decision:
    """The decision of whichever of the patient's payers this is; some primaries pass claims on."""
    if claim.sequence in _STATUSES:
        return _decide_further(policy, claim)
    made = decide(policy, claim)
    waiting = next((other for other in claim.others if other.paid_cents is None), None)
    if waiting is None or made.status != "1" or not made.patient_cents:
        return made
    if draw(policy, "crossover", claim.number) >= policy.crossovers:
        return made
    return replace(made, status="19", passed_to=waiting)


def passed_on(made: Decision) -> Claim:
    """The claim as the payer that it was passed on to has it."""
    claim, to = made.claim, made.passed_to
    assert to is not None
    lines = [
        LineDecided(number, line.paid_cents, patient_cents=_patients(line.adjustments))
        for number, line in enumerate(made.lines, 1)
    ]
    first = OtherPayer(
        claim.sequence, "18", "", payer=claim.payer, paid_cents=made.paid_cents, lines=lines
    )
    return replace(claim, sequence=to.sequence, payer=to.payer, others=[first])


def _decide_further(policy: Policy, claim: Claim) -> Decision:
    """Mostly all that was left is paid, sometimes most of it, now and then nothing."""
    before = max(
        (other for other in claim.others if other.paid_cents is not None),
        key=lambda other: "PST".find(other.sequence),
    )
    kind = draw(policy, "further", f"{claim.payer.identifier}|{claim.number}")
    percent = 100 if kind < 0.6 else 80 if kind < 0.9 else 0
    lines = tuple(
        _line(line, left, left * percent // 100)
        for line, left in zip(claim.lines, _left(claim, before), strict=True)
    )
    number = payer_number(policy, claim)
    return Decision(claim, number, _STATUSES[claim.sequence], lines)


def _left(claim: Claim, before: OtherPayer) -> list[int]:
    """What the payer before left to the patient, by line; of the claim only: line after line."""
    if before.lines:
        by_line = dict.fromkeys(range(1, len(claim.lines) + 1), 0)
        for decided in before.lines:
            by_line[decided.line] += decided.patient_cents or 0
        return list(by_line.values())
    rest, found = before.patient_cents or 0, list[int]()
    for line in claim.lines:
        found.append(min(rest, line.charge_cents))
        rest -= found[-1]
    return found


def _line(line: Line, left: int, paid: int) -> LineDecision:
    said = (Adjustment("OA", "23", line.charge_cents - left), Adjustment("PR", "2", left - paid))
    return LineDecision(line, paid, tuple(each for each in said if each.cents))


def _patients(adjustments: tuple[Adjustment, ...]) -> int:
    return sum(each.cents for each in adjustments if each.group == "PR")
