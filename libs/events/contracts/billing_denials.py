"""Published by billing: what payers refused, how it is worked, and what came of it.

A denial is a part of a payer's decision (X12 005010X221A1, 835 CAS) that stays open: a whole
claim, or one line of a claim that was paid. All are keyed by the claim, among its other events.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Literal, NewType
from uuid import UUID

from pydantic import Field

from libs.events.contracts.base import Event, Topic
from libs.events.contracts.billing import CLAIMS, AdjustmentGroup
from libs.events.contracts.values import (
    ClaimId,
    Month,
    PayerId,
    PaymentId,
    PositiveCents,
    ProcedureCode,
    Short,
)

DenialId = NewType("DenialId", UUID)
RULE_PROPOSALS = Topic("billing.rule-proposals")

DenialCategory = Literal[
    "authorization", "bundling", "coding", "coordination-of-benefits", "credentialing",
    "duplicate", "eligibility", "medical-necessity", "missing-information", "non-covered",
    "timely-filing", "benefit-limit", "pending", "other",
]  # fmt: skip
DenialOwner = Literal["front-desk", "coding", "clinician", "billing", "credentialing", "payer"]
"""Who works it; `payer`: nobody here, the payer has not decided yet."""
NextAction = Literal[
    "correct-and-resubmit", "appeal", "ask-eligibility", "ask-authorization", "send-records",
    "bill-next-payer", "bill-patient", "write-off-review", "none",
]  # fmt: skip
AppealOutcome = Literal["overturned", "partly", "upheld"]
ClosingReason = Literal["paid", "reversed", "settled", "given-up"]
"""`paid`: the payer decided anew and pays; `reversed`: it took its decision back (CLP02 22);
`settled`: nothing of the claim is open with the payer any more, as it was paid or written off, or a
next payer is asked; `given-up`: a write-off is proposed."""


class DenialOpened(Event):
    """A payer refused a claim or a line of it, and the amount can still be worked for."""

    type: ClassVar = "billing.denial-opened.v1"
    topic: ClassVar = CLAIMS
    key: ClassVar = "claim_id"

    denial_id: DenialId
    claim_id: ClaimId
    payment_id: PaymentId
    """The posting that holds the decision."""
    payer_id: PayerId
    service_month: Month
    line: Annotated[int, Field(ge=1)] | None
    """The line, counted in the remitted claim; None: the whole claim, or no line."""
    denied_cents: PositiveCents
    category: DenialCategory
    owner: DenialOwner
    next_action: NextAction
    appealable: bool
    deadline_on: date | None
    """The last day for the next action; None: there is nothing to be in time for."""
    group: AdjustmentGroup
    reason: Short
    """The claim adjustment reason code (CARC) that the denial is sorted by."""
    remarks: tuple[Short, ...] = ()
    """Remittance advice remark codes."""


class DenialAppealed(Event):
    """An appeal was sent; its letter is kept as it was sent."""

    type: ClassVar = "billing.denial-appealed.v1"
    topic: ClassVar = CLAIMS
    key: ClassVar = "claim_id"

    denial_id: DenialId
    claim_id: ClaimId
    payer_id: PayerId
    level: Annotated[int, Field(ge=1, le=9)]
    sent_on: date


class AppealDecided(Event):
    """The payer answered an appeal; the money comes, if it does, with a remittance."""

    type: ClassVar = "billing.appeal-decided.v1"
    topic: ClassVar = CLAIMS
    key: ClassVar = "claim_id"

    denial_id: DenialId
    claim_id: ClaimId
    payer_id: PayerId
    level: Annotated[int, Field(ge=1, le=9)]
    outcome: AppealOutcome
    decided_on: date


class DenialOverturned(Event):
    """The payer allows what it had refused, wholly or in part, by a new decision that is posted."""

    type: ClassVar = "billing.denial-overturned.v1"
    topic: ClassVar = CLAIMS
    key: ClassVar = "claim_id"

    denial_id: DenialId
    claim_id: ClaimId
    payer_id: PayerId
    service_month: Month
    outcome: Literal["overturned", "partly"]
    denied_cents: PositiveCents
    recovered_cents: PositiveCents
    """Of the denied amount, what the payer pays more than before."""


class DenialClosed(Event):
    """A denial is not worked any more: said once, whatever comes afterwards."""

    type: ClassVar = "billing.denial-closed.v1"
    topic: ClassVar = CLAIMS
    key: ClassVar = "claim_id"

    denial_id: DenialId
    claim_id: ClaimId
    payer_id: PayerId
    service_month: Month
    reason: ClosingReason
    denied_cents: PositiveCents
    open_cents: PositiveCents
    """What is left of it in the receivables; above zero only where it was given up."""


class DenialDeadlineNeared(Event):
    """Little time is left for a denial's next action, and it was not taken yet."""

    type: ClassVar = "billing.denial-deadline-neared.v1"
    topic: ClassVar = CLAIMS
    key: ClassVar = "claim_id"

    denial_id: DenialId
    claim_id: ClaimId
    payer_id: PayerId
    owner: DenialOwner
    next_action: NextAction
    deadline_on: date
    recoverable_cents: PositiveCents


class DenialDeadlineMissed(Event):
    """The last day of a denial's next action has passed without it."""

    type: ClassVar = "billing.denial-deadline-missed.v1"
    topic: ClassVar = CLAIMS
    key: ClassVar = "claim_id"

    denial_id: DenialId
    claim_id: ClaimId
    payer_id: PayerId
    owner: DenialOwner
    next_action: NextAction
    deadline_on: date
    recoverable_cents: PositiveCents


class RuleProposed(Event):
    """A rule of the scrubber could have caught a denial before the claim went out.

    Said once for a rule, payer and procedure; a person accepts or declines it.
    """

    type: ClassVar = "billing.rule-proposed.v1"
    topic: ClassVar = RULE_PROPOSALS
    key: ClassVar = "proposal_id"

    proposal_id: UUID
    rule_id: Short
    payer_id: PayerId
    procedure_code: ProcedureCode | None
    """None: the rule is not about a procedure."""
    denial_id: DenialId
    """The first denial that it would have caught."""
    denied_cents: PositiveCents
