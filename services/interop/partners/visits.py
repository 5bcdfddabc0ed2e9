"""A partner's visit: posted once, then corrected and voided by events that say so."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from libs.events.contracts.interop import EncounterCorrected, EncounterPosted, EncounterVoided
from libs.events.transport import UnitOfWork
from services.interop.connections.model import Connection
from services.interop.encounters.decide import correction, replaced
from services.interop.encounters.store import (
    KeptEncounter,
    add_encounter,
    change_encounter,
    lock_encounter,
)
from services.interop.messages.model import Effects, Refusal, RefusedError

WHERE = "data.encounter_id"


async def post_visit(
    event: EncounterPosted,
    message_id: UUID,
    connection: Connection,
    uow: UnitOfWork,
    effects: Effects,
) -> None:
    """Post it once; with other content it is refused: a correction is an event of its own."""
    kept = _kept(event, message_id, connection)
    if await add_encounter(uow, kept):
        effects.events.append(event)
        return
    known = await lock_encounter(uow, event.encounter_id)
    assert known is not None
    if known.source_system != connection.source_system or _standing(known) != event:
        raise RefusedError(
            Refusal(
                "encounter-already-posted",
                WHERE,
                "this visit was posted with other content, or voided; "
                "send interop.encounter-corrected.v1",
            )
        )


async def correct_visit(
    event: EncounterCorrected,
    message_id: UUID,
    connection: Connection,
    uow: UnitOfWork,
    effects: Effects,
) -> None:
    """Take the whole new state; what it replaces is what we know, whatever was sent."""
    known = await _lock(event.encounter_id, connection, uow)
    now = event.as_posted()
    if _standing(known) == now:
        return
    await change_encounter(uow, _kept(now, message_id, connection))
    effects.events.append(correction(now, known.standing))


async def void_visit(
    event: EncounterVoided,
    message_id: UUID,
    connection: Connection,
    uow: UnitOfWork,
    effects: Effects,
) -> None:
    """Take the visit back, once."""
    known = await _lock(event.encounter_id, connection, uow)
    if known.patient_id != event.patient_id:
        raise RefusedError(_unknown())
    if known.standing is None:
        return
    gone = replace(known, state="voided", standing=None, message_id=message_id)
    await change_encounter(uow, gone)
    said = event.model_copy(update={"replaces": replaced(known.standing)})
    effects.events.append(said.with_event_id(event.event_id))


def _standing(known: KeptEncounter) -> EncounterPosted | None:
    """What was posted last, said of the patient as they are known now."""
    if known.standing is None:
        return None
    said = known.standing.model_copy(update={"patient_id": known.patient_id})
    return said.with_event_id(known.standing.event_id)


async def _lock(encounter_id: UUID, connection: Connection, uow: UnitOfWork) -> KeptEncounter:
    known = await lock_encounter(uow, encounter_id)
    if known is None or known.source_system != connection.source_system:
        raise RefusedError(_unknown())
    return known


def _unknown() -> Refusal:
    return Refusal(
        "encounter-unknown",
        WHERE,
        "no such visit of this patient was posted from this system; send "
        "interop.encounter-posted.v1 first",
    )


def _kept(event: EncounterPosted, message_id: UUID, connection: Connection) -> KeptEncounter:
    return KeptEncounter(
        practice_id=event.practice_id,
        encounter_id=event.encounter_id,
        connection_id=connection.connection_id,
        message_id=message_id,
        source_system=connection.source_system,
        patient_id=event.patient_id,
        service_on=event.service_on,
        visit=event.model_dump_json(),
        state="posted",
        standing=event,
    )
