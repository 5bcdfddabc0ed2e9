"""What one payer leaves becomes another's receivable, also after it was the patient's."""

from __future__ import annotations

from uuid import UUID

from libs.events.contracts.values import month_of
from services.billing.claims.model import Claim
from services.billing.ledger.model import Account, Entry


def transfer(
    claim: Claim, source: str, cents: int, from_payer: str, to_payer: str, event_id: UUID
) -> tuple[Entry, Entry]:
    """Two entries, as an entry has one payer; between them it is the patient's for no time."""

    def entry(kind: str, payer_id: str, receivable: int) -> Entry:
        return Entry(
            claim.practice_id, kind, source,
            {Account.PAYER_RECEIVABLE: receivable, Account.PATIENT_RECEIVABLE: -receivable},
            event_id, claim.claim_id, month_of(claim.service_on), payer_id,
        )  # fmt: skip

    return entry("transfer-from", from_payer, -cents), entry("transfer-to", to_payer, cents)


def lift(claim: Claim, payment_id: UUID, cents: int, event_id: UUID) -> Entry:
    """What a payer left to the patient is open with its part again, and goes on from there."""
    return Entry(
        claim.practice_id, "patient-share-lifted", str(payment_id),
        {Account.PAYER_RECEIVABLE: cents, Account.PATIENT_RECEIVABLE: -cents},
        event_id, claim.claim_id, month_of(claim.service_on), claim.payer_id,
    )  # fmt: skip
