"""Take a partner's event: checked against its contract, stored, and published as ours."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any, cast
from uuid import UUID, uuid5

from pydantic import ValidationError

from libs.events.contracts.interop import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentChanged,
    AppointmentCompleted,
    AppointmentMissed,
    EncounterCorrected,
    EncounterPosted,
    EncounterVoided,
    PatientMerged,
    PatientRegistered,
    PatientUnmerged,
    PatientUpdated,
)
from libs.events.transport import UnitOfWork
from libs.events.transport.faults import UnreadableEventError
from services.interop.appointments.model import (
    Act,
    Appointment,
    AppointmentEvent,
    ToldAppointment,
)
from services.interop.appointments.schedule import take_appointment
from services.interop.connections.model import Connection
from services.interop.identity.follow import (
    about_survivor,
    appointment_of_survivor,
    file_for_survivor,
    survivor_of,
)
from services.interop.identity.match import match_patient
from services.interop.identity.merge import merge_charts, part_charts
from services.interop.identity.model import Merge, Parting
from services.interop.messages.model import Effects, Refusal, RefusedError
from services.interop.messages.receive import refusals_of
from services.interop.partners.model import TAKEN, AboutPatient, PartnerEvent
from services.interop.partners.visits import correct_visit, post_visit, void_visit
from services.interop.patients.model import KnownPatient
from services.interop.patients.store import (
    KeptPatient,
    add_patient,
    change_patient,
    find_patient,
    is_known,
    lock_patient,
)


def read_contract(told: PartnerEvent, connection: Connection, uow: UnitOfWork) -> AboutPatient:
    """The event by its contract, of the key's practice; raises RefusedError."""
    contract = TAKEN.get(told.type)
    if contract is None:
        raise RefusedError(
            Refusal("unknown-type", "type", f"types taken here: {', '.join(sorted(TAKEN))}")
        )
    try:
        event = contract.model_validate_json(_opened(told, contract, uow))
    except ValidationError as error:
        raise RefusedError(*refusals_of(error, "data")) from None
    practice = str(connection.practice_id)
    if event.practice_id != connection.practice_id or told.practice_id not in (None, practice):
        raise RefusedError(
            Refusal("practice-mismatch", "data.practice_id", "send the practice of this key")
        )
    _check_key(told, event)
    event.with_event_id(uuid5(connection.connection_id, told.control_id))
    return event


def _opened(told: PartnerEvent, contract: type[AboutPatient], uow: UnitOfWork) -> bytes:
    """The data in clear; a partner that has the practice's key may seal what is marked."""
    data = told.data.encode()
    found = json.loads(data)
    if not isinstance(found, dict):
        return data  # for the contract to refuse
    aggregate = str(cast(dict[str, Any], found).get(contract.key))
    try:
        return uow.open_marked(contract, data, aggregate)
    except UnreadableEventError as error:
        raise RefusedError(Refusal("does-not-open", "data", str(error))) from None


def _check_key(told: PartnerEvent, event: AboutPatient) -> None:
    """What is taken here is about one patient; on Kafka, order holds within a key only."""
    if told.key not in (None, str(event.patient_id).encode()):
        raise RefusedError(
            Refusal(
                "wrong-key",
                "key",
                "key the record by data.patient_id, so that a patient's events keep their order",
            )
        )


async def take_event(
    event: AboutPatient,
    *,
    message_id: UUID,
    connection: Connection,
    uow: UnitOfWork,
    effects: Effects,
) -> None:
    """Store what the event says and publish it, unless it was known; raises RefusedError."""
    match event:
        case PatientMerged():
            await _own_patients([event.patient_id, event.survivor_id], connection, uow)
            merge = Merge(event.patient_id, event.survivor_id, "data.patient_id")
            effects.events += await merge_charts([merge], uow)
        case PatientUnmerged():
            await _own_patients([event.patient_id, event.survivor_id], connection, uow)
            parting = Parting(event.patient_id, event.survivor_id, "data.patient_id")
            effects.events += await part_charts(parting, uow)
        case PatientRegistered():
            await _register(event, connection, uow, effects)
        case PatientUpdated():
            await _update(event, connection, uow, effects)
        case EncounterPosted() | EncounterCorrected():
            _check_visit(event)
            await _patient_must_be_known(event.patient_id, uow)
            patient_id = await file_for_survivor(event.encounter_id, event.patient_id, uow)
            event = event.model_copy(update={"patient_id": patient_id})
            if isinstance(event, EncounterPosted):
                await post_visit(event, message_id, connection, uow, effects)
            else:
                await correct_visit(event, message_id, connection, uow, effects)
        case EncounterVoided():
            patient_id = await survivor_of(uow.db, uow.practice_id, event.patient_id)
            event = event.model_copy(update={"patient_id": patient_id})
            await void_visit(event, message_id, connection, uow, effects)
        case _:
            if isinstance(event, AppointmentBooked):
                await _patient_must_be_known(event.patient_id, uow)
            told = await appointment_of_survivor(_appointment(event, connection), uow)
            await take_appointment(told, connection=connection, uow=uow, effects=effects)


