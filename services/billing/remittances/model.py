"""What a remitted claim means for ours: the parts of the decision, and whether it fits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple
from uuid import UUID

from libs.events.contracts.billing_remittances import UnmatchedReason
from services.billing.claims.model import AT_HOME, Claim, PayerSequence, State
from services.billing.ledger.model import Decision
from services.billing.x12 import RemittedAdjustment, RemittedClaim, meaning_of
from services.billing.x12.adjustments import CONTRACTUAL

DENIED = "4"
REVERSAL = "22"
DECISIONS = frozenset({"1", "2", "3", DENIED, "19", "20", "21"})
"""CLP02, claim status code. Left out: not our claim (23), predetermination only (25)."""
PRIOR_PAYER = "23"
"""CARC: what another payer decided before."""
SPLIT = "MA15"
"""RARC of a claim that the payer decides in parts (005010X221A1, 1.10.2.11)."""
DECIDABLE = frozenset({State.SUBMITTED, State.ACCEPTED, State.REJECTED, State.DENIED})
"""Where a decision finds a claim; a paid one takes the next only after a reversal."""

Action = Literal["apply", "refund", "dismiss"]
"""What a person can do about a remitted claim on the work list."""


class Posting(NamedTuple):
    """A posted decision that is in force; its parts are the charge that it decided."""

    payment_id: UUID
    made: Decision
    payer_claim_number: str | None
    denied_lines: int
    place: PayerSequence = "P"
    """Which of the claim's payers decided."""
    revision: int = 1
    """Which state of the claim it decided; an earlier one was replaced at the payer since."""
    denial_forwarded_cents: int = 0
    """Of what is forwarded, what the payer denied: a person had the next one asked for it."""

    @property
    def told(self) -> Decision:
        """The parts as `billing.payment-posted.v1` told them, but for a lifted share."""
        denied = self.denial_forwarded_cents
        return replace(
            self.made,
            denied_cents=self.made.denied_cents + denied,
            forwarded_cents=self.made.forwarded_cents - denied,
        )


@dataclass(frozen=True, slots=True)
class Standing:
    """A claim, and what payers have decided about it so far."""

    claim: Claim
    postings: tuple[Posting, ...] = ()
    written_off: Mapping[str, int] = field(default_factory=dict[str, int])
    """What the practice gave up of payers' parts, in cents by payer."""

    @property
    def closed_cents(self) -> int:
        """What postings in force have taken off the claim's charge."""
        return sum(closes(posting.made) for posting in self.postings)

    def of(self, place: PayerSequence) -> tuple[Posting, ...]:
        """The postings in force of one of the claim's payers."""
        return tuple(posting for posting in self.postings if posting.place == place)

    @property
    def decided_cents(self) -> int:
        """The charge that was settled; what was only denied may be decided again."""
        return sum(p.made.charge_cents for p in self.postings if closes(p.made))

    def with_posting(self, posting: Posting) -> Standing:
        return replace(self, postings=(*self.postings, posting))

    def without(self, payment_id: UUID) -> Standing:
        kept = tuple(p for p in self.postings if p.payment_id != payment_id)
        return replace(self, postings=kept)


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


def remarks_of(claim: RemittedClaim) -> tuple[str, ...]:
    """Every remark of a claim, its lines' included, each once."""
    remarks = [*claim.remarks, *(remark for line in claim.lines for remark in line.remarks)]
    return tuple(dict.fromkeys(remarks))


