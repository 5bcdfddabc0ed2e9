"""Consent is explicit, and one word ends it."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import asyncpg
import pytest

from libs.events.contracts.engagement import ConsentGiven, ConsentWithdrawn
from libs.events.examples.agreements import practice_onboarded
from libs.events.examples.interop import (
    PATIENT,
    PERSON,
    PRACTICE,
    appointment_booked,
    patient_registered,
    patient_updated,
)
from services.engagement.consents.model import says_stop
from tests.engagement.commands import (
    give,
    message_ids,
    messages,
    reply,
    set_policy,
    token_of,
    withdraw,
)
from tests.harness import Harness


async def test_registering_alone_gives_no_consent(engagement: Harness) -> None:
    await engagement.receive(patient_registered())
    assert await engagement.published_all() == []


async def test_the_intake_policy_makes_a_registration_with_an_address_consent(
    engagement: Harness,
) -> None:
    async with engagement.http(PRACTICE) as client:
        await set_policy(client)
    registered = patient_registered()
    await engagement.receive(registered, registered)
    [given] = await engagement.published(ConsentGiven)
    assert (given.patient_id, given.channel) == (PATIENT, "email")


async def test_it_does_not_without_an_address_or_where_the_policy_is_off(
    engagement: Harness,
) -> None:
    async with engagement.http(PRACTICE) as client:
        await set_policy(client)
        silent = PERSON.model_copy(update={"email": None})
        await engagement.receive(patient_registered(person=silent), patient_updated())
        await set_policy(client, intake_consent=False)
        await engagement.receive(patient_registered(patient_id=uuid4()))
    assert await engagement.published(ConsentGiven) == []


async def test_the_policy_of_one_practice_is_not_that_of_another(engagement: Harness) -> None:
    async with engagement.http(uuid4()) as client:
        await set_policy(client)
    await engagement.receive(patient_registered())
    assert await engagement.published(ConsentGiven) == []


async def test_who_said_stop_does_not_consent_by_registering_again(consenting: Harness) -> None:
    async with consenting.http(PRACTICE) as client:
        await withdraw(client)
    await consenting.receive(patient_registered())
    assert await consenting.published(ConsentGiven) == []


async def test_an_operator_records_consent_once(engagement: Harness) -> None:
    await engagement.receive(patient_registered())
    async with engagement.http(PRACTICE) as client:
        answers = await asyncio.gather(*[give(client) for _ in range(6)])
    assert {a.status_code for a in answers} == {201}
    assert len({a.text for a in answers}) == 1
    assert len(await engagement.published(ConsentGiven)) == 1


async def test_consent_is_recorded_for_patients_who_are_known_only(engagement: Harness) -> None:
    await engagement.receive(appointment_booked())  # speaks of a patient who was not heard yet
    async with engagement.http(PRACTICE) as client:
        answers = [await give(client), await give(client, uuid4()), await withdraw(client)]
    assert [a.status_code for a in answers] == [404, 404, 404]


async def test_a_stop_reply_withdraws_consent_and_cancels_what_was_planned(
    consenting: Harness,
) -> None:
    await consenting.receive(appointment_booked())
    [message_id] = await message_ids(consenting)
    async with consenting.http(PRACTICE) as client:
        answers = [await reply(client, "Stop.", message_id=str(message_id)) for _ in range(2)]
        shown = (await client.get(f"/consents/{PATIENT}")).json()
    assert [a.json() for a in answers] == [{"action": "consent-withdrawn"}] * 2
    assert len(await consenting.published(ConsentWithdrawn)) == 1
    assert await messages(consenting) == [("cancelled", "no-consent")]
    assert shown["email"] == "withdrawn"
    assert [(c["state"], c["how"]) for c in shown["changes"]] == [
        ("given", "intake"),
        ("withdrawn", "reply"),
    ]


async def test_after_a_stop_no_appointment_is_reminded_of(consenting: Harness) -> None:
    async with consenting.http(PRACTICE) as client:
        token = await token_of(consenting)
        assert (await reply(client, "UNSUBSCRIBE", token=token)).status_code == 200
    await consenting.receive(appointment_booked())
    assert await messages(consenting) == [("cancelled", "no-consent")]


async def test_another_reply_changes_nothing_and_is_left_to_a_person(consenting: Harness) -> None:
    async with consenting.http(PRACTICE) as client:
        token = await token_of(consenting)
        answer = await reply(client, "I cannot stop by on Thursday", token=token)
    assert answer.json() == {"action": "none"}
    assert await consenting.published(ConsentWithdrawn) == []


async def test_a_reply_to_nothing_of_ours_is_not_found(consenting: Harness) -> None:
    foreign = await token_of(consenting)
    async with consenting.http(uuid4()) as client:
        answers = [
            await reply(client, "STOP", token=foreign),
            await reply(client, "STOP", token="none"),
            await reply(client, "STOP", message_id=str(uuid4())),
        ]
        neither = await reply(client, "STOP")
    assert {(a.status_code, a.text) for a in answers} == {(404, answers[0].text)}
    assert neither.status_code == 422


async def test_a_patient_may_consent_again_after_a_stop(consenting: Harness) -> None:
    async with consenting.http(PRACTICE) as client:
        await withdraw(client)
        await give(client)
    await consenting.receive(appointment_booked())
    assert await messages(consenting) == [("pending", None)]


async def test_bookings_and_consent_at_once_leave_nothing_waiting(engagement: Harness) -> None:
    await engagement.receive(practice_onboarded(), patient_registered())
    booked = [appointment_booked(appointment_id=uuid4()) for _ in range(15)]

    async def hear() -> None:
        for one in booked:
            await engagement.receive(one)

    async with engagement.http(PRACTICE) as client:
        await asyncio.gather(hear(), give(client))
    assert await messages(engagement) == [("pending", None)] * 15


async def test_the_evidence_cannot_be_edited(consenting: Harness) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with consenting.uow(PRACTICE) as uow:
            await uow.db.execute("DELETE FROM consent_change")


@pytest.mark.parametrize(
    "text",
    [
        "STOP",
        "stop",
        " Stop! ",
        "Opt out",
        "opt-out",
        "unsubscribe",
        "\n\nquit\n\nOn Monday you wrote:\n> Hello",
        "> quoted above\nSTOP",
        "Parar",
        "BAJA",
    ],
)
def test_these_say_stop(text: str) -> None:
    assert says_stop(text)


@pytest.mark.parametrize(
    "text", ["", "> STOP", "please do not stop", "yes", "stop it", "Thanks\nSTOP", "nonstop"]
)
def test_these_do_not(text: str) -> None:
    assert not says_stop(text)
