"""What is done with a claim whose visit changed: a decision without I/O.

Source: X12 005010X222A1, CLM05-3 (1 original, 7 replacement, 8 void) and REF*F8: a replacement or a
void names the claim by the payer's own number, so the payer must have taken it in.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from libs.events.contracts.interop import EncounterPosted
from services.billing.claims.model import Claim, State

Waiting = Literal["payer-answer", "payer-claim-number", "void-rejected", "further-payer"]
"""What a correction waits for, beside a hold reason: the payer's answer to what it was sent last,
its number for the claim, or a person: after the payer refused the void, or where the payer that has
the claim was asked after another one, which decided the visit as it was."""

_AT_PAYER = frozenset({State.ACCEPTED, State.REJECTED, State.PAID, State.DENIED})


class Step(StrEnum):
    """What happens next."""

    HERE = "here"
    """No payer has the claim: it becomes another one, and goes out as an original."""
    REPLACE = "replace"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class Due:
    """A change that a payer does not know yet; `encounter` None: the visit is void."""

    encounter: EncounterPosted | None
    is_as_sent: bool
    """The visit is as the payer has it; it is sent again for what stands beside it."""
    asked_by: str | None
    waiting_for: str | None


def next_step(claim: Claim, due: Due) -> Step | Waiting:
    """What is to be done about a claim for which something is due."""
    if never_taken_in(claim):
        return Step.HERE
    if claim.payer_sequence != "P" and not due.is_as_sent:
        return "further-payer"
    if claim.state not in _AT_PAYER:
        return "payer-answer"
    if claim.payer_claim_number is None:
        return "payer-claim-number"
    if due.waiting_for == "void-rejected":
        return "void-rejected"
    return Step.REPLACE if stays_with_its_payer(claim, due) else Step.VOID


def never_taken_in(claim: Claim) -> bool:
    """True: no payer has the claim in its system, as far as is known here.

    One that was rejected (999, 277CA) never got there; one whose replacement was rejected did, and
    has a number there.
    """
    if claim.payer_sequence != "P":
        return False  # those before decided it
    rejected = claim.state is State.REJECTED and claim.payer_claim_number is None
    return claim.is_at_home or rejected


def stays_with_its_payer(claim: Claim, due: Due) -> bool:
    """False: the visit is void, or another payer's, or the patient's: this payer has nothing of it.

    Another payer gets the claim once this one has voided it.
    """
    coverage = due.encounter.coverage if due.encounter else None
    return due.is_as_sent or (coverage is not None and coverage.payer_id == claim.payer_id)
