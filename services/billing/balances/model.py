"""What of a claim is the patient's now, why, and which claims a payment goes to; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.billing.claims.model import State
from services.billing.ledger.model import Account

DECIDED = frozenset({State.PAID, State.DENIED, State.SELF_PAY})


@dataclass(frozen=True, slots=True)
class Balance:
    """A claim with what became of its charge, by the journal."""

    claim_id: UUID
    patient_id: UUID
    payer_id: str | None
    provider_npi: str | None
    service_on: date
    state: State
    charge_cents: int
    insurance_paid_cents: int
    adjusted_cents: int
    payer_cents: int
    """Open with payers."""
    patient_cents: int
    agency_cents: int
    patient_paid_cents: int
    forgiven_cents: int
    """Written off of what the patient owed."""
    owed_since: date | None
    """When the patient first owed something of it."""

    @property
    def responsibility_cents(self) -> int:
        """All that payers left to the patient, whatever became of it since."""
        settled = self.patient_paid_cents + self.forgiven_cents + self.agency_cents
        return self.patient_cents + settled

    @property
    def is_due(self) -> bool:
        """The patient may be asked for it: no payer has anything left to say about the claim."""
        return self.state in DECIDED and self.payer_cents == 0 and self.patient_cents > 0


@dataclass(frozen=True, slots=True)
class Part:
    """So much of a payment goes to a claim."""

    claim_id: UUID
    service_on: date
    cents: int
    receivable: Account = Account.PATIENT_RECEIVABLE


class TooMuchError(ValueError):
    """More is told for a claim than is owed of it, or for all than was paid."""


def allocate(owed: Sequence[Balance], cents: int) -> list[Part]:
    """The oldest service first; what is left over stays the patient's credit."""
    return _take(((claim, claim.patient_cents) for claim in owed), cents)


def check_told(owed: Sequence[Balance], cents: int, told: Mapping[UUID, int]) -> None:
    """Raises TooMuchError where more is told than was paid, or than the patient owes of a claim."""
    by_id = {claim.claim_id: claim.patient_cents for claim in owed}
    if sum(told.values()) > cents:
        raise TooMuchError
    if any(wanted > by_id.get(claim_id, 0) for claim_id, wanted in told.items()):
        raise TooMuchError


def allocate_as_told(owed: Sequence[Balance], cents: int, told: Mapping[UUID, int]) -> list[Part]:
    """To the claims that the payer of the money named, as far as they are still owed."""
    named = ((claim, min(claim.patient_cents, told.get(claim.claim_id, 0))) for claim in owed)
    return _take(named, cents)


def allocate_from_agency(owed: Sequence[Balance], cents: int) -> list[Part]:
    """What an agency collected goes to what it was given, the oldest service first."""
    at_agency = ((claim, claim.agency_cents) for claim in owed)
    return _take(at_agency, cents, Account.AGENCY_RECEIVABLE)


def _take(
    wanted: Iterable[tuple[Balance, int]],
    cents: int,
    receivable: Account = Account.PATIENT_RECEIVABLE,
) -> list[Part]:
    """Each claim in turn takes what it may, as long as something is left."""
    parts: list[Part] = []
    for claim, open_cents in wanted:
        taken = min(cents, max(open_cents, 0))
        if taken:
            parts.append(Part(claim.claim_id, claim.service_on, taken, receivable))
            cents -= taken
    return parts
