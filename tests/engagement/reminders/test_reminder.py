"""A booked appointment gets one reminder, a day ahead, with consent only."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import permutations
from uuid import uuid4

import pytest

from libs.events.contracts import Event
from libs.events.contracts.engagement import MessageSent
from libs.events.examples.agreements import practice_onboarded
from libs.events.examples.interop import (
    PATIENT,
    PERSON,
    PRACTICE,
    appointment_booked,
    appointment_cancelled,
    appointment_changed,
    appointment_completed,
    appointment_missed,
    patient_registered,
    patient_updated,
)
from tests.engagement.commands import give, messages, set_policy
from tests.engagement.relay import Relay
from tests.harness import Harness

STARTS_AT = datetime(2026, 3, 5, 14, 30, tzinfo=UTC)
DUE_AT = STARTS_AT - timedelta(hours=24)


async def test_it_goes_out_24_hours_ahead_and_not_before(consenting: Harness, relay: Relay) -> None:
    await consenting.receive(booked := appointment_booked())
    await consenting.fire_timers(until=DUE_AT - timedelta(seconds=1))
    assert relay.mails == []
    await consenting.fire_timers(until=DUE_AT)
    assert relay.recipients == [PERSON.email]
    [sent] = await consenting.published(MessageSent)
    assert (sent.patient_id, sent.appointment_id) == (PATIENT, booked.appointment_id)
    assert await messages(consenting) == [("sent", None)]


async def test_it_goes_out_at_once_where_less_than_a_day_is_left(
    consenting: Harness, relay: Relay
) -> None:
    await consenting.receive(appointment_booked(starts_at=consenting.clock.now() + HOUR))
    await consenting.fire_timers()
    assert len(relay.mails) == 1


async def test_an_appointment_in_the_past_gets_none(consenting: Harness, relay: Relay) -> None:
    await consenting.receive(appointment_booked(starts_at=consenting.clock.now()))
    await consenting.fire_timers()
    assert (relay.mails, await messages(consenting)) == ([], [])


async def test_a_redelivered_or_repeated_booking_reminds_once(
    consenting: Harness, relay: Relay
) -> None:
    booked = appointment_booked()
    await consenting.receive(booked, booked, appointment_booked())
    await consenting.fire_timers(until=DUE_AT)
    await consenting.receive(appointment_booked())
    await consenting.fire_timers(until=DUE_AT + timedelta(hours=1))
    assert len(relay.mails) == 1
    assert len(await consenting.published(MessageSent)) == 1


FACTS = (practice_onboarded, patient_registered, appointment_booked)


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_the_order_between_topics_does_not_matter(
    engagement: Harness, relay: Relay, order: tuple[int, ...]
) -> None:
    async with engagement.http(PRACTICE) as client:
        await set_policy(client)
    for place in order:
        heard: Event = FACTS[place]()
        assert await messages(engagement) in (
            [],
            [("waiting", "practice")],
            [("waiting", "patient")],
        )
        await engagement.receive(heard)
    await engagement.fire_timers(until=DUE_AT)
    assert len(relay.mails) == 1


async def test_without_consent_it_waits_and_goes_out_when_consent_is_given(
    engagement: Harness, relay: Relay
) -> None:
    await engagement.receive(practice_onboarded(), patient_registered(), appointment_booked())
    await engagement.fire_timers(until=DUE_AT)
    assert (relay.mails, await messages(engagement)) == ([], [("waiting", "consent")])
    async with engagement.http(PRACTICE) as client:
        assert (await give(client)).status_code == 201
    await engagement.fire_timers()
    assert len(relay.mails) == 1


async def test_consent_that_comes_after_the_appointment_reminds_of_nothing(
    engagement: Harness, relay: Relay
) -> None:
    await engagement.receive(practice_onboarded(), patient_registered(), appointment_booked())
    engagement.clock.move_to(STARTS_AT)
    async with engagement.http(PRACTICE) as client:
        await give(client)
    await engagement.fire_timers()
    assert (relay.mails, await messages(engagement)) == ([], [("cancelled", "too-late")])


async def test_a_patient_without_an_address_is_reminded_once_one_is_known(
    engagement: Harness, relay: Relay
) -> None:
    silent = PERSON.model_copy(update={"email": None})
    await engagement.receive(
        practice_onboarded(), patient_registered(person=silent), appointment_booked()
    )
    assert await messages(engagement) == [("waiting", "address")]
    await engagement.receive(patient_updated())
    assert await messages(engagement) == [("waiting", "consent")]
    async with engagement.http(PRACTICE) as client:
        await give(client)
    await engagement.fire_timers(until=DUE_AT)
    assert len(relay.mails) == 1


async def test_the_address_at_the_time_of_sending_counts(consenting: Harness, relay: Relay) -> None:
    await consenting.receive(appointment_booked())
    moved = PERSON.model_copy(update={"email": "alma@elsewhere.example"})
    await consenting.receive(patient_updated(person=moved))
    await consenting.fire_timers(until=DUE_AT)
    assert relay.recipients == ["alma@elsewhere.example"]


async def test_an_address_that_was_taken_away_gets_nothing(
    consenting: Harness, relay: Relay
) -> None:
    await consenting.receive(appointment_booked())
    await consenting.receive(patient_updated(person=PERSON.model_copy(update={"email": None})))
    await consenting.fire_timers(until=DUE_AT)
    assert (relay.attempts, await messages(consenting)) == (0, [("cancelled", "no-address")])


@pytest.mark.parametrize(
    ("over", "reason"),
    [
        (appointment_missed, "missed"),
        (appointment_cancelled, "cancelled"),
        (appointment_completed, "completed"),
    ],
)
async def test_an_appointment_that_is_over_is_not_reminded_of(
    consenting: Harness, relay: Relay, over: Callable[[], Event], reason: str
) -> None:
    await consenting.receive(appointment_booked(), over())
    await consenting.fire_timers(until=DUE_AT)
    assert (relay.mails, await messages(consenting)) == ([], [("cancelled", reason)])


async def test_a_cancelled_appointment_that_is_booked_again_is_reminded_of_once(
    consenting: Harness, relay: Relay
) -> None:
    await consenting.receive(appointment_booked(), appointment_cancelled(), appointment_booked())
    await consenting.fire_timers(until=DUE_AT)
    assert len(relay.mails) == 1
    assert await messages(consenting) == [("cancelled", "cancelled"), ("sent", None)]


async def test_another_clinician_at_the_same_time_is_no_new_reminder(
    consenting: Harness, relay: Relay
) -> None:
    await consenting.receive(
        appointment_booked(), appointment_changed(starts_at=STARTS_AT, provider_npi=None)
    )
    await consenting.fire_timers(until=DUE_AT)
    assert len(relay.mails) == 1
    assert await messages(consenting) == [("sent", None)]


async def test_a_new_time_replaces_the_reminder(consenting: Harness, relay: Relay) -> None:
    later = STARTS_AT + timedelta(days=7)
    await consenting.receive(appointment_booked(), appointment_changed(starts_at=later))
    await consenting.fire_timers(until=DUE_AT)
    assert relay.mails == []
    await consenting.fire_timers(until=DUE_AT + timedelta(days=7))
    assert len(relay.mails) == 1
    assert await messages(consenting) == [("cancelled", "moved"), ("sent", None)]


async def test_a_moved_appointment_is_reminded_of_again(consenting: Harness, relay: Relay) -> None:
    await consenting.receive(appointment_booked())
    await consenting.fire_timers(until=DUE_AT)
    await consenting.receive(appointment_changed(starts_at=STARTS_AT + timedelta(days=7)))
    await consenting.fire_timers(until=DUE_AT + timedelta(days=7))
    assert len({mail["Message-ID"] for mail in relay.mails}) == 2


async def test_the_story_leads_back_to_the_booking(consenting: Harness, relay: Relay) -> None:
    await consenting.receive(booked := appointment_booked())
    await consenting.fire_timers(until=DUE_AT)
    async with consenting.uow(PRACTICE) as uow:
        cause = await uow.db.fetchval(
            "SELECT headers ->> 'ce_causationid' FROM outbox WHERE topic = $1",
            "engagement.messages",
        )
    assert cause == str(booked.event_id)


async def test_another_practice_sees_no_message(consenting: Harness) -> None:
    await consenting.receive(appointment_booked())
    async with consenting.http(PRACTICE) as client:
        own = (await client.get("/messages")).json()
    async with consenting.http(uuid4()) as client:
        foreign = (await client.get("/messages")).json()
    assert own == [{"state": "pending", "detail": None, "messages": 1}]
    assert foreign == []


HOUR = timedelta(hours=1)
