"""What an answer means for a claim, as decisions without I/O."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from libs.events.contracts.billing_answers import KeptBack
from services.billing.claims.model import AT_HOME, AWAITING, Claim, State
from services.billing.x12 import ClaimStatus, StatusMeaning

Source = Literal["TA1", "999", "277CA", "277"]
HeldReason = (
    Literal[
        "unknown-claim", "claim-not-sent", "charge-differs", "unknown-question",
        "information-requested", "rejected-after-all", "cannot-be-asked", "interchange-had-before",
    ]
    | KeptBack
)  # fmt: skip
"""Why an answer is on the list: nothing happens by itself."""


_FOR_A_PERSON: dict[StatusMeaning, HeldReason] = {
    "information-requested": "information-requested",
    "rejected": "rejected-after-all",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a claim was taken in, and the day that the answer is of."""

    is_rejection: bool
    on: date


def outweighs(said: Verdict, before: Iterable[Verdict]) -> bool:
    """Whether an answer moves the claim against those before: the later day counts.

    Of one day a rejection counts whatever came first: a claim that was taken in somewhere on the
    way and refused at the end of it is refused.
    """
    rank = (said.on, said.is_rejection)
    return all(rank >= (other.on, other.is_rejection) for other in before)


def interchange_number(told: str) -> int | None:
    """The number that a payer calls an interchange by; None for what cannot be one of ours."""
    return int(told) if told.isascii() and told.isdigit() and len(told) <= 9 else None


def obstacle_to(claim: Claim | None, status: ClaimStatus) -> HeldReason | None:
    """Why a 277CA's answer to a claim cannot be meant for ours as it stands, or None."""
    if claim is None:
        return "unknown-claim"
    if claim.state in AT_HOME:
        return "claim-not-sent"
    if claim.state is State.VOID_SENT:
        return None  # its charge is taken back already
    # Without STC04 the answer names no charge (005010X214, 2200D STC).
    told = told_charge(status)
    return "charge-differs" if told and told != claim.charge_cents else None


def told_charge(status: ClaimStatus) -> int:
    """What the payer says was charged (STC04); 0: it does not."""
    return next((s.amount_cents for s in status.statuses if s.amount_cents), 0)


def is_news(claim: Claim, asked_in: int) -> bool:
    """Whether what a payer tells (277) is about the claim as it has it: False where it was decided
    or sent again since the question. `asked_in`: the question's interchange, which is counted with
    those of claims.
    """
    sent_in = claim.interchange_number
    return claim.state in AWAITING and (sent_in is None or sent_in < asked_in)


def for_a_person(meaning: StatusMeaning) -> HeldReason | None:
    """What a told status asks of somebody here; None: nothing."""
    return _FOR_A_PERSON.get(meaning)
