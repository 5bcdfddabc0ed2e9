"""What of a decision is denied, what it is worth, and what a later decision makes of it: pure.

A denial is one part of one posted decision: the whole claim, one of its lines, or adjustments of
the claim beside paid lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid5

from libs.events.contracts.billing_denials import (
    AppealOutcome,
    ClosingReason,
    DenialCategory,
    DenialOwner,
    NextAction,
)
from services.billing.claims.model import Claim
from services.billing.denials.reasons import Basis, deciding_of, way_of
from services.billing.remittances.model import (
    SPLIT,
    adjustments_of,
    decide,
    denial_of,
    is_denied,
    remarks_of,
)
from services.billing.scrub.causes import rule_for
from services.billing.x12 import RemittedAdjustment, RemittedClaim, RemittedLine


class State(StrEnum):
    """Where a denial is."""

    OPEN = "open"
    APPEALED = "appealed"
    CORRECTING = "correcting"
    AWAITING_PAYMENT = "awaiting-payment"
    """An appeal was won; the money is still to come."""
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Part:
    """What of a decision is denied; `line` counts from 1, 0 stands for the claim."""

    line: int
    control_number: str | None
    procedure: str | None
    denied_cents: int
    paid_cents: int
    adjustments: tuple[RemittedAdjustment, ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Denial:
    """A denial as its row holds it."""

    practice_id: UUID
    denial_id: UUID
    claim_id: UUID
    payment_id: UUID
    line_number: int
    line_control: str | None
    payer_id: str
    provider_npi: str | None
    procedure_code: str | None
    service_on: date
    decided_on: date
    denied_cents: int
    recoverable_cents: int
    paid_cents: int
    """Of the line, or the claim: what the decision pays nevertheless."""
    claim_paid_cents: int
    adjustment_group: str
    reason: str
    remarks: list[str]
    category: DenialCategory
    cause: str
    owner: DenialOwner
    next_action: NextAction
    appealable: bool
    basis: Basis
    deadline_on: date | None
    state: State
    opened_at: datetime
    origin: str
    close_reason: ClosingReason | None = None
    outcome: AppealOutcome | None = None
    """What the payer made of it: told by a person, then by the decision that settled it."""
    recovered_cents: int = 0
    settled_by: UUID | None = None
    """The posting of the decision that came after it."""
    closed_at: datetime | None = None
    assigned_to: str | None = None
    given_up_cents: int = 0
    """What was open of it when it was given up."""
    rule_id: str | None = None
    """The rule of the scrubber that would have caught it."""


@dataclass(frozen=True, slots=True)
class Days:
    """A payer's limits in days: for the first appeal, a further one, and a corrected claim."""

    appeal_days: int
    next_appeal_days: int
    correction_days: int


UNTOLD = Days(appeal_days=90, next_appeal_days=60, correction_days=90)
"""Where the practice has not said what the payer's contract or manual allows: our own caution, no
payer's rule. Longer ones are known, such as Medicare's 120 days for a redetermination and 180 for a
reconsideration (42 CFR 405.942 and 405.962); a shorter one must be entered."""


def denied_parts(said: RemittedClaim, most_cents: int) -> list[Part]:
    """The denied parts of a decision; together they are what it denies, and none is zero.

    `most_cents`: what it was posted to deny. A further payer repeats what is not open for it.
    """
    made = decide(said)
    left = min(made.denied_cents, most_cents)
    if left <= 0:
        return []
    if denial_of(said, made) is not None:
        return [_whole(said, left)]
    parts: list[Part] = []
    for part in _pieces(said):
        cents = min(part.denied_cents, left)
        if cents > 0:
            parts.append(replace(part, denied_cents=cents))
            left -= cents
    return parts


def _whole(said: RemittedClaim, denied_cents: int) -> Part:
    dearest = max(said.lines, key=lambda line: line.charge_cents, default=None)
    procedure = (dearest.procedure or None) if dearest else None
    refused = _refused(adjustments_of(said))
    return Part(0, None, procedure, denied_cents, said.paid_cents, refused, remarks_of(said))


def _pieces(said: RemittedClaim) -> Iterable[Part]:
    """Line by line, then what stands on the claim."""
    for number, line in enumerate(said.lines, 1):
        yield Part(
            number, line.control_number, line.procedure or None, _denied(line.adjustments),
            line.paid_cents, _refused(line.adjustments), (*line.remarks, *said.remarks),
        )  # fmt: skip
    yield Part(
        0, None, None, _denied(said.adjustments), said.paid_cents, _refused(said.adjustments),
        said.remarks,
    )  # fmt: skip


