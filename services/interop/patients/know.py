"""Register a patient, or take over what changed."""

from __future__ import annotations

from dataclasses import replace

from libs.events.transport import UnitOfWork
from services.interop.connections.model import Connection
from services.interop.identity.follow import about_survivor
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
    told = replace(told, patient=await about_survivor(told.patient, uow))
    now_known, event = decide(None, told)
    if not await store.add_patient(uow, now_known, connection.source_system):
        found = await store.lock_patient(uow, now_known.patient_id)
        assert found is not None
        now_known, event = decide(found[0], told)
        if event is not None:
            await store.change_patient(uow, now_known)
    if event is not None:
        effects.events.append(event)
    return now_known
