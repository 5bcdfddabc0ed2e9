"""Giving up a balance: how much, by whom, and when a second person is needed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from libs.events.contracts.billing_ledger import OwedBy, WriteOffReason
from libs.events.contracts.values import month_of
from libs.service.refused import RefusedError
from services.billing.claims.model import Claim
from services.billing.ledger.model import Account, Entry

State = Literal["proposed", "posted", "declined", "reversed"]
ALONE_CENTS = 10_000
"""What one person may write off of a claim where the practice has set nothing else."""

_ACCOUNTS: dict[WriteOffReason, Account] = {
    "administrative": Account.ADMINISTRATIVE_WRITE_OFF,
    "bad-debt": Account.BAD_DEBT,
    "charity-care": Account.CHARITY_CARE,
    "small-balance": Account.SMALL_BALANCE,
}
_RECEIVABLES: dict[OwedBy, Account] = {
    "payer": Account.PAYER_RECEIVABLE,
    "patient": Account.PATIENT_RECEIVABLE,
}


class WriteOffRefusedError(RefusedError):
    """A write-off that cannot be; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody asks to be given up."""

    write_off_id: UUID
    claim_id: UUID
    owed_by: OwedBy
    reason: WriteOffReason
    cents: int


@dataclass(frozen=True, slots=True)
class WriteOff:
    """A balance that is given up, or that somebody wants to give up."""

    practice_id: UUID
    write_off_id: UUID
    claim_id: UUID
    owed_by: OwedBy
    payer_id: str | None
    """Who owed it when it was asked for; None: the patient."""
    reason: WriteOffReason
    cents: int
    state: State
    proposed_by: str
    proposed_at: datetime
    decided_by: str | None = None
    decided_at: datetime | None = None
    reversed_by: str | None = None
    reversed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OpenBalance:
    """What is open of a claim, and what one person has written off of it without a second one."""

    payer_cents: int
    patient_cents: int
    alone_cents: int

    def owed_by(self, who: OwedBy) -> int:
        return self.payer_cents if who == "payer" else self.patient_cents


def decide(
    wanted: Wanted, claim: Claim, balance: OpenBalance, limit: int, *, by: str, at: datetime
) -> WriteOff:
    """Posted, or proposed where one person may not decide it alone.

    All that one person wrote off of the claim counts together, so that a large balance does not go
    in small pieces. Raises WriteOffRefusedError where more is given up than is owed.
    """
    check_open(wanted.owed_by, wanted.cents, balance)
    alone = balance.alone_cents + wanted.cents <= limit
    return WriteOff(
        practice_id=claim.practice_id,
        write_off_id=wanted.write_off_id,
        claim_id=wanted.claim_id,
        owed_by=wanted.owed_by,
        payer_id=claim.payer_id if wanted.owed_by == "payer" else None,
        reason=wanted.reason,
        cents=wanted.cents,
        state="posted" if alone else "proposed",
        proposed_by=by,
        proposed_at=at,
    )


def same_again(known: WriteOff, wanted: Wanted) -> WriteOff:
    """What became of it; raises WriteOffRefusedError where its id stands for something else."""
    told = Wanted(known.write_off_id, known.claim_id, known.owed_by, known.reason, known.cents)
    if told != wanted:
        raise WriteOffRefusedError("another write-off has this write_off_id")
    return known


def check_open(owed_by: OwedBy, cents: int, balance: OpenBalance) -> None:
    """Raises WriteOffRefusedError where more is given up than is owed."""
    if cents > balance.owed_by(owed_by):
        raise WriteOffRefusedError(
            f"the {owed_by} does not owe as much of this claim; look at its journal"
        )


def by_second_person(wanted: WriteOff, state: State, by: str, at: datetime) -> WriteOff:
    """The second person's word. Raises WriteOffRefusedError where the one who asked would decide
    too, or where it is decided."""
    if wanted.state != "proposed":
        raise WriteOffRefusedError(f"it is {wanted.state} already")
    if wanted.proposed_by == by:
        raise WriteOffRefusedError("another person than the one who proposed it decides")
    return replace(wanted, state=state, decided_by=by, decided_at=at)


def entry_of(written: WriteOff, service_on: date, event_id: UUID, *, undo: bool) -> Entry:
    """The balance leaves its receivable; or, where it is taken back, returns."""
    cents = -written.cents if undo else written.cents
    return Entry(
        written.practice_id,
        "write-off-reversal" if undo else "write-off",
        str(written.write_off_id),
        {_ACCOUNTS[written.reason]: cents, _RECEIVABLES[written.owed_by]: -cents},
        event_id,
        written.claim_id,
        month_of(service_on),
        written.payer_id,
    )
