"""Look for a patient among the charts of the practice's other systems."""

from __future__ import annotations

from uuid import UUID

from libs.events.contracts import Event
from libs.events.transport import UnitOfWork
from services.interop.identity import reviews
from services.interop.identity.merge import merge_charts
from services.interop.identity.model import Match, decide_matches
from services.interop.identity.store import lock_identity
from services.interop.patients.matching import Traits, blocking_keys, compare, traits_of
from services.interop.patients.store import KeptPatient, find_patient


async def match_patient(kept: KeptPatient, uow: UnitOfWork, *, is_new: bool = False) -> list[Event]:
    """A person is asked about who may be the same; merged by itself only where that is allowed.

    Never across practices: another practice's rows are neither seen nor found by its key.
    """
    patient, source_system = kept.patient, kept.source_system
    traits = traits_of(patient.person, patient.coverage)
    prints = [uow.fingerprints(key, "patient") for key in blocking_keys(traits)]
    if not is_new:
        await reviews.forget_fingerprints(uow, patient.patient_id)
    newest = [one for one, *_ in prints]
    if not await reviews.keep_fingerprints(uow, patient.patient_id, newest, source_system):
        return []  # the practice has no other system
    await lock_identity(uow.db, uow.practice_id)  # of two charts that come at once, one sees both
    every = [one for of_key in prints for one in of_key]
    candidates = await reviews.find_candidates(uow, every, not_of=source_system)
    if not candidates:
        return []
    found = [
        Match(survivor_id, compare(traits, await _traits(chart_id, uow)))
        for chart_id, survivor_id in candidates
    ]
    merges, asked = decide_matches(
        patient.patient_id,
        found,
        apart=await reviews.find_apart(uow.db, uow.practice_id, patient.patient_id),
        automatic=await reviews.links_automatically(uow.db, uow.practice_id),
    )
    for match in asked:
        await reviews.open_review(uow, patient.patient_id, match)
    return await merge_charts(merges, uow) if merges else []


async def _traits(chart_id: UUID, uow: UnitOfWork) -> Traits:
    found = await find_patient(uow, chart_id)
    assert found is not None
    return traits_of(found.patient.person, found.patient.coverage)
