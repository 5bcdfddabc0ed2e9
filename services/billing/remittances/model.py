"""What a remitted claim means for ours: the parts of the decision, and whether it fits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from services.billing.claims.model import Claim, State
from services.billing.ledger.model import Decision
from services.billing.x12 import RemittedAdjustment, RemittedClaim, meaning_of
from services.billing.x12.adjustments import CONTRACTUAL

DENIED = "4"
REVERSAL = "22"
DECISIONS = frozenset({"1", "2", "3", DENIED, "19", "20", "21"})
"""CLP02, claim status code. Left out: not our claim (23), predetermination only (25)."""
PRIOR_PAYER = "23"
"""CARC: what another payer decided before."""
DECIDABLE = frozenset({State.SUBMITTED, State.ACCEPTED, State.REJECTED, State.DENIED})
"""Where a decision finds a claim; a paid one takes the next only after a reversal."""

Obstacle = Literal[
    "unknown-claim", "not-a-decision", "claim-not-sent", "charge-differs", "decided-already",
    "nothing-to-reverse",
]  # fmt: skip
"""Why a remitted claim is put on the work list."""


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


def is_denied(adjustment: RemittedAdjustment) -> bool:
    """Whether what was taken off stays open to be worked: a denial, or a reason we do not know.

    Nothing is written off that the practice's contract does not take off.
    """
    group, reason = adjustment.group, adjustment.reason
    kind = meaning_of(group, reason).kind
    if kind == "other_adjustment":
        return group != "CR" and reason != PRIOR_PAYER and reason not in CONTRACTUAL
    return kind == "denial"


def decide(claim: RemittedClaim) -> Decision:
    """Sort the adjustments by what they mean; with a balanced claim the parts are its charge."""
    adjusted = patient = denied = 0
    for adjustment in adjustments_of(claim):
        if adjustment.group == "PR":
            patient += adjustment.cents
        elif is_denied(adjustment):
            denied += adjustment.cents
        else:
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
        category=str(category or "other"),
        adjustments=tuple(adjustments_of(claim)),
        remarks=tuple(dict.fromkeys(remarks)),
    )


def denied_lines(claim: RemittedClaim) -> int:
    """How many lines were refused wholly or in part."""
    return sum(
        any(a.group != "PR" and is_denied(a) for a in line.adjustments) for line in claim.lines
    )


def closes(made: Decision) -> int:
    """What leaves the open balance with this decision."""
    return made.paid_cents + made.adjusted_cents + made.patient_cents


def obstacle(
    claim: Claim | None, said: RemittedClaim, made: Decision, closed_cents: int
) -> Obstacle | None:
    """Why a decision cannot be posted on the claim, or None. `closed_cents`: by those in force."""
    if claim is None:
        return "unknown-claim"
    if said.status not in DECISIONS:
        return "not-a-decision"
    if claim.state in (State.HELD, State.READY, State.SELF_PAY):
        return "claim-not-sent"
    if said.charge_cents != claim.charge_cents:
        return "charge-differs"
    again = claim.state is State.DENIED and denial_of(said, made) is not None
    if claim.state not in DECIDABLE or again:
        return "decided-already"
    if not 0 <= closed_cents + closes(made) <= claim.charge_cents:
        return "decided-already"
    return None
