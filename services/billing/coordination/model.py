"""Which payer is asked, and what is open for it: decisions without I/O.

Sources: X12 005010X222A1 section 1.4.1 (provider to payer to provider), 005010X221A1 section
1.10.2.13 (what a secondary payer says of the ones before, CARC 23) and CLP02.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from libs.events.contracts.interop import EncounterPosted
from services.billing.claims.model import (
    ORDER,
    Claim,
    PayerSequence,
    State,
    coverages_of,
    payers_of,
)
from services.billing.ledger.model import Decision
from services.billing.remittances.model import (
    PRIOR_PAYER,
    Posting,
    Standing,
    adjustments_of,
    closes,
    decide,
    is_denied,
)
from services.billing.x12 import RemittedClaim

CROSSED_OVER = frozenset({"19", "20", "21"})
"""CLP02: processed as primary, secondary, tertiary, and forwarded to a further payer."""
_PLACE_TOLD: dict[str, PayerSequence] = {
    "1": "P", "19": "P", "2": "S", "20": "S", "3": "T", "21": "T",
}  # fmt: skip
"""What CLP02 says of the payer's own place."""
PLACES: dict[PayerSequence, Literal["primary", "secondary", "tertiary"]] = {
    "P": "primary", "S": "secondary", "T": "tertiary",
}  # fmt: skip


def next_payer(claim: Claim) -> tuple[PayerSequence, str] | None:
    """Who is asked after the payer that has the claim, and at which place; or nobody."""
    place = ORDER.index(claim.payer_sequence) + 1
    return (ORDER[place], claim.payers[place]) if place < len(claim.payers) else None


def speaker(claim: Claim, payer_id: str | None, status: str) -> PayerSequence:
    """Whose decision an 835 brings, by the payer that it names, then by the place that CLP02 tells.

    Payers name themselves otherwise than on claims as often as not, and one insurer may stand at
    two places (both spouses' plans). Where neither tells, it is the payer that has the claim.
    """
    if len(claim.payers) < 2:
        return claim.payer_sequence
    places: tuple[PayerSequence, ...] = ORDER[: len(claim.payers)]
    named: list[PayerSequence] = [p for p in places if payer_at(claim, p) == payer_id]
    if len(named) == 1:
        return named[0]
    told = _PLACE_TOLD.get(status)
    possible = set(named or places)
    return claim.payer_sequence if told is None or told not in possible else told


def payer_at(claim: Claim, place: PayerSequence) -> str | None:
    """The payer at a place; a claim that was taken over has only the one that has it."""
    return claim.payers[ORDER.index(place)] if claim.payers else claim.payer_id


def places_after(claim: Claim, place: PayerSequence) -> tuple[PayerSequence, ...]:
    """From the payer that has the claim back to the one asked right after `place`."""
    return tuple(reversed(ORDER[ORDER.index(place) + 1 : ORDER.index(claim.payer_sequence) + 1]))


def are_further_payers(claim: Claim, known: EncounterPosted, told: EncounterPosted) -> bool:
    """Whether a visit is told otherwise only of payers that were not given the claim yet.

    The one that it goes to next may be told better (a member's number), not be another one.
    """
    given = ORDER.index(claim.given_to) + 1
    goes_to = ORDER.index(claim.payer_sequence) + 1
    return (
        known.model_copy(update={"other_coverages": told.other_coverages}) == told
        and coverages_of(known)[:given] == coverages_of(told)[:given]
        and payers_of(known)[:goes_to] == payers_of(told)[:goes_to]
    )


def left_to_patient(standing: Standing) -> tuple[Posting, ...]:
    """What the payer that has the claim decided and left to the patient for good; a next payer
    became known since."""
    return tuple(p for p in standing.of(standing.claim.payer_sequence) if p.made.patient_cents)


def lifted(posting: Posting) -> Posting:
    """What it left to the patient is asked of the next payer."""
    made = posting.made
    forwarded = made.forwarded_cents + made.patient_cents
    return posting._replace(made=replace(made, patient_cents=0, forwarded_cents=forwarded))


def denial_forwarded(standing: Standing) -> tuple[Posting, ...]:
    """The decisions of the payer that has the claim, so that all that it denied, and that was not
    given up, is asked of the next payer; only those that change."""
    left = open_cents(standing, standing.claim.payer_sequence)
    changed: list[Posting] = []
    for posting in standing.of(standing.claim.payer_sequence):
        made, cents = posting.made, min(posting.made.denied_cents, left)
        if cents > 0:
            left -= cents
            denied, forwarded = made.denied_cents - cents, made.forwarded_cents + cents
            made = replace(made, denied_cents=denied, forwarded_cents=forwarded)
            told = posting.denial_forwarded_cents + cents
            changed.append(posting._replace(made=made, denial_forwarded_cents=told))
    return tuple(changed)


