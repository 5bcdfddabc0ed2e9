"""Create and change subscriptions: load, decide, save, and have sent what follows."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from libs.events.transport import UnitOfWork
from services.interop.connections.model import Connection
from services.interop.fhir.model import Entry, refuse
from services.interop.fhir.people import read_chart
from services.interop.fhir.store import find_resources, lock_source
from services.interop.fhir.strict import read_json
from services.interop.fhir.versions import write_json
from services.interop.patients.model import patient_id_of
from services.interop.patients.store import is_known
from services.interop.subscriptions import store
from services.interop.subscriptions.model import (
    MOST_SUBSCRIPTIONS,
    Asked,
    Subscription,
    decide_asked,
)
from services.interop.subscriptions.send import set_end, set_handshake, set_heartbeat


async def create_subscription(
    asked: Asked, base: str, connection: Connection, uow: UnitOfWork
) -> Subscription:
    """The same again is the same subscription, asked for once more: a lost answer makes no two."""
    await lock_source(uow, connection.source_system)
    known = None
    ids = _ids(asked, connection, uow)
    for one in ids:
        known = known or await store.lock_subscription(uow, one)
    if known is None:
        count = await store.count_subscriptions(uow, connection.connection_id)
        if count >= MOST_SUBSCRIPTIONS:
            fix = f"delete one that you do not need: {MOST_SUBSCRIPTIONS} is the most"
            refuse("too-many-subscriptions", "Subscription", fix)
        source = connection.source_system
        known = Subscription(ids[0], connection.connection_id, source, asked, base)
    return await _change(known, asked, base, uow)


def _ids(asked: Asked, connection: Connection, uow: UnitOfWork) -> list[UUID]:
    """The same body's, under each of the practice's keys: it holds secrets, so no plain hash."""
    said = f"{connection.connection_id} {write_json(asked.resource).decode()}"
    return [UUID(bytes=one) for one in uow.fingerprints(said, "subscription")]


async def update_subscription(
    id: UUID, asked: Asked, base: str, connection: Connection, uow: UnitOfWork
) -> Subscription | None:
    """None where the connection has no such subscription."""
    known = await store.lock_subscription(uow, id)
    if known is None or known.connection_id != connection.connection_id:
        return None
    return await _change(known, asked, base, uow)


async def _change(known: Subscription, asked: Asked, base: str, uow: UnitOfWork) -> Subscription:
    if asked.ends_at is not None and asked.ends_at <= uow.now:
        refuse("end", "Subscription.end", "send an end that is still to come, or leave it out")
    patient_id = None
    if asked.patient is not None:
        patient_id = await patient_of(asked.patient, known.source_system, uow)
        if patient_id is None:
            fix = "send the Patient first; then filter by its id"
            refuse("patient-unknown", "Subscription.criteria", fix)
    after = replace(
        decide_asked(known, asked), base=base, patient_id=patient_id, changed_at=uow.now
    )
    await store.save_subscription(uow, after)
    if after.activation != known.activation:
        await set_handshake(after, uow)
    elif after.asked.heartbeat_seconds != known.asked.heartbeat_seconds:
        await set_heartbeat(after, uow)
    if known.changed_at is None or after.asked.ends_at != known.asked.ends_at:
        await set_end(after, uow)
    return after


async def patient_of(id: str, source: str, uow: UnitOfWork) -> UUID | None:
    """The patient whose chart a Patient resource is; None where its EHR has sent none."""
    found = await find_resources(uow, source, [("Patient", id)])
    if not found:
        return None
    patient = Entry("Patient", "Patient", id, read_json(found[0].content, "Patient"))
    authority, number = read_chart(patient)
    patient_id = patient_id_of(uow.practice_id, authority or source, number)
    return patient_id if await is_known(uow.db, uow.practice_id, patient_id) else None
