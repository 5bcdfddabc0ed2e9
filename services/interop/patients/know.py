"""Register a patient, or take over what changed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from libs.events.transport import UnitOfWork
from services.interop.connections.model import Connection
from services.interop.identity.match import match_patient
from services.interop.messages.model import Effects
from services.interop.patients import store
from services.interop.patients.model import KnownPatient, ToldPatient, decide
from services.interop.patients.store import KeptPatient


@dataclass(frozen=True, slots=True)
class Met:
    """A patient as they are kept once a message told of them, locked."""

    kept: KeptPatient = field(repr=False)
    is_new: bool
    is_linked: bool = False
    """It was found to be one patient with another chart, and may go by that one now."""


async def know_patient(
    told: ToldPatient,
    *,
    connection: Connection,
    uow: UnitOfWork,
    effects: Effects,
) -> Met:
    """What is known once this message is taken; nothing is said where it is not new.

    A message under the number of a merged chart is about the survivor.
    """
    found = await store.lock_survivor(uow, told.patient.patient_id)
    if found is None:
        new, event = decide(None, told)
        kept = KeptPatient(new, connection.source_system, told.coverage_is_told)
        if await store.add_patient(uow, kept):
            assert event is not None, "who is new is told of"
            effects.events.append(event)
            links = await match_patient(kept, uow, is_new=True)
            effects.events += links
            return Met(kept, is_new=True, is_linked=bool(links))
        found = await store.lock_survivor(uow, told.patient.patient_id)
        assert found is not None, "another message was faster"
    return await _change(found, told, uow, effects)


async def _change(found: KeptPatient, told: ToldPatient, uow: UnitOfWork, effects: Effects) -> Met:
    now_known, event = decide(found.patient, replace(told, patient=_as(found.patient, told)))
    kept = KeptPatient(
        now_known, found.source_system, found.coverage_is_told or told.coverage_is_told
    )
    if kept != found:
        await store.change_patient(uow, kept)
    if event is None:
        return Met(kept, is_new=False)
    effects.events.append(event)
    links = await match_patient(kept, uow)
    effects.events += links
    return Met(kept, is_new=False, is_linked=bool(links))


def _as(known: KnownPatient, told: ToldPatient) -> KnownPatient:
    """A survivor keeps their own chart number."""
    if known.patient_id == told.patient.patient_id:
        return told.patient
    return replace(told.patient, patient_id=known.patient_id, mrn=known.mrn)
