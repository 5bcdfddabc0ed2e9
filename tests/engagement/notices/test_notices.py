"""A patient is told that a statement is ready: once, awake, with consent, and nothing of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from libs.events.contracts.engagement import StatementNoticeFailed, StatementNoticeSent
from libs.events.examples.agreements import practice_onboarded
from libs.events.examples.billing_balances import STATEMENT, statement_issued
from libs.events.examples.interop import PATIENT, PRACTICE, patient_registered
from services.engagement.notices.model import NoticeSettings, awake_at, write_notice
from tests.engagement.commands import give, reply, withdraw
from tests.engagement.relay import Relay
from tests.harness import START, Harness


async def states(engagement: Harness) -> list[tuple[str, str | None]]:
    async with engagement.http(PRACTICE) as client:
        rows: list[dict[str, Any]] = (await client.get("/statement-notices")).json()
    return [(row["state"], row["detail"]) for row in rows]


async def test_an_issued_statement_is_told_once_and_says_nothing_of_it(
    consenting: Harness, relay: Relay
) -> None:
    issued = statement_issued()
    await consenting.receive(issued)
    await consenting.receive(issued)
    await consenting.fire_timers(until=START + timedelta(hours=12))
    [mail] = relay.mails
    text = mail.get_content() + str(mail["Subject"])
    assert "https://pay.olentangy.example" in text
    for unsaid in ("$", "statement", "bill", "pay by", "balance", "Rivera"):
        assert unsaid not in text.replace("https://pay.olentangy.example", ""), unsaid
    [sent] = await consenting.published(StatementNoticeSent)
    assert (sent.statement_id, sent.patient_id) == (STATEMENT, PATIENT)
    assert await states(consenting) == [("sent", None)]


async def test_nobody_is_told_at_night(consenting: Harness, relay: Relay) -> None:
    consenting.clock.move_to(datetime(2026, 3, 3, 4, tzinfo=UTC))  # 11 at night in Ohio
    await consenting.receive(statement_issued())
    await consenting.fire_timers()
    assert relay.mails == []
    await consenting.fire_timers(until=datetime(2026, 3, 3, 13, tzinfo=UTC))
    assert len(relay.mails) == 1


def test_the_day_begins_at_eight_on_the_practices_clocks() -> None:
    zone = "America/New_York"
    for hour, minute, due in ((13, 0, 13), (12, 59, 13), (3, 0, 13)):
        now = datetime(2026, 3, 3, hour, minute, tzinfo=UTC)
        assert awake_at(now, zone, NoticeSettings()) == datetime(2026, 3, 3, due, tzinfo=UTC)
    evening = datetime(2026, 3, 4, 1, 0, tzinfo=UTC)
    assert awake_at(evening, zone, NoticeSettings()) == datetime(2026, 3, 4, 13, tzinfo=UTC)


@pytest.mark.parametrize("first", ["statement", "patient", "practice"])
async def test_a_notice_waits_for_what_is_heard_later(
    engagement: Harness, relay: Relay, first: str
) -> None:
    told = {
        "statement": statement_issued(),
        "patient": patient_registered(),
        "practice": practice_onboarded(),
    }
    await engagement.receive(told.pop(first), *told.values())
    async with engagement.http(PRACTICE) as client:
        await give(client)
    await engagement.fire_timers(until=START + timedelta(hours=12))
    assert len(relay.mails) == 1


async def test_who_said_stop_is_not_told_and_a_stop_ends_what_waits(
    consenting: Harness, relay: Relay
) -> None:
    await consenting.receive(statement_issued())
    async with consenting.http(PRACTICE) as client:
        await withdraw(client)
    await consenting.fire_timers(until=START + timedelta(hours=12))
    assert relay.mails == []
    assert await states(consenting) == [("cancelled", "no-consent")]


async def test_a_reply_of_stop_to_a_notice_is_heeded(consenting: Harness, relay: Relay) -> None:
    await consenting.receive(statement_issued())
    await consenting.fire_timers(until=START + timedelta(hours=12))
    [sent] = await consenting.published(StatementNoticeSent)
    async with consenting.http(PRACTICE) as client:
        answer = await reply(client, "stop", message_id=str(sent.message_id))
    assert answer.json() == {"action": "consent-withdrawn"}


async def test_a_relay_that_refuses_the_notice_for_good_fails_it(
    consenting: Harness, relay: Relay
) -> None:
    relay.recipient_answer = "550 no such mailbox"
    await consenting.receive(statement_issued())
    await consenting.fire_timers(until=START + timedelta(hours=12))
    [failed] = await consenting.published(StatementNoticeFailed)
    assert failed.reason == "550"
    assert await states(consenting) == [("failed", "550")]


async def test_a_notice_that_nobody_could_be_told_in_time_is_given_up(
    engagement: Harness, relay: Relay
) -> None:
    await engagement.receive(practice_onboarded(), statement_issued())
    engagement.clock.move_to(START + timedelta(days=15))
    await engagement.receive(patient_registered())
    assert await states(engagement) == [("cancelled", "too-late")]
    assert relay.mails == []


def test_without_a_portal_the_patient_is_asked_to_call() -> None:
    text = write_notice(language="es", given="Ana", practice="P", portal_url=None,
                        unsubscribe_url="u")  # fmt: skip
    assert "Llame al consultorio" in text.body