def _known(event: PatientRegistered | PatientUpdated) -> KnownPatient:
    return KnownPatient(
        practice_id=event.practice_id,
        patient_id=event.patient_id,
        mrn=event.mrn,
        person=event.person,
        coverage=event.coverage,
    )


async def _register(
    event: PatientRegistered, connection: Connection, uow: UnitOfWork, effects: Effects
) -> None:
    told = KeptPatient(_known(event), connection.source_system, coverage_is_told=False)
    if await add_patient(uow, told):
        effects.events.append(event)
        effects.events += await match_patient(told, uow, is_new=True)
        return
    found = await lock_patient(uow, event.patient_id)
    if found is None or (found.patient, found.source_system) != (told.patient, told.source_system):
        raise RefusedError(
            Refusal(
                "patient-already-registered",
                "data.patient_id",
                "this patient is known with other content; send interop.patient-updated.v1",
            )
        )


async def _update(
    event: PatientUpdated, connection: Connection, uow: UnitOfWork, effects: Effects
) -> None:
    await _own_patients([event.patient_id], connection, uow)
    told = await about_survivor(_known(event), uow)
    found = await lock_patient(uow, told.patient_id)
    assert found is not None
    if found.patient != told:
        kept = replace(found, patient=told)
        await change_patient(uow, kept)
        effects.events.append(told.updated().with_event_id(event.event_id))
        effects.events += await match_patient(kept, uow)


def _appointment(event: AppointmentEvent, connection: Connection) -> ToldAppointment:
    return ToldAppointment(
        acts=(_act(event),),
        appointment_id=event.appointment_id,
        patient_id=event.patient_id,
        where="data.appointment_id",
        booking=_booking(event, connection)
        if isinstance(event, AppointmentBooked | AppointmentChanged)
        else None,
    )


def _act(event: AppointmentEvent) -> Act:
    match event:
        case AppointmentBooked():
            return "book"
        case AppointmentChanged():
            return "change"
        case AppointmentCancelled():
            return "cancel" if event.reason == "cancelled" else "delete"
        case AppointmentMissed():
            return "miss"
        case AppointmentCompleted():
            return "complete"


def _booking(event: AppointmentBooked | AppointmentChanged, connection: Connection) -> Appointment:
    starts_at: datetime = event.starts_at
    if starts_at.astimezone(connection.zone).date() != event.starts_on:
        raise RefusedError(
            Refusal(
                "day-mismatch",
                "data.starts_on",
                "send the day of starts_at in the connection's time zone",
            )
        )
    return Appointment(
        practice_id=event.practice_id,
        appointment_id=event.appointment_id,
        patient_id=event.patient_id,
        provider_npi=event.provider_npi,
        starts_at=starts_at,
        starts_on=event.starts_on,
    )


def _check_visit(event: EncounterPosted | EncounterCorrected) -> None:
    """What the contract's shape cannot say of a visit."""
    if event.source != "cloudevents":
        raise RefusedError(
            Refusal("wrong-source", "data.source", "events sent here have source cloudevents")
        )
    pointers = [pointer for line in event.lines for pointer in line.diagnosis_pointers]
    if any(p not in range(1, len(event.diagnoses) + 1) for p in pointers):
        raise RefusedError(
            Refusal(
                "pointer-without-diagnosis",
                "data.lines.diagnosis_pointers",
                "point at the encounter's diagnoses, counted from 1",
            )
        )
    if len({line.line_number for line in event.lines}) != len(event.lines):
        raise RefusedError(
            Refusal("line-number-twice", "data.lines.line_number", "number each line once")
        )


async def _own_patients(patient_ids: list[UUID], connection: Connection, uow: UnitOfWork) -> None:
    """What is told of a patient's chart is told by the system that registered it."""
    for patient_id in patient_ids:
        found = await find_patient(uow, patient_id)
        if found is None or found.source_system != connection.source_system:
            raise RefusedError(_unknown_patient())


async def _patient_must_be_known(patient_id: UUID, uow: UnitOfWork) -> None:
    if not await is_known(uow.db, uow.practice_id, patient_id):
        raise RefusedError(_unknown_patient())


def _unknown_patient() -> Refusal:
    return Refusal(
        "patient-unknown",
        "data.patient_id",
        "no such patient is registered from this system; send interop.patient-registered.v1 first",
    )
