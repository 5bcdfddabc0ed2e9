"""Several relays: each shard is one's at a time, and whoever lost it can change nothing."""

from __future__ import annotations

import asyncio
import signal
from datetime import timedelta

import pytest

from libs.events.transport import shift
from tests.transport.outboxes import (
    all_sent,
    in_flight,
    outbox_of,
    owners,
    place_unsent,
    publishing,
    relaying,
    sequences,
    take_all,
    waiting,
)
from tests.transport.platform import TestPlatform, end, eventually, ledger
from tests.transport.test_laws import assert_all_moved_once, place_orders


async def held_by(platform: TestPlatform, *shares: int) -> None:
    async def is_so() -> bool:
        return await owners(platform) == sorted(shares)

    await eventually(is_so, what=f"shares are {shares}")


async def test_two_relays_share_the_shards_and_hand_them_over_in_order(
    platform: TestPlatform,
) -> None:
    async with publishing(platform) as teller, publishing(platform) as other:
        # Leases that no stall of this machine ends: a lost one is another test's.
        async with relaying(platform, teller.work, lease_seconds=15):
            await held_by(platform, 3)
            await place_orders(teller, 30)
            await all_sent(platform)
            async with relaying(platform, other.work, lease_seconds=15):
                await held_by(platform, 1, 2)
                await asyncio.gather(
                    place_orders(teller, 30, first=30), place_orders(other, 30, first=60)
                )
                await all_sent(platform)
            await held_by(platform, 3)
            await place_orders(other, 30, first=90)
            await all_sent(platform)
        assert await owners(platform) == [], "who ends gives everything back"
    for of_one in (await sequences(platform)).values():
        assert of_one == list(range(1, len(of_one) + 1)), "nothing twice, nothing out of order"


async def test_the_shards_of_a_killed_relay_are_taken_before_its_lease_ends(
    platform: TestPlatform,
) -> None:
    victim = await platform.process("teller")  # with a lease of its own length
    try:
        await held_by(platform, 3)
        await end(victim)
        async with platform.teller_db() as db:
            ends_at = await db.fetchval("SELECT leased_until FROM outbox_relay")
        async with publishing(platform) as teller:
            async with relaying(platform, teller.work):
                await held_by(platform, 3)
                async with platform.teller_db() as db:
                    assert await db.fetchval("SELECT clock_timestamp() < $1", ends_at)
                await place_orders(teller, 20)
                await all_sent(platform)
    finally:
        await end(victim)


async def test_a_relay_stopped_past_its_lease_repeats_only_the_places_it_had_given(
    platform: TestPlatform,
) -> None:
    """It was about to send; what it sends when it wakes is on the log already, in these places."""
    cents = await place_unsent(platform, 60)
    zombie = await platform.process("teller:numbing")
    try:
        in_hand = await eventually(lambda: in_flight(platform))
        async with publishing(platform) as teller, relaying(platform, teller.work):
            await held_by(platform, 3)
            cents += await place_orders(teller, 60, first=60)
            await all_sent(platform)
            assert await count(platform) == 120
            zombie.send_signal(signal.SIGCONT)

            async def sent_again() -> bool:
                return await count(platform) == 120 + in_hand

            await eventually(sent_again, what="the zombie sends what it had in hand")
            await held_by(platform, 1, 2)  # it lives again
            cents += await place_orders(teller, 60, first=120)
            await all_sent(platform)
    finally:
        await end(zombie)
    assert await count(platform) == 180 + in_hand
    for of_one in (await sequences(platform)).values():
        first_times = list(dict.fromkeys(of_one))
        assert first_times == list(range(1, len(first_times) + 1))
    async with platform.start(ledger):
        await assert_all_moved_once(platform, 180, cents)


async def count(platform: TestPlatform) -> int:
    return sum(map(len, (await sequences(platform)).values()))


async def test_without_the_lease_nothing_is_numbered_forgotten_or_given_up(
    platform: TestPlatform,
) -> None:
    await place_unsent(platform, 30)
    async with outbox_of(platform) as first, outbox_of(platform) as second:
        old = await take_all(first, timedelta(minutes=1))
        assert len(old) == 3
        windows = await first.number_next(old)
        assert sum(map(len, windows.values())) == 30
        assert await take_all(second, timedelta(minutes=1)) == [], "the first one's lease lasts"
        await first.forget_sent([old[0]])
        await place_unsent(platform, 30, first=30)
        await first.stay_alive(timedelta(0))
        assert await first.number_next(old) == {}, "by the database's clock it has ended"

        new = await take_all(second, timedelta(minutes=1))
        assert len(new) == 3
        assert await second.find_windows(new) == {
            shard: window for shard, window in windows.items() if shard != old[0].shard
        }
        await first.stay_alive(timedelta(minutes=1))  # it wakes, and lives again
        assert await first.number_next(old) == {}
        assert await first.find_windows(old) == {}
        before = await waiting(platform)
        await first.forget_sent(old)
        await first.release(old)
        await first.leave()
        assert await waiting(platform) == before
        assert len(await second.find_own()) == 3
        await second.forget_sent(new)
        assert sum(map(len, (await second.number_next(new)).values())) == 30


async def test_a_second_window_is_not_numbered_while_the_first_is_in_flight(
    platform: TestPlatform,
) -> None:
    await place_unsent(platform, 30)
    async with outbox_of(platform) as outbox:
        leases = await take_all(outbox, timedelta(minutes=1))
        assert await outbox.number_next(leases)
        await place_unsent(platform, 30, first=30)
        assert await outbox.number_next(leases) == {}


async def test_what_another_process_commits_is_sent_without_a_poll(
    platform: TestPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The relay of the process that wrote tells the one that holds the shard."""
    monkeypatch.setattr(shift, "SHORTEST_POLL_SECONDS", 3600.0)
    monkeypatch.setattr(shift, "LONGEST_POLL_SECONDS", 3600.0)
    async with publishing(platform) as teller, publishing(platform) as api:
        async with relaying(platform, teller.work, lease_seconds=600):
            await held_by(platform, 3)
            async with relaying(platform, api.work, lease_seconds=600):
                await held_by(platform, 1, 2)
                for number in range(14):
                    await place_orders(api, 1, first=number)
                    await all_sent(platform)
