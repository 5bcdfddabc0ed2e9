"""An appointment, as its EHR's schedule has it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID, uuid5

from libs.events.contracts.interop import AppointmentBooked, AppointmentMissed
from libs.events.contracts.values import AppointmentId, PatientId, PracticeId


@dataclass(frozen=True, slots=True)
class Appointment:
    """One expected visit; `starts_on` is the day in the connection's time zone."""

    practice_id: UUID
    appointment_id: UUID
    patient_id: UUID
    provider_npi: str | None
    starts_at: datetime
    starts_on: date
    state: Literal["booked", "missed"] = "booked"

    def booked(self) -> AppointmentBooked:
        return AppointmentBooked(
            practice_id=PracticeId(self.practice_id),
            appointment_id=AppointmentId(self.appointment_id),
            patient_id=PatientId(self.patient_id),
            provider_npi=self.provider_npi,
            starts_at=self.starts_at,
            starts_on=self.starts_on,
        )

    def missed(self) -> AppointmentMissed:
        return AppointmentMissed(
            practice_id=PracticeId(self.practice_id),
            appointment_id=AppointmentId(self.appointment_id),
            patient_id=PatientId(self.patient_id),
            starts_on=self.starts_on,
        )

    def same_booking_as(self, other: Appointment) -> bool:
        """Whoever, whenever and with whom agree, however far either has come."""
        return (self.patient_id, self.provider_npi, self.starts_at, self.starts_on) == (
            other.patient_id,
            other.provider_npi,
            other.starts_at,
            other.starts_on,
        )


def appointment_id_of(practice_id: UUID, source_system: str, reference: str) -> AppointmentId:
    """The same reference of the same EHR in the same practice is the same appointment."""
    return AppointmentId(uuid5(practice_id, json.dumps(["appointment", source_system, reference])))
