"""A claim becomes another one: at once while no payer has it, else when its payer's turn comes."""

from __future__ import annotations

from uuid import UUID

from libs.events.contracts.interop import EncounterPosted
from libs.events.transport import Origin, Timer, UnitOfWork
from services.billing.claims import due, store
from services.billing.claims.correcting import Due, Step, next_step
from services.billing.claims.model import Claim, State, as_of
from services.billing.claims.release import advance, send_in_next_window, take_back


async def correct_claim(timer: Timer, uow: UnitOfWork) -> None:
    """Something is due of a claim, or what that waited for has come: take it a step further."""
    await store.lock_standing(uow.db, uow.practice_id)
    claim = await store.lock(uow.db, uow.practice_id, UUID(timer.key))
    wanted = await due.find_due_of(uow, claim) if claim else None
    if claim is None or wanted is None:
        return
    step = next_step(claim, wanted)
    if step is Step.HERE:
        await _change_here(uow, claim, wanted)
    elif step in (Step.REPLACE, Step.VOID):
        assert claim.payer_id is not None
        await due.note_wait(uow.db, claim, None)
        await send_in_next_window(uow, claim.payer_id)
    else:
        await due.note_wait(uow.db, claim, step)


async def send_as_new(uow: UnitOfWork, claim: Claim) -> None:
    """No payer has the claim after all: it goes out again as an original, as its visit is by now.

    The caller holds `store.lock_standing` and the claim.
    """
    wanted = await due.find_due_of(uow, claim)
    if wanted is None:
        await advance(uow, claim, await store.read_encounter(uow, claim))
    else:
        await _change_here(uow, claim, wanted)


async def _change_here(uow: UnitOfWork, claim: Claim, wanted: Due) -> None:
    await due.nothing_due(uow.db, claim)
    if wanted.encounter is not None:
        await become(uow, claim, wanted.encounter, origin=Origin.load(claim.origin))
    elif claim.state is not State.VOIDED:
        await void_here(uow, claim, "visit-voided")


async def become(
    uow: UnitOfWork, claim: Claim, encounter: EncounterPosted, *, origin: Origin | None = None
) -> None:
    """The claim, which no payer has, is for another state of its visit now."""
    await take_back(uow, claim, origin=origin)
    changed = as_of(claim, encounter, origin=(origin or uow.origin).dump())
    await store.change_claim(uow, changed, encounter)
    await advance(uow, changed, encounter)


async def void_here(uow: UnitOfWork, claim: Claim, reason: str) -> None:
    """The visit of a claim that no payer has is void."""
    claim = await take_back(uow, claim)
    await store.move(uow.db, claim, State.VOIDED, uow.now, origin=claim.origin, reason=reason)
