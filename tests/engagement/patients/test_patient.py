"""What is kept of a patient is what a message needs."""

from __future__ import annotations

import json

import pytest

from libs.events.examples.interop import PRACTICE, patient_registered
from services.engagement.patients.model import spoken_language, usable_address
from services.engagement.patients.store import place_of
from tests.harness import Harness


@pytest.mark.parametrize(
    ("email", "usable"),
    [
        ("alma.rivera@mail.example", True),
        ("a+b@x-y.example", True),
        (None, False),
        ("", False),
        ("alma", False),
        ("alma@localhost", False),
        ("a..b@mail.example", False),
        ("álma@mail.example", False),
        ("a@b.example\r\nBcc: c@d.example", False),
        ("a@b.example, c@d.example", False),
        ("a" * 65 + "@mail.example", False),
        ("a@" + "b" * 250 + ".example", False),
    ],
)
def test_mail_goes_to_plain_addresses_only(email: str | None, usable: bool) -> None:
    assert usable_address(email) == (email if usable else None)


def test_spanish_is_written_to_who_speaks_it_and_english_to_the_rest() -> None:
    assert [spoken_language(code) for code in ("es", "spa", "en", "vi")] == ["es", "es", "en", "en"]


async def test_no_more_of_a_person_is_kept_and_what_is_marked_is_sealed(
    engagement: Harness,
) -> None:
    registered = patient_registered()
    await engagement.receive(registered)
    async with engagement.uow(PRACTICE) as uow:
        row = await uow.db.fetchrow("SELECT * FROM patient")
        assert row is not None
        opened = json.loads(uow.unseal(row["sealed"], place_of(registered.patient_id)))
    assert set(row.keys()) == {"practice_id", "patient_id", "known", "sealed", "language"}
    assert opened == {"given": registered.person.given, "email": registered.person.email}
