"""What the relay answers decides: sent once, failed for good, or tried again."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from libs.events.contracts.engagement import ConsentWithdrawn, MessageFailed, MessageSent
from libs.events.examples.interop import PRACTICE, appointment_booked
from libs.events.transport.keys import NoKeys
from libs.local.mail.kept import Mailbox, serving
from tests.engagement.commands import message_ids, messages, withdraw
from tests.engagement.relay import Relay, listening
from tests.harness import Harness

STARTS_AT = datetime(2026, 3, 5, 14, 30, tzinfo=UTC)
DUE_AT = STARTS_AT - timedelta(hours=24)


@pytest.fixture
async def booked(consenting: Harness) -> Harness:
    await consenting.receive(appointment_booked())
    return consenting


@pytest.mark.parametrize("where", ["recipient_answer", "data_answer"])
async def test_a_refusal_is_final_and_only_its_code_is_told(
    booked: Harness, relay: Relay, where: str
) -> None:
    setattr(relay, where, "550 alma.rivera@mail.example is not here")
    await booked.fire_timers(until=DUE_AT)
    await booked.fire_timers(until=DUE_AT + timedelta(hours=1))
    [failed] = await booked.published(MessageFailed)
    assert failed.reason == "550"
    assert relay.attempts == 1
    assert await messages(booked) == [("failed", "550")]
    assert await booked.published(MessageSent) == []


@pytest.mark.parametrize("where", ["recipient_answer", "data_answer"])
async def test_a_delay_is_tried_again_under_the_same_message_id(
    booked: Harness, relay: Relay, where: str
) -> None:
    setattr(relay, where, "451 later")
    await booked.fire_timers(until=DUE_AT)
    assert await messages(booked) == [("sending", None)]
    setattr(relay, where, None)
    await booked.fire_timers(until=DUE_AT + timedelta(minutes=1))
    [message_id] = await message_ids(booked)
    assert [mail["Message-ID"] for mail in relay.mails] == [f"<{message_id}@mainstay.example>"]
    assert len(await booked.published(MessageSent)) == 1
    assert await booked.published(MessageFailed) == []


async def test_a_relay_that_is_away_is_tried_again(
    booked: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    relay = Relay()
    async with listening(relay):
        monkeypatch.setenv("ENGAGEMENT_SMTP_PORT", str(relay.port))
    await booked.fire_timers(until=DUE_AT)
    assert await messages(booked) == [("sending", None)]
    async with listening(relay):
        await booked.fire_timers(until=DUE_AT + timedelta(minutes=1))
    assert len(relay.mails) == 1


@pytest.mark.parametrize(("answer", "reason"), [("451 later", "451"), (None, "no-answer")])
async def test_a_delay_that_lasts_until_the_appointment_is_a_failure(
    booked: Harness,
    relay: Relay,
    monkeypatch: pytest.MonkeyPatch,
    answer: str | None,
    reason: str,
) -> None:
    relay.recipient_answer = answer
    if answer is None:
        monkeypatch.setenv("ENGAGEMENT_SMTP_PORT", "1")
    await booked.fire_timers(until=DUE_AT)
    await booked.fire_timers(until=STARTS_AT)
    [failed] = await booked.published(MessageFailed)
    assert failed.reason == reason


async def test_consent_is_looked_at_again_just_before_sending(
    booked: Harness, relay: Relay
) -> None:
    async with booked.uow(PRACTICE) as uow:
        await uow.db.execute("UPDATE consent SET state = 'withdrawn'")
    await booked.fire_timers(until=DUE_AT)
    assert (relay.attempts, await messages(booked)) == (0, [("cancelled", "no-consent")])


async def test_a_withdrawal_does_not_wait_for_a_slow_relay(booked: Harness, relay: Relay) -> None:
    relay.go_on.clear()
    sending = asyncio.create_task(booked.fire_timers(until=DUE_AT))
    async with asyncio.timeout(10):
        await relay.entered.wait()
        async with booked.http(PRACTICE) as client:
            assert (await withdraw(client)).status_code == 201
        relay.go_on.set()
        await sending
    # It had left already, and that is what is told.
    assert await messages(booked) == [("sent", None)]
    assert len(await booked.published(MessageSent)) == 1
    assert len(await booked.published(ConsentWithdrawn)) == 1


async def test_a_withdrawal_between_two_tries_stops_the_second(
    booked: Harness, relay: Relay
) -> None:
    relay.data_answer = "451 later"
    await booked.fire_timers(until=DUE_AT)
    async with booked.http(PRACTICE) as client:
        await withdraw(client)
    relay.data_answer = None
    await booked.fire_timers(until=DUE_AT + timedelta(minutes=1))
    assert (relay.mails, await messages(booked)) == ([], [("cancelled", "no-consent")])


async def test_a_mail_sent_again_after_a_crash_is_the_same_mail(
    booked: Harness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailbox = Mailbox(tmp_path)
    async with serving(mailbox) as port:
        monkeypatch.setenv("ENGAGEMENT_SMTP_PORT", str(port))
        await booked.fire_timers(until=DUE_AT)
        # As after a crash between the relay's answer and our note of it.
        [message_id] = await message_ids(booked)
        async with booked.uow(PRACTICE) as uow:
            await uow.db.execute("UPDATE message SET state = 'sending', settled_at = NULL")
            await uow.set_timer("send-message", str(message_id), DUE_AT)
        await booked.fire_timers()
    assert (mailbox.taken, mailbox.kept, len(list(tmp_path.iterdir()))) == (2, 1, 1)


async def test_a_timer_of_a_message_that_is_sent_sends_nothing(
    booked: Harness, relay: Relay
) -> None:
    await booked.fire_timers(until=DUE_AT)
    [message_id] = await message_ids(booked)
    async with booked.uow(PRACTICE) as uow:
        await uow.set_timer("send-message", str(message_id), DUE_AT)
    await booked.fire_timers()
    assert len(relay.mails) == 1
    assert len(await booked.published(MessageSent)) == 1


async def test_without_the_practices_key_a_message_waits_and_a_word_of_stop_is_heeded(
    booked: Harness, relay: Relay
) -> None:
    keys, booked.work.keys = booked.work.keys, NoKeys()
    await booked.fire_timers(until=DUE_AT)
    assert (await messages(booked), relay.mails) == ([("pending", None)], [])
    booked.work.keys = keys
    await booked.fire_timers(until=DUE_AT + timedelta(minutes=1))
    assert len(relay.mails) == 1
    booked.work.keys = NoKeys()
    async with booked.http(PRACTICE) as client:
        assert (await withdraw(client)).status_code == 201
    assert len(await booked.published(ConsentWithdrawn)) == 1
