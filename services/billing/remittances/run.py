"""The claims of a payment, some hundred at a time: loaded, decided in memory, published, saved.

A run makes the same rows and events, in the same order for each claim, as its claims would one by
one: what one of them changes is what the next of its claim finds.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID, uuid5

from libs.events.contracts.billing_remittances import UnmatchedReason
from libs.events.transport import UnitOfWork
from services.billing.claims.store import lock_by_controls, lock_many
from services.billing.coordination.model import decide_in_order, speaker
from services.billing.remittances import store
from services.billing.remittances.changes import Changes, Payment
from services.billing.remittances.claim import post_decision, post_reversal
from services.billing.remittances.model import (
    REVERSAL,
    Standing,
    obstacle,
    to_reverse,
)
from services.billing.unmatched.keep import keep_unmatched
from services.billing.unmatched.store import Unmatched
from services.billing.x12 import Remittance835Event, RemittedClaim


class Remitted(NamedTuple):
    """A claim as the payment says it; `place` counts through the file."""

    place: int
    said: RemittedClaim


@dataclass
class Run:
    """Claims that are posted together: at most `most`, and none of them twice.

    What follows a posting (denials, balances) is told when a run ends: so a claim's next posting
    finds it told, as it would one by one. A reversal may name its claim by the payer's number.
    """

    most: int
    claims: list[Remitted] = field(default_factory=list[Remitted])
    names: set[str] = field(default_factory=set[str])

    def takes(self, said: Remittance835Event) -> bool:
        """Whether what comes next in the file may be posted with these."""
        if not isinstance(said, RemittedClaim) or len(self.claims) >= self.most:
            return False
        if said.control_number in self.names:
            return False
        return said.status != REVERSAL or said.payer_claim_control_number not in self.names

    def add(self, remitted: Remitted) -> None:
        said = remitted.said
        self.claims.append(remitted)
        self.names |= {said.control_number, said.payer_claim_control_number}


@dataclass
class InPosting:
    """A payment while its claims are posted, run by run.

    `reversals`: how many are still to come, by control number. A correction that stands before its
    reversal in the file waits for it.
    """

    payment: Payment
    reversals: Counter[str]
    early: defaultdict[str, list[Remitted]] = field(
        default_factory=lambda: defaultdict[str, list[Remitted]](list)
    )


@dataclass
class Book:
    """How the claims of a run stand, by claim, as its postings change them."""

    names: dict[str, UUID]
    """Control number → claim."""
    standings: dict[UUID, Standing]

    def find(self, said: RemittedClaim) -> Standing | None:
        """The claim that is named; a reversal may name it by the payer's number alone (CLP07)."""
        claim_id = self.names.get(said.control_number)
        if claim_id is not None:
            return self.standings[claim_id]
        number = said.payer_claim_control_number
        if said.status != REVERSAL or not number:
            return None
        known = [s for s in self.standings.values() if _has_number(s, number)]
        return known[0] if len(known) == 1 else None

    def put(self, standing: Standing) -> None:
        self.standings[standing.claim.claim_id] = standing


def _has_number(standing: Standing, number: str) -> bool:
    return any(posting.payer_claim_number == number for posting in standing.postings)


async def post_run(uow: UnitOfWork, posting: InPosting, run: Sequence[Remitted]) -> None:
    """Post these claims; what fits none of ours is kept for a person, with its money."""
    book = await _load(uow, run)
    changes, unmatched = Changes(posting.payment), list[Unmatched]()
    for first in run:
        waiting = [first]
        while waiting:
            remitted = waiting.pop(0)
            reason = await _take(uow, book, remitted, changes)
            number = remitted.said.control_number
            if remitted.said.status == REVERSAL:
                posting.reversals[number] -= 1
                waiting += posting.early.pop(number, [])
            if reason == "decided-already" and posting.reversals[number] > 0:
                posting.early[number].append(remitted)
            elif reason is not None:
                unmatched.append(Unmatched(remitted.place, remitted.said, reason))
    await changes.save(uow)
    await keep_unmatched(uow, posting.payment, unmatched)


async def _take(
    uow: UnitOfWork, book: Book, remitted: Remitted, changes: Changes
) -> UnmatchedReason | None:
    said, standing = remitted.said, book.find(remitted.said)
    payment_id = uuid5(changes.payment.remittance_id, str(remitted.place))
    if standing is None:
        return "unknown-claim"
    place = speaker(standing.claim, changes.payment.payer_id, said.status)
    if said.status == REVERSAL:
        found = to_reverse(standing, said, place)
        if found is None:
            return "nothing-to-reverse"
        book.put(await post_reversal(uow, standing, found, payment_id, changes))
        return None
    if place != standing.claim.payer_sequence:
        return "decided-already"  # or asked later: it is not this payer's turn
    made = decide_in_order(standing, said)
    reason = obstacle(standing, said, made)
    if reason is not None or made is None:
        return reason
    book.put(await post_decision(uow, standing, said, made, payment_id, changes))
    return None


async def _load(uow: UnitOfWork, run: Sequence[Remitted]) -> Book:
    """The claims that the run names, locked, with their postings in force."""
    db, practice_id = uow.db, uow.practice_id
    numbers = {remitted.said.control_number for remitted in run}
    claims = await lock_by_controls(db, practice_id, numbers)
    names = {claim.control_number: claim.claim_id for claim in claims}
    by_payer = {
        said.payer_claim_control_number
        for _, said in run
        if said.status == REVERSAL and said.control_number not in names
    }
    if by_payer:
        further = await store.find_by_payer_numbers(db, practice_id, by_payer)
        claims += await lock_many(db, practice_id, further - set(names.values()))
    return Book(names, await store.read_standings(db, practice_id, claims))
