"""Register a patient, or take over what changed."""

from __future__ import annotations

from dataclasses import replace

from libs.events.transport import UnitOfWork
from services.interop.connections.model import Connection
from services.interop.messages.model import Effects
from services.interop.patients import store
from services.interop.patients.model import KnownPatient


async def know_patient(
    told: KnownPatient,
    *,
    coverage_is_told: bool,
    connection: Connection,
    uow: UnitOfWork,
    effects: Effects,
) -> KnownPatient:
    """What is known of the patient once this message is taken; nothing is said where it is not new.

    A message that says nothing of coverage leaves it as it was.
    """
    if await store.add_patient(uow, told, connection.source_system):
        effects.events.append(told.registered())
        return told
    found = await store.lock_patient(uow, told.patient_id)
    assert found is not None
    known, _ = found
    now_known = told if coverage_is_told else replace(told, coverage=known.coverage)
    if now_known != known:
        await store.change_patient(uow, now_known)
        effects.events.append(now_known.updated())
    return now_known
