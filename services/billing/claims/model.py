"""The life of a claim, as decisions without I/O."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Literal
from uuid import UUID, uuid5

from libs.events.contracts.billing_holds import HoldReason
from libs.events.contracts.interop import EncounterPosted
from libs.events.contracts.people import Coverage

PayerSequence = Literal["P", "S", "T"]
"""The primary, the secondary, the tertiary payer (X12 837 SBR01); they sort as they are asked."""
ORDER: tuple[PayerSequence, ...] = ("P", "S", "T")


class State(StrEnum):
    """Where a claim is."""

    HELD = "held"
    READY = "ready"
    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    PAID = "paid"
    DENIED = "denied"
    SELF_PAY = "self-pay"
    VOID_SENT = "void-sent"
    VOIDED = "voided"


# An answer may come late or twice: what was decided by money stands against an acknowledgement.
# What is sent again (correcting.py) leaves from where it is.
_MOVES: dict[State, frozenset[State]] = {
    State.HELD: frozenset({State.READY, State.SELF_PAY}),
    State.READY: frozenset({State.SUBMITTED}),
    State.SUBMITTED: frozenset({State.ACCEPTED, State.REJECTED, State.PAID, State.DENIED}),
    State.ACCEPTED: frozenset({State.REJECTED, State.PAID, State.DENIED}),
    State.REJECTED: frozenset({State.ACCEPTED, State.PAID, State.DENIED}),
    State.PAID: frozenset({State.DENIED, State.SUBMITTED, State.HELD}),
    State.DENIED: frozenset({State.PAID, State.SUBMITTED, State.HELD}),
    State.SELF_PAY: frozenset(),
    State.VOID_SENT: frozenset({State.VOIDED, State.REJECTED}),
    State.VOIDED: frozenset(),
}

AWAITING = frozenset({State.SUBMITTED, State.ACCEPTED})
"""The payer has the claim and owes a decision."""
AT_HOME = frozenset({State.HELD, State.READY, State.SELF_PAY, State.VOIDED})
"""No payer has the claim, where the first is asked: see `Claim.is_at_home`."""


def may_move(current: State, to: State) -> bool:
    """Whether a claim goes from one state to the other; False for what changes nothing."""
    return to in _MOVES[current]


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim as its rows hold it."""

    practice_id: UUID
    claim_id: UUID
    encounter_id: UUID | None
    patient_id: UUID | None
    control_number: str
    payer_id: str | None
    provider_npi: str | None
    service_on: date
    charge_cents: int
    state: State
    hold_reason: HoldReason | None
    was_refused: bool
    interchange_number: int | None
    payer_claim_number: str | None
    origin: str
    revision: int = 1
    """How often it was priced for another state of its visit, and once for the first."""
    payer_sequence: PayerSequence = "P"
    """Which of its payers has the claim, or is asked next; `payer_id` is that payer."""
    payers: tuple[str, ...] = ()
    """All in order; empty: taken over from a former system, or the patient pays."""
    given_to: PayerSequence = "P"
    """The last in order that was given the claim, or that the first is to be given."""

    @property
    def is_at_home(self) -> bool:
        """No payer has the claim: it may still become another one. What a payer has is replaced
        there; one that goes to a further payer was decided by those before."""
        return self.state in AT_HOME and self.payer_sequence == "P"


def claim_id_of(encounter_id: UUID) -> UUID:
    """One claim a visit."""
    return uuid5(encounter_id, "claim")


def claim_for(encounter: EncounterPosted, control_number: str, *, origin: str) -> Claim:
    """A visit's claim, not priced yet."""
    payers = payers_of(encounter)
    return Claim(
        practice_id=encounter.practice_id,
        claim_id=claim_id_of(encounter.encounter_id),
        encounter_id=encounter.encounter_id,
        patient_id=encounter.patient_id,
        control_number=control_number,
        payer_id=payers[0] if payers else None,
        provider_npi=encounter.provider_npi,
        service_on=encounter.service_on,
        charge_cents=0,
        state=State.HELD,
        hold_reason=None,
        was_refused=False,
        interchange_number=None,
        payer_claim_number=None,
        origin=origin,
        payers=payers,
    )


def as_of(claim: Claim, encounter: EncounterPosted, *, origin: str) -> Claim:
    """The claim for another state of its visit, not priced yet; what its payer knows stays."""
    return replace(
        claim_for(encounter, claim.control_number, origin=origin),
        was_refused=claim.was_refused,
        interchange_number=claim.interchange_number,
        payer_claim_number=claim.payer_claim_number,
        revision=claim.revision + 1,
        payer_sequence=claim.payer_sequence,
        given_to=claim.given_to,
    )


def payers_of(encounter: EncounterPosted) -> tuple[str, ...]:
    """Who pays for a visit, in the order in which they are asked; nobody: the patient."""
    return tuple(coverage.payer_id for coverage in coverages_of(encounter))


def coverages_of(encounter: EncounterPosted) -> tuple[Coverage, ...]:
    """A visit's coverages, the primary first; without it there is none."""
    if encounter.coverage is None:
        return ()
    return (encounter.coverage, *encounter.other_coverages)


def control_number_of(count: int, facility: UUID) -> str:
    """CLM01: at most 20 characters, unique, and about nobody."""
    return f"C{facility.hex[:6].upper()}{count:08d}"


def hold_reason(*, practice_known: bool, credentialed: bool, enrolled: bool) -> HoldReason | None:
    """Why a priced claim cannot go out yet, or None."""
    if not practice_known:
        return "practice-unknown"
    if not credentialed:
        return "provider-not-credentialed"
    if not enrolled:
        return "provider-not-enrolled"
    return None
