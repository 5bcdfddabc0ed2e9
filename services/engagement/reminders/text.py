"""What a reminder says: first name, practice, day and time. Nothing else; pure.

The rule of the minimum necessary (45 CFR 164.502(b)) does not bind what is told to the patient
alone, but mail passes other hands and is read on shared screens (164.530(c)(1): safeguards). So no
clinician, specialty, reason, place or full name, and a subject that says nothing of the practice.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from services.engagement.outreach.model import Text
from services.engagement.patients.model import Language

SUBJECTS: dict[Language, str] = {"en": "Appointment reminder", "es": "Recordatorio de su cita"}

BODIES: dict[Language, str] = {
    "en": """Hello {given},

this is a reminder of your appointment with {practice}
on {when}.

To get no more reminders, reply STOP or open
{unsubscribe_url}
""",
    "es": """Hola, {given}:

Le recordamos su cita con {practice}
el {when}.

Para no recibir más recordatorios, responda STOP o abra
{unsubscribe_url}
""",
}

ENGLISH_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SPANISH_DAYS = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")
ENGLISH_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
SPANISH_MONTHS = (
    *("enero", "febrero", "marzo", "abril", "mayo", "junio"),
    *("julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"),
)


def write_reminder(
    *,
    language: Language,
    given: str,
    practice: str,
    starts_at: datetime,
    time_zone: str,
    unsubscribe_url: str,
) -> Text:
    """The reminder in the patient's language, with the time as the practice's clocks show it."""
    body = BODIES[language].format(
        given=given,
        practice=practice,
        when=write_time(starts_at.astimezone(ZoneInfo(time_zone)), language),
        unsubscribe_url=unsubscribe_url,
    )
    return Text(SUBJECTS[language], body)


def write_time(local: datetime, language: Language) -> str:
    """Such as `Thursday, March 5 at 9:30 AM`, or `jueves 5 de marzo a las 9:30 a. m.`"""
    hour, afternoon = local.hour % 12 or 12, local.hour >= 12
    if language == "es":
        day, month = SPANISH_DAYS[local.weekday()], SPANISH_MONTHS[local.month - 1]
        article = "la" if hour == 1 else "las"
        half = "p. m." if afternoon else "a. m."
        return f"{day} {local.day} de {month} a {article} {hour}:{local.minute:02} {half}"
    day, month = ENGLISH_DAYS[local.weekday()], ENGLISH_MONTHS[local.month - 1]
    half = "PM" if afternoon else "AM"
    return f"{day}, {month} {local.day} at {hour}:{local.minute:02} {half}"
