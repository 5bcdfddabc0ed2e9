"""Published by billing: what is given up of a balance, and months that are closed for good."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from libs.events.contracts.base import Event, Topic
from libs.events.contracts.billing import CLAIMS
from libs.events.contracts.values import (
    Cents,
    ClaimId,
    Month,
    PayerId,
    PositiveCents,
    Short,
    WriteOffId,
)

LEDGERS = Topic("billing.ledgers", partitions=2)

WriteOffReason = Literal["administrative", "bad-debt", "charity-care", "small-balance"]
"""Why a balance is given up. `administrative`: by the practice's own fault, such as a claim that
was filed too late. What a payer's contract takes off is no write-off, it comes with the payment."""
OwedBy = Literal["payer", "patient"]


class BalanceWrittenOff(Event):
    """A part of what is open of a claim is given up: it leaves the receivables unpaid."""

    type: ClassVar = "billing.balance-written-off.v1"
    topic: ClassVar = CLAIMS
    key: ClassVar = "claim_id"

    write_off_id: WriteOffId
    claim_id: ClaimId
    owed_by: OwedBy
    payer_id: PayerId | None
    """Who owed it; None: the patient."""
    reason: WriteOffReason
    cents: PositiveCents
    service_month: Month


class WriteOffReversed(Event):
    """A write-off is taken back and its amount is open again; repeats what was written off."""

    type: ClassVar = "billing.write-off-reversed.v1"
    topic: ClassVar = CLAIMS
    key: ClassVar = "claim_id"

    write_off_id: WriteOffId
    claim_id: ClaimId
    owed_by: OwedBy
    payer_id: PayerId | None
    reason: WriteOffReason
    cents: PositiveCents
    service_month: Month


class WriteOffProposed(Event):
    """A write-off is more than one person may decide, and waits for a second one."""

    type: ClassVar = "billing.write-off-proposed.v1"
    topic: ClassVar = CLAIMS
    key: ClassVar = "claim_id"

    write_off_id: WriteOffId
    claim_id: ClaimId
    owed_by: OwedBy
    reason: WriteOffReason
    cents: PositiveCents


class WriteOffDeclined(Event):
    """The second person refused; nothing was written off."""

    type: ClassVar = "billing.write-off-declined.v1"
    topic: ClassVar = CLAIMS
    key: ClassVar = "claim_id"

    write_off_id: WriteOffId
    claim_id: ClaimId


class MonthClosed(Event):
    """A calendar month of a practice's journal is complete: nothing is posted in it any more.

    The figures are of entries posted in the month, whatever month their visits were in.
    """

    type: ClassVar = "billing.month-closed.v1"
    topic: ClassVar = LEDGERS
    key: ClassVar = "practice_id"

    month: Month
    entries: Annotated[int, Field(ge=0)]
    """How many were posted."""
    charged_cents: Cents
    received_cents: Cents
    """Cash in, less what was paid back."""
    receivable_cents: Cents
    """What payers, patients and agencies owed at the month's end."""
    entries_sha256: Short
    """SHA-256, in hex, of the journal up to the month's end, each month over the one before."""
