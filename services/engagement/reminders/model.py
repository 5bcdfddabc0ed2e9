"""When a patient is reminded of an appointment; pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar
from uuid import UUID

from libs.events.contracts.engagement import MessageFailed, MessageSent
from libs.events.contracts.values import AppointmentId, MessageId, PatientId, PracticeId
from services.engagement.outreach.model import Message, Text
from services.engagement.patients.model import Patient
from services.engagement.practices.model import Practice
from services.engagement.reminders.text import write_reminder

AHEAD = timedelta(hours=24)
"""A reminder goes out a day before the appointment."""


@dataclass(frozen=True, slots=True)
class Reminder(Message):
    """A reminder of one appointment."""

    table: ClassVar[str] = "message"
    timer: ClassVar[str] = "send-message"

    appointment_id: UUID
    starts_at: datetime

    def ends_at(self) -> datetime:
        return self.starts_at

    def due_at(self, practice: Practice, now: datetime) -> datetime:
        return max(now, self.starts_at - AHEAD)

    def about(self) -> tuple[str, ...]:
        return str(self.appointment_id), str(self.patient_id)

    def write(self, patient: Patient, practice: Practice, unsubscribe_url: str) -> Text:
        return write_reminder(
            language=patient.language,
            given=patient.given or "",
            practice=practice.name,
            starts_at=self.starts_at,
            time_zone=practice.time_zone,
            unsubscribe_url=unsubscribe_url,
        )

    def sent(self, practice_id: PracticeId) -> MessageSent:
        return MessageSent(
            practice_id=practice_id,
            message_id=MessageId(self.message_id),
            patient_id=PatientId(self.patient_id),
            appointment_id=AppointmentId(self.appointment_id),
            channel=self.channel,
            purpose="appointment-reminder",
        )

    def failed(self, practice_id: PracticeId, reason: str) -> MessageFailed:
        return MessageFailed(
            practice_id=practice_id,
            message_id=MessageId(self.message_id),
            patient_id=PatientId(self.patient_id),
            appointment_id=AppointmentId(self.appointment_id),
            channel=self.channel,
            purpose="appointment-reminder",
            reason=reason,
        )
