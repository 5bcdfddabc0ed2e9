"""What a statement says, and when one is due; pure. Its words are in `texts.py`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID

from libs.events.contracts import Contract
from libs.events.contracts.billing_balances import Notice
from services.billing.balances.model import Balance

NOTICES: tuple[Notice, ...] = (
    "statement",
    "second-statement",
    "third-statement",
    "final-notice",
)
Language = Literal["en", "es"]
ReasonKind = Literal["deductible", "coinsurance", "copayment", "self-pay", "not-covered"]
REASONS: Mapping[str, ReasonKind] = {
    "1": "deductible",
    "66": "deductible",
    "2": "coinsurance",
    "3": "copayment",
}
"""CARC of group PR → why the patient owes; any other is a service that the plan leaves to them."""


class Reason(Contract):
    """Why some of a visit is the patient's to pay."""

    kind: ReasonKind
    cents: int


class Service(Contract):
    """One line of a visit."""

    procedure_code: str
    units: int
    charge_cents: int


class Estimate(Contract):
    """What a self-pay patient was told beforehand (45 CFR 149.610)."""

    expected_cents: int
    disputable: bool


class Visit(Contract):
    """A claim as its patient reads it."""

    claim_id: UUID
    service_on: date
    clinician: str | None
    payer: str | None
    """None: no insurance was billed."""
    services: tuple[Service, ...]
    charge_cents: int
    insurance_paid_cents: int
    adjusted_cents: int
    patient_paid_cents: int
    forgiven_cents: int
    open_cents: int
    owed_since: date
    reasons: tuple[Reason, ...]
    estimate: Estimate | None = None
    protection: Literal["emergency", "facility"] | None = None
    """Balance billing is limited (45 CFR 149.410, 149.420)."""


class Party(Contract):
    """A name with the lines of its address."""

    name: str
    address: tuple[str, ...]


class Paid(Contract):
    """A payment that was taken for this account since the last statement."""

    on: date
    method: str
    cents: int


class Offer(Contract):
    """A hospital's financial assistance, as its patients are told of it on each bill (26 CFR
    1.501(r)-4(b)(5))."""

    hospital: str
    phone: str
    url: str
    hand_off_from: date | None
    """On a final notice: no agency is given the balance before."""


class Content(Contract):
    """All that a statement says; kept sealed, and shown in the patient's language."""

    statement_number: str
    account_number: str
    language: Language
    notice: Notice
    issued_on: date
    due_on: date
    practice: Party
    patient: Party
    phone: str | None
    portal_url: str | None
    visits: tuple[Visit, ...]
    payments: tuple[Paid, ...]
    previous_cents: int
    new_cents: int
    balance_cents: int
    assistance: bool
    """The practice has a scale of charity care."""
    offer: Offer | None = None

    @property
    def paid_cents(self) -> int:
        return sum(payment.cents for payment in self.payments)

    @property
    def other_cents(self) -> int:
        """What else moved the balance, such as a payer's correction or charity care."""
        return self.balance_cents - (self.previous_cents + self.new_cents - self.paid_cents)


@dataclass(frozen=True, slots=True)
class Before:
    """The statement before: its balance, and what was asked for each claim then."""

    balance_cents: int
    claims: frozenset[UUID]
    issued_on: date


def reasons_of(balance: Balance, shares: Mapping[str, int]) -> tuple[Reason, ...]:
    """Why the patient owes. Where a later decision left less than the reasons say, they are not
    told: no sentence on a statement is untrue."""
    if balance.payer_id is None:
        return (Reason(kind="self-pay", cents=balance.responsibility_cents),)
    if sum(shares.values()) != balance.responsibility_cents:
        return ()
    sums: dict[ReasonKind, int] = {}
    for code, cents in shares.items():
        kind = REASONS.get(code, "not-covered")
        sums[kind] = sums.get(kind, 0) + cents
    return tuple(Reason(kind=kind, cents=cents) for kind, cents in sums.items())


def new_charges(visits: Sequence[Visit], before: Before | None) -> int:
    """What patients owe of visits that the statement before did not list, payments aside."""
    known = before.claims if before else frozenset[UUID]()
    return sum(
        visit.open_cents + visit.patient_paid_cents + visit.forgiven_cents
        for visit in visits
        if visit.claim_id not in known
    )


def aging(visits: Sequence[Visit], on: date) -> tuple[int, int, int, int]:
    """Open cents by how long they are owed: up to 30 days, 60, 90, longer."""
    buckets = [0, 0, 0, 0]
    for visit in visits:
        days = (on - visit.owed_since).days
        buckets[min(max(days - 1, 0) // 30, 3)] += visit.open_cents
    return buckets[0], buckets[1], buckets[2], buckets[3]


def spoken(language: str) -> Language:
    """The language that we write in to one who speaks an ISO 639 language."""
    return "es" if language in ("es", "spa") else "en"
