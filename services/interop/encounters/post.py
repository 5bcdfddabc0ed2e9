"""Post a visit once it says all that a claim needs; until then it waits for its clinician."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from libs.events.contracts import Event
from libs.events.contracts.interop import QueryOpened
from libs.events.contracts.values import ConnectionId, EncounterId, PracticeId
from libs.events.transport import UnitOfWork
from services.interop.connections.model import Connection
from services.interop.connections.store import find_connection
from services.interop.encounters import store
from services.interop.encounters.model import Complete, Visit, complete, posted
from services.interop.encounters.store import KeptEncounter
from services.interop.encounters.translate import translator
from services.interop.messages.model import Effects, Refusal, RefusedError
from services.interop.messages.store import add_message_events, lock_message, settle_message
from services.interop.patients.store import find_patient
from services.interop.queries.store import add_query, answers_of


@dataclass(frozen=True, slots=True)
class ToldVisit:
    """A visit and whose it is; `where` is its place in the message, for refusals."""

    encounter_id: UUID
    patient_id: UUID
    visit: Visit
    where: str
    reference: str = field(repr=False)
    """The EHR's own number of the visit."""


async def post_visit(
    told: ToldVisit,
    *,
    message_id: UUID,
    connection: Connection,
    uow: UnitOfWork,
    effects: Effects,
) -> None:
    """Post the visit, or ask what it lacks. The same visit again, unchanged, does nothing."""
    found = complete(told.visit, translator(connection.profile), answers={})
    kept = KeptEncounter(
        practice_id=uow.practice_id,
        encounter_id=told.encounter_id,
        connection_id=connection.connection_id,
        message_id=message_id,
        source_system=connection.source_system,
        patient_id=told.patient_id,
        service_on=told.visit.service_on,
        visit=told.visit.model_dump_json(),
        state="posted" if isinstance(found, Complete) else "waiting",
    )
    if not await store.add_encounter(uow, kept):
        await refuse_changes(kept, told.where, uow)
        return
    if isinstance(found, Complete):
        effects.events.append(await _posted(kept, told.visit, found, uow))
        return
    effects.waiting = True
    for question in found:
        query_id = question.id_for(kept.encounter_id)
        await add_query(
            uow.db,
            practice_id=uow.practice_id,
            query_id=query_id,
            encounter_id=kept.encounter_id,
            connection_id=kept.connection_id,
            question=question,
            service_on=kept.service_on,
            at=uow.now,
        )
        effects.events.append(
            QueryOpened(
                practice_id=PracticeId(uow.practice_id),
                query_id=query_id,
                encounter_id=EncounterId(kept.encounter_id),
                connection_id=ConnectionId(kept.connection_id),
                reason=question.reason,
                code_system=question.system,
                code=question.code,
                service_on=kept.service_on,
            )
        )


async def refuse_changes(told: KeptEncounter, where: str, uow: UnitOfWork) -> None:
    """Raise RefusedError where a visit that is known already comes with other content."""
    known = await store.lock_encounter(uow, told.encounter_id)
    assert known is not None
    unchanged = known.visit == told.visit and known.patient_id == told.patient_id
    if unchanged and known.source_system == told.source_system:
        return
    if known.state == "waiting":
        raise RefusedError(
            Refusal(
                code="encounter-waiting",
                where=where,
                fix="this visit is kept and waits for its clinician's answers; "
                "answer its queries, changes of a visit are not taken yet",
            )
        )
    raise RefusedError(
        Refusal(
            code="encounter-already-posted",
            where=where,
            fix="this visit was posted with other content; "
            "corrections come with a later message type, a person has this one",
        )
    )


async def resume_visit(kept: KeptEncounter, uow: UnitOfWork) -> None:
    """Look at a waiting, locked visit again after an answer; post it when nothing is open."""
    if kept.state != "waiting":
        return
    connection = await find_connection(uow.db, kept.practice_id, kept.connection_id)
    assert connection is not None
    visit = Visit.model_validate_json(kept.visit)
    answers = await answers_of(uow.db, kept.practice_id, kept.encounter_id)
    found = complete(visit, translator(connection.profile), answers)
    if not isinstance(found, Complete):
        return
    await store.mark_posted(uow.db, kept, uow.now)
    event = await _posted(kept, visit, found, uow)
    await uow.publish(event)
    await add_message_events(uow.db, kept.practice_id, kept.message_id, [event])
    await lock_message(uow.db, kept.practice_id, kept.message_id)  # two visits may end their wait
    if not await store.is_message_waiting(uow.db, kept.practice_id, kept.message_id):
        await settle_message(uow.db, kept.practice_id, kept.message_id, "accepted")


async def _posted(kept: KeptEncounter, visit: Visit, found: Complete, uow: UnitOfWork) -> Event:
    """The event, with the patient as the practice knows them now."""
    found_patient = await find_patient(uow, kept.patient_id)
    assert found_patient is not None
    known, _ = found_patient
    return posted(
        visit,
        found,
        practice_id=kept.practice_id,
        encounter_id=kept.encounter_id,
        patient=known,
    )
