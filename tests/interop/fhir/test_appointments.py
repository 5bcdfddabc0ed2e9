"""What an Appointment tells (FHIR R4): booked, moved, missed, cancelled, taken place."""

from __future__ import annotations

from datetime import date

import pytest

from libs.events.contracts.interop import AppointmentBooked, AppointmentMissed
from tests.harness import Harness
from tests.interop.conftest import OpenConnection
from tests.interop.fhir.test_bundles import appointment, post


async def test_an_appointment_is_booked_then_missed(
    interop: Harness, open_connection: OpenConnection
) -> None:
    key = await open_connection(kind="fhir")
    for status in ("booked", "noshow"):
        answer = await post(interop, key, appointment(status))
        assert answer.status_code == 200, answer.text
    [booked] = await interop.published(AppointmentBooked)
    [missed] = await interop.published(AppointmentMissed)
    assert booked.starts_on == missed.starts_on == date(2026, 3, 5)
    assert booked.appointment_id == missed.appointment_id


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("fulfilled", ["appointment-changed", "appointment-completed"]),
        ("arrived", ["appointment-changed"]),
        ("cancelled", ["appointment-cancelled"]),
        ("entered-in-error", ["appointment-cancelled"]),
        ("waitlist", []),
    ],
)
async def test_an_appointments_status_tells_what_became_of_it(
    interop: Harness, open_connection: OpenConnection, status: str, told: list[str]
) -> None:
    key = await open_connection(kind="fhir")
    assert (await post(interop, key, appointment("booked"))).status_code == 200
    later = appointment(status)
    later["entry"][1]["resource"]["start"] = "2026-03-09T14:00:00Z"
    assert (await post(interop, key, later)).status_code == 200
    _, _, *events = await interop.published_all()
    assert [event.type.split(".")[1] for event in events] == told
