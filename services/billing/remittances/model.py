"""What a remitted claim means for ours: the parts of the decision, and whether it fits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from services.billing.ledger.model import Decision
from services.billing.x12 import RemittedAdjustment, RemittedClaim, meaning_of

DENIED = "4"
REVERSAL = "22"
"""CLP02, claim status code."""


@dataclass(frozen=True, slots=True)
class Denial:
    """Why the payer refused: our category, with the codes it gave."""

    category: str
    adjustments: tuple[RemittedAdjustment, ...]
    remarks: tuple[str, ...]


def adjustments_of(claim: RemittedClaim) -> Iterator[RemittedAdjustment]:
    """Every adjustment of a claim, its lines' included."""
    yield from claim.adjustments
    for line in claim.lines:
        yield from line.adjustments


def decide(claim: RemittedClaim) -> Decision:
    """Sort the adjustments by what they mean; with a balanced claim the parts are its charge."""
    adjusted = patient = denied = 0
    for adjustment in adjustments_of(claim):
        match meaning_of(adjustment.group, adjustment.reason).kind:
            case "patient_responsibility":
                patient += adjustment.cents
            case "denial":
                denied += adjustment.cents
            case "contractual" | "other_adjustment":
                adjusted += adjustment.cents
    return Decision(claim.paid_cents, adjusted, patient, denied)


def denial_of(claim: RemittedClaim, made: Decision) -> Denial | None:
    """The denial of the whole claim, or None where something of it was allowed."""
    refused = claim.status == DENIED or (
        made.denied_cents > 0 and made.denied_cents == claim.charge_cents
    )
    if not refused:
        return None
    causes = [meaning_of(a.group, a.reason).denial for a in adjustments_of(claim)]
    category = next((cause for cause in causes if cause is not None), None)
    remarks = [*claim.remarks, *(remark for line in claim.lines for remark in line.remarks)]
    return Denial(
        category=str(category or "unspecified"),
        adjustments=tuple(adjustments_of(claim)),
        remarks=tuple(dict.fromkeys(remarks)),
    )


def denied_lines(claim: RemittedClaim) -> int:
    """How many lines were refused wholly or in part."""
    return sum(
        any(meaning_of(a.group, a.reason).kind == "denial" for a in line.adjustments)
        for line in claim.lines
    )


def closes(made: Decision) -> int:
    """What leaves the open balance with this decision."""
    return made.paid_cents + made.adjusted_cents + made.patient_cents
