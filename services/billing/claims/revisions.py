"""What corrections and a void did to a claim's charges, as the journal says it; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from libs.events.contracts import Contract
from services.billing.claims.model import Claim
from services.billing.ledger.model import Account, charge_entry_id


class Revision(Contract):
    """The claim for one state of its visit: what was charged for it, and what took it back."""

    number: int
    charge_cents: int
    posted_at: datetime | None
    event_id: UUID | None
    """The event that says the charges."""
    reversed_at: datetime | None
    reversed_by: UUID | None
    """The event that says so: the visit was corrected or voided."""


def revisions(claim: Claim, journal: Iterable[Mapping[str, Any]]) -> list[Revision]:
    """The first, and one for each correction; the last one stands unless it was reversed."""
    charged = {row["entry_id"]: row for row in journal if row["account"] == Account.CHARGES}
    return [
        _revision(
            number,
            charged.get(charge_entry_id(claim.practice_id, claim.claim_id, number, undo=False)),
            charged.get(charge_entry_id(claim.practice_id, claim.claim_id, number, undo=True)),
        )
        for number in range(1, claim.revision + 1)
    ]


def _revision(
    number: int, made: Mapping[str, Any] | None, undone: Mapping[str, Any] | None
) -> Revision:
    return Revision(
        number=number,
        charge_cents=-made["cents"] if made else 0,
        posted_at=made["posted_at"] if made else None,
        event_id=made["event_id"] if made else None,
        reversed_at=undone["posted_at"] if undone else None,
        reversed_by=undone["event_id"] if undone else None,
    )
