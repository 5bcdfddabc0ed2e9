"""Take a visit, first, again, changed or taken back; one that lacks something waits for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from libs.events.contracts import Event
from libs.events.transport import UnitOfWork
from services.interop.connections.model import Connection
from services.interop.connections.store import find_connection
from services.interop.encounters import store
from services.interop.encounters.decide import About, Decision, Known, decide, look_again
from services.interop.encounters.model import ToldVisit, ToldVoid, Visit
from services.interop.encounters.store import KeptEncounter
from services.interop.encounters.translate import translator
from services.interop.messages.model import Effects
from services.interop.messages.store import lock_message, settle_message
from services.interop.patients.store import KeptPatient, find_patient
from services.interop.queries import asking
from services.interop.queries.store import queries_of
from services.interop.writeback.store import keep_reference


async def post_visit(
    told: ToldVisit,
    patient: KeptPatient,
    *,
    message_id: UUID,
    connection: Connection,
    uow: UnitOfWork,
    effects: Effects,
) -> None:
    """Post or correct the visit, or ask what it lacks. The same again, unchanged, does nothing.

    A visit that is told whole is taken for a new one first, as most are; whether it is one, the
    insert finds out.
    """
    about = _about(told.encounter_id, patient, connection, uow)
    kept = None if told.is_whole else await store.lock_encounter(uow, told.encounter_id)
    if kept is None:
        decision = decide(None, told, about)
        if decision.now is None:
            return  # all of it was credited in the message that told of it
        new = _row(decision, about, connection, message_id)
        if await store.add_encounter(uow, new, told.reference):
            await asking.ask(decision, about, connection, uow)
            effects.events.extend(decision.events)
            effects.waiting |= decision.waits
            return
        kept = await store.lock_encounter(uow, told.encounter_id)
        assert kept is not None
    await keep_reference(uow, told.encounter_id, told.reference)
    known = await _known(kept, uow)
    decision = decide(known, told, about)
    if decision.now == known:
        return
    await _save(decision, kept, about, connection, message_id, uow)
    effects.events.extend(decision.events)
    effects.waiting |= decision.waits


async def void_visit(
    told: ToldVoid,
    *,
    message_id: UUID,
    connection: Connection,
    uow: UnitOfWork,
    effects: Effects,
) -> None:
    """Take a visit back; of one that is not known there is nothing to take back."""
    kept = await store.lock_encounter(uow, told.encounter_id)
    if kept is None:
        return
    about = await _about_kept(kept, connection, uow)
    known = await _known(kept, uow)
    decision = decide(known, told, about)
    if decision.now != known:
        await _save(decision, kept, about, connection, message_id, uow)
        effects.events.extend(decision.events)


async def resume_visit(kept: KeptEncounter, uow: UnitOfWork) -> list[Event]:
    """Look at a waiting, locked visit again after an answer; what there is to say of it now."""
    if kept.state != "waiting":
        return []
    connection = await find_connection(uow.db, kept.practice_id, kept.connection_id)
    assert connection is not None
    about = await _about_kept(kept, connection, uow)
    known = await _known(kept, uow)
    decision = look_again(known, about)
    if decision.now == known:
        return []
    await _save(decision, kept, about, connection, kept.message_id, uow)
    return [*decision.events]


async def resume_visits_of(patient_id: UUID, uow: UnitOfWork, effects: Effects) -> None:
    """Who pays for the patient is known now: look at the visits again that waited for it."""
    for encounter_id in await store.list_waiting_of(uow.db, uow.practice_id, patient_id):
        kept = await store.lock_encounter(uow, encounter_id)
        if kept is not None:
            effects.events.extend(await resume_visit(kept, uow))


async def _known(kept: KeptEncounter, uow: UnitOfWork) -> Known:
    open_questions, answers = await queries_of(uow.db, kept.practice_id, kept.encounter_id)
    return Known(
        patient_id=kept.patient_id,
        visit=Visit.model_validate_json(kept.visit),
        state=kept.state,
        standing=kept.standing,
        was_posted=kept.was_posted,
        open=open_questions,
        answers=answers,
    )


async def _about_kept(kept: KeptEncounter, connection: Connection, uow: UnitOfWork) -> About:
    """With the patient as the practice knows them now."""
    patient = await find_patient(uow, kept.patient_id)
    assert patient is not None
    return _about(kept.encounter_id, patient, connection, uow)


def _about(encounter_id: UUID, kept: KeptPatient, connection: Connection, uow: UnitOfWork) -> About:
    patient, profile = kept.patient, connection.profile
    today = uow.now.astimezone(connection.zone).date()
    return About(
        practice_id=uow.practice_id,
        encounter_id=encounter_id,
        connection_id=connection.connection_id,
        patient=patient,
        is_coverage_known=patient.coverage is not None
        or profile.no_coverage_is_self_pay
        or kept.coverage_is_told,
        translate=translator(profile),
        due_on=today + timedelta(days=profile.query_due_days),
    )


def _row(
    decision: Decision, about: About, connection: Connection, message_id: UUID
) -> KeptEncounter:
    now = decision.now
    assert now is not None
    return KeptEncounter(
        practice_id=about.practice_id,
        encounter_id=about.encounter_id,
        connection_id=connection.connection_id,
        message_id=message_id,
        source_system=connection.source_system,
        patient_id=now.patient_id,
        service_on=(now.standing or now.visit).service_on,
        visit=now.visit.model_dump_json(),
        state=now.state,
        standing=now.standing,
    )


async def _save(
    decision: Decision,
    before: KeptEncounter,
    about: About,
    connection: Connection,
    message_id: UUID,
    uow: UnitOfWork,
) -> None:
    """Write how a locked visit stands now; the message that it waited with may wait no more."""
    row = replace(_row(decision, about, connection, message_id), source_system=before.source_system)
    await store.change_encounter(uow, row)
    await asking.ask(decision, about, connection, uow)
    if before.state == "waiting":
        await _settle(before.message_id, uow)


async def _settle(message_id: UUID, uow: UnitOfWork) -> None:
    await lock_message(uow.db, uow.practice_id, message_id)  # two visits may end their wait
    if not await store.is_message_waiting(uow.db, uow.practice_id, message_id):
        await settle_message(uow.db, uow.practice_id, message_id, "accepted")