def _refused(adjustments: Iterable[RemittedAdjustment]) -> tuple[RemittedAdjustment, ...]:
    return tuple(filter(is_denied, adjustments))


def _denied(adjustments: Iterable[RemittedAdjustment]) -> int:
    return sum(adjustment.cents for adjustment in _refused(adjustments))


def open_denial(
    claim: Claim,
    part: Part,
    said: RemittedClaim,
    payment_id: UUID,
    decided_on: date,
    days: Days,
    at: datetime,
) -> Denial:
    """A denied part as a denial to be worked."""
    assert claim.payer_id is not None
    way, deciding = way_of(part.adjustments, part.remarks), deciding_of(part.adjustments)
    return Denial(
        practice_id=claim.practice_id,
        denial_id=uuid5(payment_id, f"denial/{part.line}"),
        claim_id=claim.claim_id,
        payment_id=payment_id,
        line_number=part.line,
        line_control=part.control_number,
        payer_id=claim.payer_id,
        provider_npi=claim.provider_npi,
        procedure_code=part.procedure,
        service_on=claim.service_on,
        decided_on=decided_on,
        denied_cents=part.denied_cents,
        recoverable_cents=part.denied_cents,
        paid_cents=part.paid_cents,
        claim_paid_cents=said.paid_cents,
        adjustment_group=deciding.group,
        reason=deciding.reason,
        remarks=list(part.remarks),
        category=way.category,
        cause=way.cause,
        owner=way.owner,
        next_action=way.action,
        appealable=way.appealable,
        basis=way.basis,
        deadline_on=deadline_of(way.basis, decided_on, days),
        state=State.OPEN,
        opened_at=at,
        origin=claim.origin,
        rule_id=rule_for(deciding.reason, part.remarks),
    )


def deadline_of(basis: Basis, decided_on: date, days: Days) -> date | None:
    """The last day for the next action."""
    if basis == "none":
        return None
    allowed = days.appeal_days if basis == "appeal" else days.correction_days
    return decided_on + timedelta(days=allowed)


def close(denial: Denial, reason: ClosingReason, at: datetime) -> Denial:
    """The denial is not worked any more; what was said of its outcome stands."""
    return replace(
        denial, state=State.CLOSED, close_reason=reason, closed_at=at, recoverable_cents=0
    )


def settles(denial: Denial, claim: Claim, said: RemittedClaim) -> bool:
    """Whether a new decision is about what was denied.

    A split claim's part says nothing of another part. What the payer took back (CLP02 22) is
    decided anew by whatever comes next.
    """
    if denial.settled_by is not None or denial.payer_id != claim.payer_id:
        return False
    if denial.state is State.CLOSED:
        return denial.close_reason == "reversed"
    return SPLIT not in denial.remarks or said.charge_cents == claim.charge_cents


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a new decision made of a denial."""

    outcome: AppealOutcome
    recovered_cents: int


def settle(denial: Denial, said: RemittedClaim, most_cents: int) -> Settlement:
    """Compare what was denied with the new decision, line by line where the line is found.

    `most_cents`: what the claim's payment rose by and no other denial of it was given.
    """
    line = _line_of(denial, said)
    if line is not None:
        still, more = _denied(line.adjustments), line.paid_cents - denial.paid_cents
    else:
        still, more = decide(said).denied_cents, most_cents
    recovered = max(0, min(more, most_cents, denial.denied_cents))
    if still <= 0:
        return Settlement("overturned", recovered)
    return Settlement("partly" if still < denial.denied_cents else "upheld", recovered)


def _line_of(denial: Denial, said: RemittedClaim) -> RemittedLine | None:
    """The denied line in another decision: by our control number, else by place and procedure."""
    if not denial.line_number:
        return None
    if denial.line_control is not None:
        for line in said.lines:
            if line.control_number == denial.line_control:
                return line
    if denial.line_number <= len(said.lines):
        line = said.lines[denial.line_number - 1]
        return line if line.procedure == denial.procedure_code else None
    return None


def share(open_cents: int, denials: Sequence[Denial]) -> list[int]:
    """What of each denial can still be recovered when this much of the claim is open."""
    shares: list[int] = []
    left = max(open_cents, 0)
    for denial in denials:
        shares.append(min(denial.denied_cents, left))
        left -= shares[-1]
    return shares
