"""Register a patient, or take over what changed."""

from __future__ import annotations

from dataclasses import replace

from libs.events.transport import UnitOfWork
from services.interop.connections.model import Connection
from services.interop.identity.follow import about_survivor
from services.interop.identity.match import match_patient
from services.interop.messages.model import Effects
from services.interop.patients import store
from services.interop.patients.model import KnownPatient, ToldPatient, decide


async def know_patient(
    told: ToldPatient,
    *,
    connection: Connection,
    uow: UnitOfWork,
    effects: Effects,
) -> KnownPatient:
    """What is known once this message is taken; nothing is said where it is not new.

    A message under the number of a merged chart is about the survivor.
    """
    source_system = connection.source_system
    told = replace(told, patient=await about_survivor(told.patient, uow))
    now_known, event = decide(None, told)
    if not await store.add_patient(uow, now_known, source_system):
        found = await store.lock_patient(uow, now_known.patient_id)
        assert found is not None
        known, source_system = found
        now_known, event = decide(known, told)
        if event is not None:
            await store.change_patient(uow, now_known)
    if event is not None:
        effects.events.append(event)
        effects.events += await match_patient(now_known, source_system, uow)
    return now_known
