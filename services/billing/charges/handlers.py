"""A posted visit becomes a claim: priced, and on its way as far as the facts allow.

A corrected or voided visit changes its claim while no payer has it; after that, what the payer has
is replaced or voided there, and until that is sent, it stands.
"""

from __future__ import annotations

from uuid import UUID

from libs.events.contracts.interop import EncounterCorrected, EncounterPosted, EncounterVoided
from libs.events.transport import UnitOfWork
from services.billing.claims import due, store
from services.billing.claims.change import become, void_here
from services.billing.claims.correcting import never_taken_in
from services.billing.claims.model import (
    Claim,
    State,
    claim_for,
    claim_id_of,
    control_number_of,
)
from services.billing.claims.release import advance, release_held_claims
from services.billing.coordination.late import learn_coverages
from services.billing.coordination.model import are_further_payers
from services.billing.eligibility.ask import ask_about_visit


async def post_charges(encounter: EncounterPosted, uow: UnitOfWork) -> None:
    """Open the visit's claim; what it waits for, if anything, is decided by `advance`."""
    await store.lock_standing(uow.db, uow.practice_id)
    await _open(encounter, uow)


async def correct_charges(corrected: EncounterCorrected, uow: UnitOfWork) -> None:
    """Take the charges back and post them anew; what a payer has is replaced there."""
    encounter = corrected.as_posted()
    await store.lock_standing(uow.db, uow.practice_id)
    claim = await _lock(encounter.encounter_id, uow)
    if claim is None:  # its posting was given up here, which does not hold for what is said now
        await _open(encounter, uow)
    elif never_taken_in(claim):
        await due.nothing_due(uow.db, claim)
        await ask_about_visit(uow, encounter)
        await become(uow, claim, encounter)
        await _look_again(claim, uow)
    else:
        await _correct_at_payer(uow, claim, encounter)


async def void_charges(voided: EncounterVoided, uow: UnitOfWork) -> None:
    """Take the charges back; what a payer has is voided there."""
    await store.lock_standing(uow.db, uow.practice_id)
    claim = await _lock(voided.encounter_id, uow)
    if claim is None or claim.state is State.VOIDED:
        return
    if never_taken_in(claim):
        await due.nothing_due(uow.db, claim)
        await void_here(uow, claim, voided.reason)
        await _look_again(claim, uow)
    else:
        await due.void_due(uow, claim, voided.event_id)


async def _correct_at_payer(uow: UnitOfWork, claim: Claim, encounter: EncounterPosted) -> None:
    """A payer has the claim: it is told, unless it is none of its business."""
    as_sent = await store.read_encounter(uow, claim)
    if claim.state is State.VOID_SENT:
        await due.replacement_due(uow, claim, encounter)
    elif as_sent == encounter:
        await due.nothing_due(uow.db, claim)  # back to what the payer has
    elif are_further_payers(claim, as_sent, encounter):
        await due.nothing_due(uow.db, claim)
        await learn_coverages(uow, claim, encounter, encounter.event_id)
    else:
        await due.replacement_due(uow, claim, encounter)


async def _open(encounter: EncounterPosted, uow: UnitOfWork) -> None:
    count = await store.next_number(uow.db, uow.practice_id, "claim")
    number = control_number_of(count, uow.practice_id)
    claim = claim_for(encounter, number, origin=uow.origin.dump())
    await store.add_claim(uow, claim, encounter)
    await ask_about_visit(uow, encounter)
    await advance(uow, claim, encounter)


async def _lock(encounter_id: UUID, uow: UnitOfWork) -> Claim | None:
    return await store.lock(uow.db, uow.practice_id, claim_id_of(encounter_id))


async def _look_again(claim: Claim, uow: UnitOfWork) -> None:
    """Another claim of the patient may have waited because this one was the same."""
    assert claim.patient_id is not None
    await release_held_claims(uow, patients=[claim.patient_id])
