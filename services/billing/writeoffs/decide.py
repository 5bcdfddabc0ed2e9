"""Write a balance off: at once, or when a second person has agreed; and take it back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from libs.events.contracts.billing_ledger import (
    BalanceWrittenOff,
    WriteOffDeclined,
    WriteOffProposed,
    WriteOffReversed,
)
from libs.events.contracts.values import ClaimId, PracticeId, WriteOffId, month_of
from libs.events.transport import Origin, UnitOfWork
from libs.service.refused import UnknownError
from services.billing.claims.model import Claim
from services.billing.claims.store import lock as lock_claim
from services.billing.denials.follow import follow_balance
from services.billing.ledger.store import post
from services.billing.writeoffs import store
from services.billing.writeoffs.model import (
    Wanted,
    WriteOff,
    WriteOffRefusedError,
    by_second_person,
    check_open,
    decide,
    entry_of,
    same_again,
)


async def propose(uow: UnitOfWork, wanted: Wanted, by: str) -> WriteOff:
    """Post the write-off where one person may decide it; else keep it for a second one.

    The same again gives what became of it. Raises WriteOffRefusedError; UnknownError for an
    unknown claim.
    """
    claim = await _lock_claim(uow, wanted.claim_id)
    known = await store.lock(uow.db, uow.practice_id, wanted.write_off_id)
    if known is not None:
        return same_again(known, wanted)
    balance = await store.read_balance(uow.db, uow.practice_id, wanted.claim_id)
    limit = await store.alone_cents(uow.db, uow.practice_id)
    decided = decide(wanted, claim, balance, limit, by=by, at=uow.now)
    await store.add(uow.db, decided)
    if decided.state == "posted":
        await _post(uow, claim, decided)
        return decided
    proposed = WriteOffProposed(
        practice_id=PracticeId(uow.practice_id),
        write_off_id=WriteOffId(decided.write_off_id),
        claim_id=ClaimId(decided.claim_id),
        owed_by=decided.owed_by,
        reason=decided.reason,
        cents=decided.cents,
    )
    await uow.publish(proposed, origin=Origin.load(claim.origin))
    return decided


async def write_off_as_decided(uow: UnitOfWork, wanted: Wanted, by: str) -> None:
    """Post what was decided elsewhere: by the practice's rule on small balances, or by those who
    decide on charity care. Raises as `propose` does."""
    claim = await _lock_claim(uow, wanted.claim_id)
    balance = await store.read_balance(uow.db, uow.practice_id, wanted.claim_id)
    written = decide(wanted, claim, balance, balance.alone_cents + wanted.cents, by=by, at=uow.now)
    await store.add(uow.db, written)
    await _post(uow, claim, written)


async def approve(uow: UnitOfWork, write_off_id: UUID, by: str) -> WriteOff:
    """The second person agrees. Raises as `propose` does, also where less is open by now."""
    claim, wanted = await _lock(uow, write_off_id)
    if wanted.state == "posted" and wanted.decided_by == by:
        return wanted
    decided = by_second_person(wanted, "posted", by, uow.now)
    balance = await store.read_balance(uow.db, uow.practice_id, wanted.claim_id)
    check_open(wanted.owed_by, wanted.cents, balance)
    await store.note_decision(uow.db, decided)
    await _post(uow, claim, decided)
    return decided


async def decline(uow: UnitOfWork, write_off_id: UUID, by: str) -> WriteOff:
    """The second person refuses. Raises as `propose` does."""
    claim, wanted = await _lock(uow, write_off_id)
    if wanted.state == "declined" and wanted.decided_by == by:
        return wanted
    decided = by_second_person(wanted, "declined", by, uow.now)
    await store.note_decision(uow.db, decided)
    declined = WriteOffDeclined(
        practice_id=PracticeId(uow.practice_id),
        write_off_id=WriteOffId(wanted.write_off_id),
        claim_id=ClaimId(wanted.claim_id),
    )
    await uow.publish(declined, origin=Origin.load(claim.origin))
    return decided


async def take_back(uow: UnitOfWork, write_off_id: UUID, by: str) -> WriteOff:
    """The amount is open again. Raises as `propose` does, where nothing was posted."""
    claim, written = await _lock(uow, write_off_id)
    if written.state == "reversed":
        return written
    if written.state != "posted":
        raise WriteOffRefusedError(f"it is {written.state}; only a posted write-off is taken back")
    await store.note_reversal(uow.db, written, by, uow.now)
    said = WriteOffReversed(**_money(claim, written))
    entry = entry_of(written, claim.service_on, said.event_id, undo=True)
    await post(uow.db, entry, uow.now)
    await follow_balance(uow, [claim.claim_id])
    await uow.publish(said, origin=Origin.load(claim.origin))
    return replace(written, state="reversed", reversed_by=by, reversed_at=uow.now)


async def _post(uow: UnitOfWork, claim: Claim, written: WriteOff) -> None:
    said = BalanceWrittenOff(**_money(claim, written))
    entry = entry_of(written, claim.service_on, said.event_id, undo=False)
    await post(uow.db, entry, uow.now)
    await follow_balance(uow, [claim.claim_id])
    await uow.publish(said, origin=Origin.load(claim.origin))


def _money(claim: Claim, written: WriteOff) -> dict[str, Any]:
    return {
        "practice_id": PracticeId(written.practice_id),
        "write_off_id": WriteOffId(written.write_off_id),
        "claim_id": ClaimId(written.claim_id),
        "owed_by": written.owed_by,
        "payer_id": written.payer_id,
        "reason": written.reason,
        "cents": written.cents,
        "service_month": month_of(claim.service_on),
    }


async def _lock(uow: UnitOfWork, write_off_id: UUID) -> tuple[Claim, WriteOff]:
    """The claim first, as everywhere, so that nobody waits for the other."""
    claim_id = await store.claim_of(uow.db, uow.practice_id, write_off_id)
    if claim_id is None:
        raise UnknownError("there is no such write-off")
    claim = await _lock_claim(uow, claim_id)
    found = await store.lock(uow.db, uow.practice_id, write_off_id)
    assert found is not None, "write-offs are never deleted"
    return claim, found


async def _lock_claim(uow: UnitOfWork, claim_id: UUID) -> Claim:
    claim = await lock_claim(uow.db, uow.practice_id, claim_id)
    if claim is None:
        raise UnknownError("there is no such claim")
    return claim
