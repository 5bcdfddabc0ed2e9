"""What remitted claims change, gathered in memory and saved together."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from libs.events.transport import UnitOfWork
from services.billing.balances.settle import settle
from services.billing.balances.store import Share, keep_shares
from services.billing.claims import due
from services.billing.claims.follow_up import heed_moves
from services.billing.claims.moves import Move, move_all
from services.billing.claims.sent import set_payer_numbers
from services.billing.coordination.store import Adjudicated, Goes, go_to_payers, keep_adjudications
from services.billing.denials.follow import Following
from services.billing.ledger import model as ledger
from services.billing.ledger.store import post_all
from services.billing.remittances import store
from services.billing.remittances.store import NewPosting


@dataclass(frozen=True, slots=True)
class Payment:
    """The payment whose claims are being posted."""

    remittance_id: UUID
    payer_id: str
    trace_number: str
    paid_on: date


@dataclass
class Changes:
    """What remitted claims of one payment change; the events about it are published already."""

    payment: Payment
    postings: list[NewPosting] = field(default_factory=list[NewPosting])
    adjudications: list[Adjudicated] = field(default_factory=list[Adjudicated])
    reversed_by: dict[UUID, UUID] = field(default_factory=dict[UUID, UUID])
    entries: list[ledger.Entry] = field(default_factory=list[ledger.Entry])
    moves: list[Move] = field(default_factory=list[Move])
    shares: list[Share] = field(default_factory=list[Share])
    owed_less: set[UUID] = field(default_factory=set[UUID])
    """Claims of which a patient may have paid more than is left to them now."""
    goes: list[Goes] = field(default_factory=list[Goes])
    """Claims that another payer has, or is to have, after the moves."""

    payer_numbers: dict[UUID, str] = field(default_factory=dict[UUID, str])
    """The payers' own numbers for the claims that they decided."""
    denials: Following = field(init=False)

    def __post_init__(self) -> None:
        self.denials = Following(self.payment.paid_on)

    def note_number(self, claim_id: UUID, number: str | None) -> None:
        """Of a payer that has the claim; after it went to another, its number stands there."""
        if number is not None and claim_id not in {went.claim.claim_id for went in self.goes}:
            self.payer_numbers[claim_id] = number

    async def save(self, uow: UnitOfWork) -> None:
        """One statement for each table; a posting may be made and taken back in one run."""
        db, practice_id = uow.db, uow.practice_id
        await store.add_postings(db, practice_id, self.payment.remittance_id, self.postings)
        paid_on = self.payment.paid_on
        await keep_adjudications(db, practice_id, self.adjudications, paid_on, uow.now)
        await store.mark_reversed(db, practice_id, self.reversed_by)
        await post_all(db, self.entries, uow.now)
        await move_all(db, practice_id, self.moves, uow.now)
        await set_payer_numbers(db, practice_id, self.payer_numbers)
        await go_to_payers(db, practice_id, self.goes)
        await heed_moves(uow, self.moves)
        await self.denials.save(uow)
        await keep_shares(db, practice_id, self.shares)
        for claim_id in sorted(self.owed_less):
            await settle(uow, claim_id)
        await due.resume(uow, {move.claim_id for move in self.moves})
