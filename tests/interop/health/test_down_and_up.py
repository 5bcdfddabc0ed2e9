"""A live connection that is silent for too long, or mostly refused, is down until it is not."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from libs.events.contracts.interop_connections import InterfaceDown, InterfaceUp
from libs.events.transport.keys import NoKeys
from tests.harness import START, Harness
from tests.interop.conftest import OpenConnection
from tests.interop.health.sending import order, send, shown

HOURLY = {"every_minutes": 60}
"""The harness's clock starts at 12:00 UTC on a Monday."""


def after(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


async def said(interop: Harness) -> list[str]:
    """What was said of connections."""
    told: list[str] = []
    for event in await interop.published_all():
        if isinstance(event, InterfaceDown):
            told.append(f"down {event.reason}")
        if isinstance(event, InterfaceUp):
            told.append(f"up {event.because}")
    return told


async def test_silence_that_lasts_too_long_is_told_once_and_ended_by_the_next_message(
    interop: Harness, open_connection: OpenConnection
) -> None:
    key = await open_connection(expected=HOURLY)
    await send(interop, key)
    await interop.fire_timers(after(59))
    assert await said(interop) == []
    await interop.fire_timers(after(60))
    await interop.fire_timers(after(600))
    assert await said(interop) == ["down silent"]
    [down] = await interop.published(InterfaceDown)
    assert (down.last_seen_at, str(down.down_on)) == (START, "2026-03-02")
    view = await shown(interop)
    assert (view["down_reason"], view["down_at"]) == ("silent", "2026-03-02T13:00:00Z")
    await send(interop, key)
    assert await said(interop) == ["down silent", "up heard"]
    assert (await shown(interop))["down_reason"] is None
    await interop.fire_timers(after(660))
    assert await said(interop) == ["down silent", "up heard", "down silent"]


async def test_messages_put_the_silence_off_without_a_word_to_the_timer(
    interop: Harness, open_connection: OpenConnection
) -> None:
    key = await open_connection(expected=HOURLY)
    for minutes in (40, 80, 120):
        await interop.fire_timers(after(minutes))
        await send(interop, key)
    await interop.fire_timers(after(179))
    assert await said(interop) == []
    await interop.fire_timers(after(180))
    assert await said(interop) == ["down silent"]


async def test_the_up_that_a_message_says_is_undone_with_it(
    interop: Harness, open_connection: OpenConnection
) -> None:
    key = await open_connection(expected=HOURLY)
    await interop.fire_timers(after(60))
    keys, interop.work.keys = interop.work.keys, NoKeys()
    assert await send(interop, key) == 503, "this practice's key is missing here"
    interop.work.keys = keys
    assert await said(interop) == ["down silent"]
    assert (await shown(interop))["down_reason"] == "silent"


async def test_a_connection_that_nobody_awaits_is_never_silent(
    interop: Harness, open_connection: OpenConnection
) -> None:
    await open_connection()
    await interop.fire_timers(after(100_000))
    assert await said(interop) == []


async def test_a_connection_in_testing_or_suspended_is_not_awaited(
    interop: Harness, open_connection: OpenConnection
) -> None:
    await open_connection(state="testing", expected=HOURLY)
    await interop.fire_timers(after(120))
    await order(interop, "go-live")
    await interop.fire_timers(after(179))
    assert await said(interop) == [], "it begins when it goes live"
    await order(interop, "suspend")
    await interop.fire_timers(after(600))
    assert await said(interop) == []


async def test_who_is_taken_off_is_not_down_any_more(
    interop: Harness, open_connection: OpenConnection
) -> None:
    await open_connection(expected=HOURLY)
    await interop.fire_timers(after(60))
    await order(interop, "suspend")
    assert await said(interop) == ["down silent", "up taken-off"]
    await order(interop, "go-live")
    await interop.fire_timers(after(120))
    await order(interop, "expect", {"expected": None})
    await order(interop, "expect", {"expected": None})
    assert await said(interop) == ["down silent", "up taken-off"] * 2


async def test_most_of_twenty_refused_is_down_until_few_of_twenty_are(
    interop: Harness, open_connection: OpenConnection
) -> None:
    key = await open_connection()
    for number in range(19):
        await send(interop, key, wrong=number >= 9)
    assert await said(interop) == [], "not yet twenty"
    await send(interop, key, wrong=True)
    assert await said(interop) == ["down failing"]
    await send(interop, key, wrong=True)
    for _ in range(14):
        await send(interop, key)
    assert await said(interop) == ["down failing"], "six of the last twenty"
    await send(interop, key)
    assert await said(interop) == ["down failing", "up recovered"]


async def test_the_refused_share_is_that_of_the_last_hundred_messages(
    interop: Harness, open_connection: OpenConnection
) -> None:
    key = await open_connection()
    for wrong in (True, False, True):
        await send(interop, key, wrong=wrong)
    assert _share(await shown(interop)) == (3, 2)
    for _ in range(98):
        await send(interop, key)
    assert _share(await shown(interop)) == (100, 1), "the first has left the window"
    await order(interop, "suspend")
    await order(interop, "go-live")
    assert _share(await shown(interop)) == (0, 0)


def _share(view: dict[str, Any]) -> tuple[int, int]:
    return view["recent_count"], view["recent_refused"]
