"""When a patient is told that a statement is ready, and with which words; pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import ClassVar
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from libs.events.contracts.engagement import StatementNoticeFailed, StatementNoticeSent
from libs.events.contracts.values import MessageId, PatientId, PracticeId
from services.engagement.outreach.model import Message, Text
from services.engagement.patients.model import Language, Patient
from services.engagement.practices.model import Practice

TELL_WITHIN = timedelta(days=14)
"""Later than this a notice says nothing new."""


class NoticeSettings(BaseSettings):
    """ENGAGEMENT_NOTICES_FROM_HOUR, ENGAGEMENT_NOTICES_UNTIL_HOUR: the hours, on the practice's
    clocks, in which patients are told of bills."""

    model_config = SettingsConfigDict(env_prefix="ENGAGEMENT_NOTICES_", frozen=True)

    from_hour: int = Field(default=8, ge=0, le=23)
    until_hour: int = Field(default=20, ge=1, le=24)


SUBJECTS: dict[Language, str] = {"en": "A message for you", "es": "Un mensaje para usted"}
BODIES: dict[Language, str] = {
    "en": """Hello {given},

{practice} has a new document for you.
{where}
To get no more messages like this, reply STOP or open
{unsubscribe_url}
""",
    "es": """Hola, {given}:

{practice} tiene un nuevo documento para usted.
{where}
Para no recibir más mensajes como este, responda STOP o abra
{unsubscribe_url}
""",
}
WHERE: dict[Language, tuple[str, str]] = {
    "en": ("Read it here, after you sign in:\n{url}\n", "Please call the practice to get it.\n"),
    "es": (
        "Léalo aquí, después de identificarse:\n{url}\n",
        "Llame al consultorio para recibirlo.\n",
    ),
}


@dataclass(frozen=True, slots=True)
class Notice(Message):
    """A notice of one statement."""

    table: ClassVar[str] = "notice"
    timer: ClassVar[str] = "send-notice"

    statement_id: UUID
    portal_url: str | None
    until: datetime

    def ends_at(self) -> datetime:
        return self.until

    def due_at(self, practice: Practice, now: datetime) -> datetime:
        return awake_at(now, practice.time_zone, NoticeSettings())

    def about(self) -> tuple[str, ...]:
        return (str(self.patient_id),)

    def write(self, patient: Patient, practice: Practice, unsubscribe_url: str) -> Text:
        return write_notice(
            language=patient.language,
            given=patient.given or "",
            practice=practice.name,
            portal_url=self.portal_url,
            unsubscribe_url=unsubscribe_url,
        )

    def sent(self, practice_id: PracticeId) -> StatementNoticeSent:
        return StatementNoticeSent(
            practice_id=practice_id,
            message_id=MessageId(self.message_id),
            patient_id=PatientId(self.patient_id),
            statement_id=self.statement_id,
            channel=self.channel,
        )

    def failed(self, practice_id: PracticeId, reason: str) -> StatementNoticeFailed:
        return StatementNoticeFailed(
            practice_id=practice_id,
            message_id=MessageId(self.message_id),
            patient_id=PatientId(self.patient_id),
            statement_id=self.statement_id,
            channel=self.channel,
            reason=reason,
        )


def awake_at(now: datetime, time_zone: str, hours: NoticeSettings) -> datetime:
    """Now, or when the practice's day next begins."""
    local = now.astimezone(ZoneInfo(time_zone))
    if hours.from_hour <= local.hour < hours.until_hour:
        return now
    early = local.hour < hours.from_hour
    day = local.date() if early else local.date() + timedelta(days=1)
    return datetime.combine(day, time(hours.from_hour), ZoneInfo(time_zone))


def write_notice(
    *,
    language: Language,
    given: str,
    practice: str,
    portal_url: str | None,
    unsubscribe_url: str,
) -> Text:
    """No amount, no visit, and no word of a bill: mail passes other hands and is read on shared
    screens (45 CFR 164.530(c)(1)). What it is about stands behind the portal's sign-in."""
    there, nowhere = WHERE[language]
    body = BODIES[language].format(
        given=given,
        practice=practice,
        where=there.format(url=portal_url) if portal_url else nowhere,
        unsubscribe_url=unsubscribe_url,
    )
    return Text(SUBJECTS[language], body)
