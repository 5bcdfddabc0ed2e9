"""Denials follow the money: they open, are settled and close with the postings of a remittance.

Everything here runs in the transaction of the posting.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from libs.events.contracts import Event
from libs.events.contracts.billing_denials import ClosingReason
from libs.events.transport import Origin, UnitOfWork
from services.billing.claims.model import Claim
from services.billing.denials import events, store
from services.billing.denials.deadlines import forget_deadline, watch_deadline
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
from services.billing.x12 import RemittedClaim


@dataclass(frozen=True, slots=True)
class Posted:
    """One posting of a remittance: a decision on a claim, or one that was taken back (None)."""

    claim: Claim
    """As it stood before."""
    payment_id: UUID
    """The decision's; the one that is taken back, of a reversal."""
    said: RemittedClaim | None


async def follow_postings(uow: UnitOfWork, posted: Sequence[Posted]) -> None:
    """What postings, in their order, make of denials; called once tables and ledger have them.

    Costs nothing where nothing was denied, now or before.
    """
    parts = {p.payment_id: denied_parts(p.said) for p in posted if p.said is not None}
    about = {
        p.claim.claim_id
        for p in posted
        if p.said is None or p.claim.was_refused or parts[p.payment_id]
    }
    if not about:
        return
    known = await store.lock_unsettled(uow.db, uow.practice_id, list(about))
    desk = _Desk(uow, {denial.denial_id: denial for denial in known})
    for one in posted:
        if one.said is None:
            await desk.take_back(one.payment_id)
        elif one.claim.claim_id in about:
            await desk.decide(one.claim, one.said, one.payment_id, parts[one.payment_id])
    await desk.save()
    await follow_balance(uow, list(about))


async def follow_balance(uow: UnitOfWork, claims: Sequence[UUID]) -> None:
    """Payers owe another amount of these claims: by a payment, a write-off, another payer."""
    working = [
        denial
        for denial in await store.lock_unsettled(uow.db, uow.practice_id, claims)
        if denial.state is not State.CLOSED
    ]
    owed = await store.read_open(uow.db, uow.practice_id, claims) if working else {}
    desk = _Desk(uow, {})
    for claim_id in {denial.claim_id for denial in working}:
        of_claim = [denial for denial in working if denial.claim_id == claim_id]
        for denial, cents in zip(of_claim, share(owed.get(claim_id, 0), of_claim), strict=True):
            if cents == 0:
                await desk.close(denial, "settled")
            elif cents != denial.recoverable_cents:
                desk.keep(replace(denial, recoverable_cents=cents))
    await desk.save()


@dataclass
class _Desk:
    """The denials of some claims while postings are followed."""

    uow: UnitOfWork
    denials: dict[UUID, Denial]
    added: dict[UUID, Denial] = field(default_factory=dict[UUID, Denial])
    changed: dict[UUID, Denial] = field(default_factory=dict[UUID, Denial])
    steps: list[tuple[UUID, str]] = field(default_factory=list[tuple[UUID, str]])
    limits: dict[str, tuple[date, Days]] = field(default_factory=dict[str, tuple[date, Days]])
    """By payer: the day of the remittance, and the payer's limits on it."""

    async def decide(
        self, claim: Claim, said: RemittedClaim, payment_id: UUID, parts: Sequence[Part]
    ) -> None:
        """A decision settles what was denied before, and may deny anew."""
        before = [d for d in self.denials.values() if d.claim_id == claim.claim_id]
        earlier = [denial for denial in before if settles(denial, claim, said)]
        more = max(0, said.paid_cents - max((d.claim_paid_cents for d in earlier), default=0))
        for denial in earlier:
            found = settle(denial, said, more)
            more -= found.recovered_cents
            await self._settle(denial, found, payment_id)
        for part in parts:
            await self._open(claim, said, payment_id, part)

    async def take_back(self, payment_id: UUID) -> None:
        """A decision that is taken back denies nothing any more; the payer decides anew."""
        for denial in list(self.denials.values()):
            if denial.payment_id == payment_id and denial.state is not State.CLOSED:
                await self.close(denial, "reversed")

    async def close(self, denial: Denial, reason: ClosingReason) -> None:
        denial = close(denial, reason, self.uow.now)
        await forget_deadline(self.uow, denial)
        await self._say(denial, events.closed(denial), f"closed: {reason}")

    def keep(self, denial: Denial) -> None:
        self.denials[denial.denial_id] = denial
        into = self.added if denial.denial_id in self.added else self.changed
        into[denial.denial_id] = denial

    async def save(self) -> None:
        db = self.uow.db
        if self.added:
            await store.add(db, list(self.added.values()))
        if self.changed:
            await store.change(db, list(self.changed.values()))
        for denial_id, kind in self.steps:
            await store.note(self.uow, denial_id, kind)
        for denial in self.added.values():
            await propose_rule(self.uow, denial)

    async def _settle(self, denial: Denial, found: Settlement, payment_id: UUID) -> None:
        denial = replace(
            denial,
            outcome=found.outcome,
            recovered_cents=found.recovered_cents,
            settled_by=payment_id,
        )
        if denial.state is not State.CLOSED:
            await self.close(denial, "paid")
            denial = self.denials[denial.denial_id]
        event, kind = events.overturned(denial), f"decided anew: {found.outcome}"
        await self._say(denial, event, kind)

    async def _open(self, claim: Claim, said: RemittedClaim, payment_id: UUID, part: Part) -> None:
        uow = self.uow
        on, days = await self._limits(claim, payment_id)
        if part.procedure is None:
            part = replace(part, procedure=await store.read_main_procedure(uow.db, claim))
        denial = open_denial(claim, part, said, payment_id, on, days, uow.now)
        self.added[denial.denial_id] = denial
        await self._say(denial, events.opened(denial), "opened")
        await watch_deadline(uow, denial)

    async def _limits(self, claim: Claim, payment_id: UUID) -> tuple[date, Days]:
        """The same for all postings that are followed at once: they are of one remittance."""
        payer_id, db = claim.payer_id, self.uow.db
        assert payer_id is not None
        if payer_id not in self.limits:
            on = await store.read_decided_on(db, self.uow.practice_id, payment_id)
            days = await store.read_days(db, self.uow.practice_id, payer_id, on)
            self.limits[payer_id] = on, days
        return self.limits[payer_id]

    async def _say(self, denial: Denial, event: Event | None, kind: str) -> None:
        """Keep the denial as it is now, what is said of it, and the step."""
        if event is not None:
            origin = await self.uow.publish(event, origin=Origin.load(denial.origin))
            denial = replace(denial, origin=origin.dump())
        self.keep(denial)
        self.steps.append((denial.denial_id, kind))
