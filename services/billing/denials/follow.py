"""Denials follow the money: they open, are settled and close with the postings of a remittance.

Everything here runs in the transaction of the posting.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import groupby
from operator import attrgetter
from uuid import UUID

from libs.events.contracts import Event
from libs.events.contracts.billing_denials import ClosingReason
from libs.events.transport import Origin, UnitOfWork
from services.billing.claims.model import Claim
from services.billing.denials import events, store
from services.billing.denials.deadlines import forget_deadlines, watch_deadline
from services.billing.denials.model import (
    Days,
    Denial,
    Part,
    Settlement,
    State,
    close,
    denied_parts,
    open_denial,
    settle,
    settles,
    share,
)
from services.billing.denials.proposals import propose_rule
from services.billing.ledger.store import read_open_by_payer
from services.billing.x12 import RemittedClaim


@dataclass
class Following:
    """The denials that a remittance's postings open, settle and close; events are said at once.

    Costs nothing where nothing was denied, now or before. `save` comes once tables and ledger have
    the postings.
    """

    decided_on: date
    """The day of the remittance (835 BPR16)."""
    denials: dict[UUID, Denial] = field(default_factory=dict[UUID, Denial])
    added: dict[UUID, Denial] = field(default_factory=dict[UUID, Denial])
    changed: dict[UUID, Denial] = field(default_factory=dict[UUID, Denial])
    steps: list[tuple[UUID, str]] = field(default_factory=list[tuple[UUID, str]])
    claims: set[UUID] = field(default_factory=set[UUID])
    """Those that have denials, and whose denials are in `denials`."""
    limits: dict[str, Days] = field(default_factory=dict[str, Days])
    """By payer: those in force on that day."""

    async def decide(
        self,
        uow: UnitOfWork,
        claim: Claim,
        said: RemittedClaim,
        payment_id: UUID,
        denied_cents: int,
    ) -> bool:
        """A decision settles what was denied before, and may deny anew; True: it does."""
        parts = denied_parts(said, denied_cents)
        if claim.was_refused:
            await self._load(uow, claim.claim_id)
        if claim.claim_id in self.claims:
            await self._settle_earlier(uow, claim, said, payment_id)
        for part in parts:
            await self._open(uow, claim, said, payment_id, part)
        return bool(parts)

    async def take_back(self, uow: UnitOfWork, claim: Claim, payment_id: UUID) -> None:
        """A decision that is taken back denies nothing any more; the payer decides anew."""
        await self._load(uow, claim.claim_id)
        for denial in list(self.denials.values()):
            if denial.payment_id == payment_id and denial.state is not State.CLOSED:
                await self.close(uow, denial, "reversed")

    async def close(self, uow: UnitOfWork, denial: Denial, reason: ClosingReason) -> None:
        denial = close(denial, reason, uow.now)
        await self._say(uow, denial, events.closed(denial), f"closed: {reason}")

    async def save(self, uow: UnitOfWork) -> None:
        await self._write(uow)
        await follow_balance(uow, list(self.claims))

    async def _write(self, uow: UnitOfWork) -> None:
        await store.add(uow.db, list(self.added.values()))
        await store.change(uow.db, list(self.changed.values()))
        await store.note(uow, self.steps)
        closed = [d for d in self.denials.values() if d.state is State.CLOSED]
        await forget_deadlines(uow, closed)
        for denial in self.added.values():
            if denial.state is not State.CLOSED:
                await watch_deadline(uow, denial)
            await propose_rule(uow, denial)

    async def _load(self, uow: UnitOfWork, claim_id: UUID) -> None:
        if claim_id in self.claims:
            return
        known = await store.lock_unsettled(uow.db, uow.practice_id, [claim_id])
        self.denials |= {denial.denial_id: denial for denial in known}
        self.claims.add(claim_id)

    async def _settle_earlier(
        self, uow: UnitOfWork, claim: Claim, said: RemittedClaim, payment_id: UUID
    ) -> None:
        before = [d for d in self.denials.values() if d.claim_id == claim.claim_id]
        earlier = [denial for denial in before if settles(denial, claim, said)]
        more = max(0, said.paid_cents - max((d.claim_paid_cents for d in earlier), default=0))
        for denial in earlier:
            found = settle(denial, said, more)
            more -= found.recovered_cents
            await self._settle(uow, denial, found, payment_id)

    async def _settle(
        self, uow: UnitOfWork, denial: Denial, found: Settlement, payment_id: UUID
    ) -> None:
        denial = replace(
            denial,
            outcome=found.outcome,
            recovered_cents=found.recovered_cents,
            settled_by=payment_id,
        )
        if denial.state is not State.CLOSED:
            await self.close(uow, denial, "paid")
            denial = self.denials[denial.denial_id]
        event, kind = events.overturned(denial), f"decided anew: {found.outcome}"
        await self._say(uow, denial, event, kind)

    async def _open(
        self, uow: UnitOfWork, claim: Claim, said: RemittedClaim, payment_id: UUID, part: Part
    ) -> None:
        assert claim.payer_id is not None
        days = await self._limits(uow, claim.payer_id)
        if part.procedure is None:
            part = replace(part, procedure=await store.read_main_procedure(uow.db, claim))
        denial = open_denial(claim, part, said, payment_id, self.decided_on, days, uow.now)
        self.claims.add(claim.claim_id)
        self.added[denial.denial_id] = denial
        await self._say(uow, denial, events.opened(denial), "opened")

    async def _limits(self, uow: UnitOfWork, payer_id: str) -> Days:
        if payer_id not in self.limits:
            self.limits[payer_id] = await store.read_days(
                uow.db, uow.practice_id, payer_id, self.decided_on
            )
        return self.limits[payer_id]

    async def _say(self, uow: UnitOfWork, denial: Denial, event: Event | None, kind: str) -> None:
        """Keep the denial as it is now, what is said of it, and the step."""
        if event is not None:
            origin = await uow.publish(event, origin=Origin.load(denial.origin))
            denial = replace(denial, origin=origin.dump())
        self._keep(denial)
        self.steps.append((denial.denial_id, kind))

    def _keep(self, denial: Denial) -> None:
        self.denials[denial.denial_id] = denial
        into = self.added if denial.denial_id in self.added else self.changed
        into[denial.denial_id] = denial


async def follow_balance(uow: UnitOfWork, claims: Sequence[UUID]) -> None:
    """Payers owe another amount of these claims: by a payment, a write-off, another payer."""
    if not claims:
        return
    working = [
        denial
        for denial in await store.lock_unsettled(uow.db, uow.practice_id, claims)
        if denial.state is not State.CLOSED
    ]
    owed = await read_open_by_payer(uow.db, uow.practice_id, claims) if working else {}
    changed: list[Denial] = []
    settled: list[Denial] = []
    of_payer = attrgetter("claim_id", "payer_id")  # what went on to a next payer is that one's
    for payer, of_claim in groupby(sorted(working, key=of_payer), of_payer):
        denials, open_cents = list(of_claim), owed.get(payer, 0)
        for denial, cents in zip(denials, share(open_cents, denials), strict=True):
            if open_cents <= 0:
                settled.append(await _close_settled(uow, denial))
            elif cents != denial.recoverable_cents:
                changed.append(replace(denial, recoverable_cents=cents))
    await store.change(uow.db, [*changed, *settled])
    await store.note(uow, [(denial.denial_id, "closed: settled") for denial in settled])
    await forget_deadlines(uow, settled)


async def _close_settled(uow: UnitOfWork, denial: Denial) -> Denial:
    settled = close(denial, "settled", uow.now)
    origin = await uow.publish(events.closed(settled), origin=Origin.load(denial.origin))
    return replace(settled, origin=origin.dump())
