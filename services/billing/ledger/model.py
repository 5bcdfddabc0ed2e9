"""Double entry in cents: a debit is above zero, a credit below, and an entry sums to zero."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Literal
from uuid import UUID, uuid5

from libs.events.contracts.values import month_of


class Account(StrEnum):
    """What the practice has, earned, owes and gave up."""

    PAYER_RECEIVABLE = "payer-receivable"
    PATIENT_RECEIVABLE = "patient-receivable"
    AGENCY_RECEIVABLE = "agency-receivable"
    """A patient's balance that a collection agency was given."""
    CHARGES = "charges"
    CASH = "cash"
    CONTRACTUAL_ADJUSTMENT = "contractual-adjustment"
    PROVIDER_ADJUSTMENT = "provider-adjustment"
    """What a payer keeps or adds for no claim and for no other account's reason (835 PLB)."""
    PAYER_ADVANCE = "payer-advance"
    """What a payer paid too much and will take from a later payment (PLB FB, WO)."""
    INTEREST = "interest"
    UNAPPLIED_CASH = "unapplied-cash"
    """A payer's money that no claim has taken yet."""
    PATIENT_CREDIT = "patient-credit"
    """A patient's money that no claim has taken yet, or that is to be paid back."""
    CHARITY_CARE = "charity-care"
    SMALL_BALANCE = "small-balance"
    BAD_DEBT = "bad-debt"
    ADMINISTRATIVE_WRITE_OFF = "administrative-write-off"
    UNCLAIMED_PROPERTY = "unclaimed-property"
    """A credit that nobody took and that the state is owed (escheat)."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A journal entry. `source` names what it is about: the same source posts once."""

    practice_id: UUID
    kind: str
    source: str
    lines: dict[Account, int]
    event_id: UUID
    """The event that says the same."""
    claim_id: UUID | None = None
    service_month: date | None = None
    payer_id: str | None = None
    """Who owes or pays; None: the patient, or nobody."""

    def __post_init__(self) -> None:
        if sum(self.lines.values()) != 0:
            raise ValueError(f"a {self.kind} entry does not sum to zero")

    @property
    def entry_id(self) -> UUID:
        return _entry_id(self.practice_id, self.kind, self.source)


def _entry_id(practice_id: UUID, kind: str, source: str) -> UUID:
    return uuid5(practice_id, f"{kind}/{source}")


@dataclass(frozen=True, slots=True)
class Decision:
    """A payer's decision on one claim, in parts that leave the receivable; denied stays open."""

    paid_cents: int
    adjusted_cents: int
    patient_cents: int
    denied_cents: int
    forwarded_cents: int = 0
    """Left to the patient, and asked of the next payer first: it stays in the receivable."""

    @property
    def charge_cents(self) -> int:
        """The charge that it decided: with a balanced claim, the sum of its parts."""
        parts = self.paid_cents, self.adjusted_cents, self.patient_cents, self.denied_cents
        return sum(parts) + self.forwarded_cents

    def turned(self) -> Decision:
        """The same with every sign turned."""
        return Decision(
            -self.paid_cents, -self.adjusted_cents, -self.patient_cents, -self.denied_cents,
            -self.forwarded_cents,
        )  # fmt: skip


def charge(
    practice_id: UUID,
    claim_id: UUID,
    on: date,
    cents: int,
    *,
    payer_id: str | None,
    event_id: UUID,
    revision: int = 1,
    undo: bool = False,
) -> Entry:
    """The visit is owed: by the payer, or at once by the patient where there is none; or no more,
    as it was corrected.

    Each revision of a claim is charged once, and taken back once.
    """
    owed = Account.PATIENT_RECEIVABLE if payer_id is None else Account.PAYER_RECEIVABLE
    signed = -cents if undo else cents
    return Entry(
        practice_id,
        *_charged(claim_id, revision, undo=undo),
        {owed: signed, Account.CHARGES: -signed},
        event_id,
        claim_id,
        month_of(on),
        payer_id,
    )


def charge_entry_id(practice_id: UUID, claim_id: UUID, revision: int, *, undo: bool) -> UUID:
    """The entry that charges a revision of a claim, or that takes it back."""
    return _entry_id(practice_id, *_charged(claim_id, revision, undo=undo))


def _charged(claim_id: UUID, revision: int, *, undo: bool) -> tuple[str, str]:
    """Kind and source."""
    kind = "charge-reversal" if undo else "charge"
    return kind, str(claim_id) if revision == 1 else f"{claim_id}/{revision}"


def decision(
    practice_id: UUID,
    claim_id: UUID,
    on: date,
    payment_id: UUID,
    made: Decision,
    *,
    payer_id: str,
    event_id: UUID,
    undo: bool,
) -> Entry:
    """A posted decision, or the same with every sign turned where it is taken back."""
    posted = made.turned() if undo else made
    lines = {
        Account.CASH: posted.paid_cents,
        Account.CONTRACTUAL_ADJUSTMENT: posted.adjusted_cents,
        Account.PATIENT_RECEIVABLE: posted.patient_cents,
    }
    lines[Account.PAYER_RECEIVABLE] = -sum(lines.values())
    kind = "reversal" if undo else "payment"
    return Entry(
        practice_id, kind, str(payment_id), lines, event_id, claim_id, month_of(on), payer_id
    )


def provider_adjustment(
    practice_id: UUID,
    remittance_id: UUID,
    place: int,
    account: Account,
    cents: int,
    *,
    payer_id: str,
    event_id: UUID,
) -> Entry:
    """PLB: positive cents lower the payment (X12 835 PLB04)."""
    return Entry(
        practice_id, "provider-adjustment", f"{remittance_id}/{place}",
        {account: cents, Account.CASH: -cents}, event_id, payer_id=payer_id,
    )  # fmt: skip


def unapplied(
    practice_id: UUID, remittance_id: UUID, place: int, cents: int, *, payer_id: str, event_id: UUID
) -> Entry:
    """Money for a claim that is not ours to know: kept until a person applies it."""
    return Entry(
        practice_id, "unapplied-cash", f"{remittance_id}/{place}",
        {Account.CASH: cents, Account.UNAPPLIED_CASH: -cents}, event_id, payer_id=payer_id,
    )  # fmt: skip


def unapplied_no_more(
    practice_id: UUID,
    remittance_id: UUID,
    place: int,
    cents: int,
    *,
    kind: Literal["cash-applied", "cash-refunded"],
    payer_id: str,
    event_id: UUID,
) -> Entry:
    """What stood in unapplied cash goes to a claim, whose own entry takes it, or to the payer."""
    return Entry(
        practice_id, kind, f"{remittance_id}/{place}",
        {Account.UNAPPLIED_CASH: cents, Account.CASH: -cents}, event_id, payer_id=payer_id,
    )  # fmt: skip
