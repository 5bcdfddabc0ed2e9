"""A reminder says a first name, the practice, a day and a time; and how to stop it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from libs.events.examples.interop import NPI, PERSON, appointment_booked, patient_registered
from services.engagement.outreach.mail import Mail, compose
from services.engagement.outreach.model import Text
from services.engagement.outreach.settings import MailSettings
from services.engagement.patients.model import Language
from services.engagement.reminders.text import write_time
from tests.engagement.commands import token_of
from tests.engagement.relay import Relay
from tests.harness import Harness

DUE_AT = datetime(2026, 3, 4, 14, 30, tzinfo=UTC)


async def test_the_mail_says_no_more_than_it_must(consenting: Harness, relay: Relay) -> None:
    await consenting.receive(appointment_booked())
    await consenting.fire_timers(until=DUE_AT)
    [mail] = relay.mails
    body = mail.get_content().replace("\r\n", "\n")
    assert "Hello Alma,\n" in body
    assert "Olentangy Family Medicine\non Thursday, March 5 at 9:30 AM." in body
    assert mail["Subject"] == "Appointment reminder"
    for more in (PERSON.family, NPI, "1984", PERSON.address_line or "-", "MRN-1001"):
        assert more not in mail.as_string()


async def test_the_mail_can_be_stopped_with_one_click(consenting: Harness, relay: Relay) -> None:
    await consenting.receive(appointment_booked())
    await consenting.fire_timers(until=DUE_AT)
    [mail] = relay.mails
    url = f"https://reach.mainstay.example/unsubscribe/{await token_of(consenting)}"
    assert mail["List-Unsubscribe"] == f"<{url}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert url in mail.get_content()
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime == DUE_AT


async def test_it_is_written_in_spanish_to_who_speaks_it(consenting: Harness, relay: Relay) -> None:
    spanish = PERSON.model_copy(update={"language": "es", "given": "José"})
    await consenting.receive(patient_registered(person=spanish), appointment_booked())
    await consenting.fire_timers(until=DUE_AT)
    [mail] = relay.mails
    assert mail["Subject"] == "Recordatorio de su cita"
    assert "Hola, José:" in mail.get_content()
    assert "el jueves 5 de marzo a las 9:30 a. m." in mail.get_content()


@pytest.mark.parametrize(
    ("hours", "language", "written"),
    [
        (0, "en", "Monday, March 2 at 12:05 AM"),
        (12, "en", "Monday, March 2 at 12:05 PM"),
        (13, "es", "lunes 2 de marzo a la 1:05 p. m."),
        (24 * 300, "en", "Sunday, December 27 at 12:05 AM"),
        (24 * 300, "es", "domingo 27 de diciembre a las 12:05 a. m."),
    ],
)
def test_times_are_written_as_people_say_them(hours: int, language: Language, written: str) -> None:
    at = datetime(2026, 3, 2, 0, 5, tzinfo=UTC) + timedelta(hours=hours)
    assert write_time(at, language) == written


def test_a_name_cannot_add_a_header_and_links_stay_whole() -> None:
    url = "https://reach.mainstay.example/unsubscribe/" + "a" * 64
    mail = Mail(
        message_id=uuid4(),
        to="a@b.example",
        from_name="Clínica\r\nBcc: x@y.example",
        date=DUE_AT,
        text=Text("Subject", "Body\n"),
        unsubscribe_url=url,
    )
    written = compose(mail, MailSettings())
    assert b"\r\nBcc:" not in written
    assert f"List-Unsubscribe: <{url}>\r\n".encode() in written
