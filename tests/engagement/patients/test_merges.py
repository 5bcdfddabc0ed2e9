"""Two charts of one patient: the stricter consent, one address, each time told once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations
from uuid import uuid4

import pytest

from libs.events.contracts import Event
from libs.events.contracts.engagement import ConsentGiven, ConsentWithdrawn, MessageSent
from libs.events.examples.agreements import practice_onboarded
from libs.events.examples.interop import (
    OTHER_CHART,
    PATIENT,
    PERSON,
    PRACTICE,
    appointment_booked,
    patient_merged,
    patient_registered,
    patient_unmerged,
)
from tests.engagement.commands import give, messages, reply, set_policy, token_of, withdraw
from tests.engagement.relay import Relay
from tests.harness import Harness

STARTS_AT = datetime(2026, 3, 5, 14, 30, tzinfo=UTC)
DUE_AT = STARTS_AT - timedelta(hours=24)
OTHER_PERSON = PERSON.model_copy(update={"email": "old@mail.example", "language": "es"})


def other_registered(**changes: object) -> Event:
    fields = {"patient_id": OTHER_CHART, "person": OTHER_PERSON, **changes}
    return patient_registered(**fields)


async def consent(harness: Harness, patient_id: object) -> str:
    async with harness.http(PRACTICE) as client:
        return (await client.get(f"/consents/{patient_id}")).json()["email"]


@pytest.fixture
async def two_charts(consenting: Harness) -> Harness:
    """Both consented, each under its own address."""
    await consenting.given(other_registered())
    return consenting


@pytest.mark.parametrize("stopped", [PATIENT, OTHER_CHART], ids=["survivor", "merged"])
async def test_an_opt_out_under_either_chart_holds_for_the_patient(
    two_charts: Harness, relay: Relay, stopped: object
) -> None:
    async with two_charts.http(PRACTICE) as client:
        await withdraw(client, stopped)  # type: ignore[arg-type]
    await two_charts.receive(
        appointment_booked(patient_id=PATIENT),
        appointment_booked(patient_id=OTHER_CHART, appointment_id=uuid4()),
        patient_merged(),
    )
    assert {await consent(two_charts, chart) for chart in (PATIENT, OTHER_CHART)} == {"withdrawn"}
    await two_charts.fire_timers(until=DUE_AT)
    assert relay.mails == []
    assert await messages(two_charts) == [("cancelled", "no-consent")] * 2


async def test_a_reminder_of_either_chart_goes_once_to_the_survivors_address_and_language(
    two_charts: Harness, relay: Relay
) -> None:
    await two_charts.receive(
        appointment_booked(patient_id=OTHER_CHART, appointment_id=uuid4()),
        patient_merged(),
        appointment_booked(patient_id=PATIENT),
        appointment_booked(patient_id=PATIENT, appointment_id=uuid4()),
    )
    await two_charts.fire_timers(until=DUE_AT)
    [mail] = relay.mails
    assert mail["To"] == PERSON.email
    assert len(await two_charts.published(MessageSent)) == 1
    assert sorted(await messages(two_charts), key=str) == [
        ("cancelled", "told-already"),
        ("cancelled", "told-already"),
        ("sent", None),
    ]


async def test_two_patients_at_the_same_time_are_each_told(
    two_charts: Harness, relay: Relay
) -> None:
    other = appointment_booked(patient_id=OTHER_CHART, appointment_id=uuid4())
    await two_charts.receive(appointment_booked(), other)
    await two_charts.fire_timers(until=DUE_AT)
    assert sorted(mail["To"] for mail in relay.mails) == [PERSON.email, "old@mail.example"]


async def test_stop_by_the_old_charts_link_stops_all_charts_also_once_they_are_parted(
    two_charts: Harness,
) -> None:
    await two_charts.receive(patient_merged())
    token = await token_of(two_charts, OTHER_CHART)
    async with two_charts.http(PRACTICE) as client:
        assert (await reply(client, "stop", token=token)).json() == {"action": "consent-withdrawn"}
    await two_charts.receive(patient_unmerged())
    assert {await consent(two_charts, chart) for chart in (PATIENT, OTHER_CHART)} == {"withdrawn"}
    withdrawn = await two_charts.published(ConsentWithdrawn)
    assert sorted(w.patient_id for w in withdrawn) == sorted([PATIENT, OTHER_CHART])


async def test_a_new_consent_of_the_merged_patient_is_not_the_parted_charts(
    two_charts: Harness,
) -> None:
    async with two_charts.http(PRACTICE) as client:
        await withdraw(client, OTHER_CHART)
        await two_charts.receive(patient_merged())
        await give(client, OTHER_CHART)  # asked for by the old chart's id: it is the survivor's
    assert await consent(two_charts, OTHER_CHART) == "given"
    await two_charts.receive(patient_unmerged())
    assert await consent(two_charts, PATIENT) == "given"
    assert await consent(two_charts, OTHER_CHART) == "withdrawn"


async def test_a_message_that_waited_for_an_address_goes_to_the_survivors(
    engagement: Harness, relay: Relay
) -> None:
    async with engagement.http(PRACTICE) as client:
        await set_policy(client)
    without = OTHER_PERSON.model_copy(update={"email": None})
    await engagement.receive(
        practice_onboarded(),
        patient_registered(),
        other_registered(person=without),
        appointment_booked(patient_id=OTHER_CHART),
    )
    assert await messages(engagement) == [("waiting", "address")]
    await engagement.receive(patient_merged())
    assert await messages(engagement) == [("pending", None)]
    await engagement.receive(patient_unmerged())
    assert await messages(engagement) == [("waiting", "address")]
    await engagement.receive(patient_merged())
    await engagement.fire_timers(until=DUE_AT)
    assert [mail["To"] for mail in relay.mails] == [PERSON.email]


async def test_whatever_is_heard_first_the_patient_ends_at_the_same_consent(
    engagement: Harness,
) -> None:
    """The merged chart's events keep their order; the survivor's and the chain's come anywhen."""
    async with engagement.http(PRACTICE) as client:
        await set_policy(client)
        for order in permutations(range(3)):
            first, middle, last = uuid4(), uuid4(), uuid4()
            await engagement.receive(patient_registered(patient_id=first))
            await withdraw(client, first)
            steps = [
                [patient_merged(patient_id=first, survivor_id=middle),
                 patient_merged(patient_id=first, survivor_id=last)],
                [patient_registered(patient_id=middle),
                 patient_merged(patient_id=middle, survivor_id=last)],
                [patient_registered(patient_id=last)],
            ]  # fmt: skip
            for step in order:
                await engagement.receive(*steps[step])
            states = {await consent(engagement, chart) for chart in (first, middle, last)}
            assert states == {"withdrawn"}, order


async def test_a_consent_under_the_merged_chart_alone_is_the_patients(engagement: Harness) -> None:
    await engagement.receive(practice_onboarded(), patient_registered(), other_registered())
    async with engagement.http(PRACTICE) as client:
        await give(client, OTHER_CHART)
    await engagement.receive(patient_merged(), patient_merged())
    assert await consent(engagement, PATIENT) == "given"
    assert len(await engagement.published(ConsentGiven)) == 2