def why_not_forwarded(standing: Standing, *, is_appealed: bool, is_corrected: bool) -> str | None:
    """What keeps a denial from being final, in words; None: the next payer may be asked."""
    claim = standing.claim
    if claim.state not in (State.PAID, State.DENIED) or not denial_forwarded(standing):
        return "the payer that has the claim denies nothing of it that is still open"
    if next_payer(claim) is None:
        return "no further payer of the claim is known; add its coverage first"
    if is_appealed:
        return "an appeal is with the payer; record its outcome first"
    if is_corrected:
        return "a correction is due at the payer; GET /corrections-due says what it waits for"
    return None


def asked_cents(standing: Standing, place: PayerSequence) -> int:
    """What the payer at a place is asked for: the charge, or what the one before leaves."""
    if place == "P":
        return standing.claim.charge_cents
    before = ORDER[ORDER.index(place) - 1]
    return sum(posting.made.forwarded_cents for posting in standing.of(before))


def open_cents(standing: Standing, place: PayerSequence) -> int:
    """What is open with the payer at a place, as its receivable says.

    The one that has the claim owes all that it is asked for and that neither it nor one after it
    closed; one before it what it denied; one after it nothing. What was given up is open no more.
    """
    current = standing.claim.payer_sequence
    if place > current:
        return 0
    given_up = standing.written_off.get(payer_at(standing.claim, place) or "", 0)
    asked = asked_cents(standing, place) - given_up
    if place == current:
        return asked - sum(closes(p.made) for p in standing.postings if p.place >= place)
    made = [posting.made for posting in standing.of(place)]
    return asked - sum(closes(each) + each.forwarded_cents for each in made)


def decide_in_order(standing: Standing, said: RemittedClaim) -> Decision | None:
    """What the payer that has the claim decided; None where it says more than is open for it."""
    claim = standing.claim
    after = sum(closes(p.made) for p in standing.postings if p.place > claim.payer_sequence)
    if claim.payer_sequence == "P" and not after:
        return _forwarded(claim, decide(said), 0)
    made = decide_open(said, open_cents(standing, claim.payer_sequence), after)
    return None if made is None else _forwarded(claim, made, after)


def decide_open(said: RemittedClaim, open_: int, closed_after: int) -> Decision | None:
    """What a payer's decision does to what is open for it; None where it says more than is open.

    A further payer decides on the whole charge again: CARC 23 repeats what those before did, and
    its own contract takes off much of what theirs took off already. So only what is open moves:
    first its payment, then what it leaves to the patient, then what it denies, and its contract's
    part at most of the rest. What none of these accounts for stays open, to be worked.

    `closed_after`: what payers after it closed already of what it left to the patient before
    it took its decision back.
    """
    adjusted, patient, denied = _own_parts(said)
    patient = max(0, patient - closed_after)
    if said.paid_cents == 0:  # it refuses or leaves all; of that, only what was open counts
        patient = min(patient, open_)
    rest = open_ - said.paid_cents - patient
    if said.paid_cents < 0 or rest < 0:
        return None
    adjusted = max(0, min(adjusted, rest - min(max(0, denied), rest)))
    return Decision(said.paid_cents, adjusted, patient, rest - adjusted)


def _forwarded(claim: Claim, made: Decision, closed_after: int) -> Decision:
    """What the payer leaves to the patient is asked of the next payer first, where there is one.

    Whatever the reason: copayment, deductible, or a service that this plan does not cover. What a
    payer denies under another group than PR is not the patient's to owe, so it is not the next
    payer's either: it stays with the payer that denied it, to be worked. Where that says that
    another payer comes first (CARC 22, 109), the order of the coverages itself is in question.

    What those after it closed before it took its decision back is theirs still.
    """
    left = made.patient_cents + closed_after
    if next_payer(claim) is None or left <= 0:
        return made
    return replace(made, patient_cents=0, forwarded_cents=left)


def _own_parts(said: RemittedClaim) -> tuple[int, int, int]:
    """What the payer itself takes off, leaves to the patient, and denies."""
    adjusted = patient = denied = 0
    for adjustment in adjustments_of(said):
        if adjustment.group == "PR":
            patient += adjustment.cents
        elif adjustment.reason == PRIOR_PAYER:
            continue
        elif is_denied(adjustment):
            denied += adjustment.cents
        else:
            adjusted += adjustment.cents
    return adjusted, patient, denied
