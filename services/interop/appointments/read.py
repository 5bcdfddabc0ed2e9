"""From what an EHR's schedule wrote to what it tells of an appointment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.interop.appointments.model import (
    Act,
    Appointment,
    ToldAppointment,
    appointment_id_of,
)
from services.interop.connections.model import Connection
from services.interop.encounters.model import encounter_id_of
from services.interop.encounters.read import ProviderFacts, npi_of
from services.interop.patients.model import KnownPatient


@dataclass(frozen=True, slots=True)
class AppointmentFacts:
    """An appointment as the EHR wrote it.

    `starts_at` without an offset is in the connection's time zone; None where the message need not
    say it, because it only ends the appointment.
    """

    reference: str
    starts_at: datetime | None
    providers: tuple[ProviderFacts, ...]
    where: str
    visit_number: str | None = None
    """The number of the visit that it is booked for, as the charges of that visit will have it."""
    numbers: tuple[str, str] | None = None
    """SCH-1 and SCH-2, where HL7 told it."""


def read_appointment(
    facts: AppointmentFacts, acts: tuple[Act, ...], patient: KnownPatient, connection: Connection
) -> ToldAppointment:
    appointment_id = appointment_id_of(
        connection.practice_id, connection.source_system, facts.reference
    )
    booking: Appointment | None = None
    if facts.starts_at is not None:
        starts_at = facts.starts_at
        if starts_at.tzinfo is None:
            starts_at = starts_at.replace(tzinfo=connection.zone)
        booking = Appointment(
            practice_id=connection.practice_id,
            appointment_id=appointment_id,
            patient_id=patient.patient_id,
            provider_npi=npi_of(facts.providers, connection),
            starts_at=starts_at,
            starts_on=starts_at.astimezone(connection.zone).date(),
            visit_id=encounter_id_of(
                connection.practice_id, connection.source_system, facts.visit_number
            )
            if facts.visit_number
            else None,
        )
    return ToldAppointment(
        acts=acts,
        appointment_id=appointment_id,
        patient_id=patient.patient_id,
        where=facts.where,
        booking=booking,
        provider_is_told=bool(facts.providers),
        numbers=facts.numbers,
    )