def is_denied(adjustment: RemittedAdjustment) -> bool:
    """Whether what was taken off stays open to be worked: a denial, or a reason we do not know.

    Nothing is written off that the practice's contract does not take off; what is the patient's is
    not denied.
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


def patient_shares(claim: RemittedClaim, made: Decision) -> dict[str, int]:
    """Why something is left to the patient: cents by reason code (group PR).

    At most what the decision leaves to the patient: nothing where another payer is asked first.
    """
    shares: dict[str, int] = {}
    left = made.patient_cents
    for adjustment in adjustments_of(claim):
        if adjustment.group == "PR":
            cents = min(adjustment.cents, left)
            shares[adjustment.reason] = shares.get(adjustment.reason, 0) + cents
            left -= cents
    return {reason: cents for reason, cents in shares.items() if cents}


def denial_of(claim: RemittedClaim, made: Decision) -> Denial | None:
    """The denial of the whole claim, or None where something of it was allowed."""
    refused = claim.status == DENIED or (
        made.denied_cents > 0 and not closes(made) and not made.forwarded_cents
    )
    if not refused:
        return None
    causes = [meaning_of(a.group, a.reason).denial for a in adjustments_of(claim)]
    category = next((cause for cause in causes if cause is not None), None)
    return Denial(
        category=str(category or "other"),
        adjustments=tuple(adjustments_of(claim)),
        remarks=remarks_of(claim),
    )


def denied_lines(claim: RemittedClaim) -> int:
    """How many lines were refused wholly or in part."""
    return sum(any(map(is_denied, line.adjustments)) for line in claim.lines)


def closes(made: Decision) -> int:
    """What leaves the open balance with this decision."""
    return made.paid_cents + made.adjusted_cents + made.patient_cents


def is_part(claim: Claim, said: RemittedClaim) -> bool:
    """Whether the payer split the claim, and decides a part of its charge here."""
    return SPLIT in said.remarks and 0 <= said.charge_cents < claim.charge_cents


def obstacle(
    standing: Standing, said: RemittedClaim, made: Decision | None
) -> UnmatchedReason | None:
    """Why a decision cannot be posted on the claim that it names, or None; without `made` it says
    more than is open."""
    claim = standing.claim
    if (reason := _never_fits(claim, said)) is not None:
        return reason
    its_own = standing.of(claim.payer_sequence)
    if any(p.revision < claim.revision and closes(p.made) for p in its_own):
        return "decided-already"  # what was replaced is to be taken back first
    if is_part(claim, said):
        if standing.decided_cents + said.charge_cents > claim.charge_cents:
            return "decided-already"
    elif said.charge_cents != claim.charge_cents:
        return "charge-differs"
    else:
        denied = made is not None and denial_of(said, made) is not None
        again = claim.state is State.DENIED and denied
        if claim.state not in DECIDABLE or again:
            return "decided-already"
    return _more_than_open(standing, made)


def obstacle_to_applying(
    standing: Standing, said: RemittedClaim, made: Decision | None
) -> UnmatchedReason | None:
    """Why a decision cannot be posted on a claim that a person chose: it must fit what is open."""
    return _never_fits(standing.claim, said) or _more_than_open(standing, made)


def _never_fits(claim: Claim, said: RemittedClaim) -> UnmatchedReason | None:
    if said.status not in DECISIONS:
        return "not-a-decision"
    return "claim-not-sent" if claim.state in AT_HOME or claim.payer_id is None else None


def _more_than_open(standing: Standing, made: Decision | None) -> UnmatchedReason | None:
    if made is None:
        return "overpaid"
    closed = standing.closed_cents + sum(standing.written_off.values())
    return None if 0 <= closed + closes(made) <= standing.claim.charge_cents else "overpaid"


def to_reverse(standing: Standing, said: RemittedClaim, place: PayerSequence) -> Posting | None:
    """The payer's posting in force that a reversal (CLP02 22) takes back: it paid this much.

    Among several, the one with the payer's number (CLP07) of the reversal, then the one with the
    same parts, then the first by its id.
    """
    made = decide(said).turned()
    number = said.payer_claim_control_number
    found = [p for p in standing.of(place) if p.made.paid_cents == made.paid_cents]
    return min(
        found,
        key=lambda p: (p.payer_claim_number != number, _told(p.told) != made, p.payment_id),
        default=None,
    )


def _told(made: Decision) -> Decision:
    """The parts as the payer told them: it knows of no payer that is asked after it."""
    left = made.patient_cents + made.forwarded_cents
    return replace(made, patient_cents=left, forwarded_cents=0)


def actions(paid_cents: int) -> tuple[Action, ...]:
    """What can be done about a remitted claim on the work list; money is never dismissed."""
    if paid_cents > 0:
        return ("apply", "refund")
    return ("apply",) if paid_cents < 0 else ("apply", "dismiss")
