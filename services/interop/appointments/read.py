"""From what an EHR's schedule wrote to an appointment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.interop.appointments.model import Appointment, appointment_id_of
from services.interop.connections.model import Connection
from services.interop.encounters.read import ProviderFacts, npi_of
from services.interop.patients.model import KnownPatient


@dataclass(frozen=True, slots=True)
class AppointmentFacts:
    """A booking; `starts_at` without an offset is in the connection's time zone."""

    reference: str
    starts_at: datetime
    providers: tuple[ProviderFacts, ...]
    where: str


def read_appointment(
    facts: AppointmentFacts, patient: KnownPatient, connection: Connection
) -> Appointment:
    starts_at = facts.starts_at
    if starts_at.tzinfo is None:
        starts_at = starts_at.replace(tzinfo=connection.zone)
    return Appointment(
        practice_id=connection.practice_id,
        appointment_id=appointment_id_of(
            connection.practice_id, connection.source_system, facts.reference
        ),
        patient_id=patient.patient_id,
        provider_npi=npi_of(facts.providers, connection),
        starts_at=starts_at,
        starts_on=starts_at.astimezone(connection.zone).date(),
    )
