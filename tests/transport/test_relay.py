"""Laws 3 and 4 on the sender's side: one relay at a time, gapless sequences, duplicates named."""

from __future__ import annotations

import asyncio

import pytest

from libs.events.contracts import Topic
from libs.events.transport.envelope import read_sequence
from libs.events.transport.faults import PublishRefusedError
from tests.transport.ledger import MOVES, ORDERS, PRACTICE, order, teller
from tests.transport.platform import TestPlatform, end, eventually, ledger, records_of
from tests.transport.test_laws import assert_all_moved_once, place_orders

RELAYS = """
SELECT count(*) FROM pg_stat_activity
 WHERE application_name LIKE 'teller-% relay' AND datname = current_database()
"""
LOCKS = """
SELECT count(*) FROM pg_locks
 WHERE locktype = 'advisory' AND granted
   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


async def waiting(platform: TestPlatform) -> int:
    async with platform.teller_db() as db:
        return await db.fetchval("SELECT count(*) FROM outbox")


async def all_sent(platform: TestPlatform) -> None:
    async def nothing_waits() -> bool:
        return await waiting(platform) == 0

    await eventually(nothing_waits, what="the outbox is empty")


async def sequences(platform: TestPlatform, topic: Topic) -> dict[int, list[int]]:
    """By partition, in the order of the log."""
    found: dict[int, list[int]] = {p: [] for p in range(topic.partitions)}
    for record in await records_of(platform.kafka, topic):
        place = read_sequence(record.headers)
        assert place is not None
        found[record.partition].append(place[1])
    return found


async def place_unsent(platform: TestPlatform, count: int) -> int:
    """Orders in the outbox, and nobody to send them."""
    async with platform.start(teller, worker=False) as publishing:
        async with platform.superuser_of(platform.teller_dsn) as db:
            await db.execute("REVOKE DELETE ON outbox FROM teller")  # a sent row cannot go
            await db.execute("REVOKE UPDATE ON outbox FROM teller")  # nor be numbered
            cents = await place_orders(publishing, count)
    async with platform.superuser_of(platform.teller_dsn) as db:
        await db.execute("GRANT UPDATE, DELETE ON outbox TO teller")
    assert await waiting(platform) == count
    assert await records_of(platform.kafka, ORDERS) == []
    return cents


async def test_what_a_killed_relay_had_sent_is_sent_again_and_dropped_by_its_sequence(
    platform: TestPlatform,
) -> None:
    cents = await place_unsent(platform, 60)
    victim = await platform.process("teller:dying")
    try:
        assert await asyncio.wait_for(victim.wait(), 30) == -9
    finally:
        await end(victim)
    assert await waiting(platform) == 60, "it died between the send and the delete"
    sent_before = len(await records_of(platform.kafka, ORDERS))
    assert sent_before > 0

    async with platform.start(teller), platform.start(ledger):
        await assert_all_moved_once(platform, 60, cents)
        await all_sent(platform)
        again = await sequences(platform, ORDERS)
        assert sum(map(len, again.values())) == 60 + sent_before, "the topic holds duplicates"
        for places in again.values():
            assert sorted(set(places)) == list(range(1, len(set(places)) + 1))


async def test_a_relay_whose_producer_fails_and_cannot_even_be_stopped_begins_anew(
    platform: TestPlatform,
) -> None:
    """The lock must go with the failed attempt, or no relay of this service ever works again."""
    await place_unsent(platform, 10)
    victim = await platform.process("teller:sick")
    try:
        await all_sent(platform)
        async with platform.superuser_of(platform.teller_dsn) as db:
            assert await db.fetchval(RELAYS) == 1, "the failed attempt left no connection behind"
    finally:
        await end(victim)
    assert sum(map(len, (await sequences(platform, ORDERS)).values())) == 10


async def test_of_two_relays_one_waits_and_takes_over_when_the_other_ends(
    platform: TestPlatform,
) -> None:
    async with platform.superuser_of(platform.teller_dsn) as db:

        async def two_are_there() -> bool:
            return await db.fetchval(RELAYS) == 2

        async with platform.start(teller) as publishing:
            await place_orders(publishing, 30)
            await all_sent(platform)
            async with platform.start(teller) as second:
                await eventually(two_are_there)
                await place_orders(second, 30, first=30)
                await all_sent(platform)
                assert await db.fetchval(LOCKS) == 1
                assert await db.fetchval(RELAYS + " AND query LIKE '%try_advisory%'") == 1
        async with platform.start(teller) as first:
            async with platform.start(teller) as publishing:
                await eventually(two_are_there)
                await place_orders(publishing, 30, first=60)
                await all_sent(platform)
            await place_orders(first, 30, first=90)
            await all_sent(platform)
    for places in (await sequences(platform, ORDERS)).values():
        assert places == list(range(1, len(places) + 1)), "nothing twice, nothing out of order"


async def test_the_relay_of_another_replica_sends_what_this_one_commits_after_it_is_killed(
    platform: TestPlatform,
) -> None:
    victim = await platform.process("teller")
    try:

        async def holds_the_lock() -> bool:
            async with platform.superuser_of(platform.teller_dsn) as db:
                return await db.fetchval(LOCKS) == 1

        await eventually(holds_the_lock)
        async with platform.start(teller) as publishing:
            await place_orders(publishing, 20)
            await all_sent(platform)
            await end(victim)
            await place_orders(publishing, 20, first=20)
            await all_sent(platform)
    finally:
        await end(victim)
    for places in (await sequences(platform, ORDERS)).values():
        assert places == list(range(1, len(places) + 1))


async def test_a_transaction_that_is_rolled_back_leaves_no_gap_in_the_sequence(
    platform: TestPlatform,
) -> None:
    async with platform.start(teller) as publishing:
        for number in range(12):
            try:
                async with publishing.work.unit_of_work(PRACTICE) as uow:
                    await uow.publish(order("account-0", number, 1))
                    if number % 3 == 1:
                        await uow.db.execute(
                            "SELECT nextval(pg_get_serial_sequence('outbox', 'id'))"
                        )
                        raise LookupError
            except LookupError:
                continue
        await all_sent(platform)
    [places] = [p for p in (await sequences(platform, ORDERS)).values() if p]
    assert places == list(range(1, 9))


async def test_an_event_that_nobody_could_keep_is_refused_when_it_is_published(
    platform: TestPlatform,
) -> None:
    """A NUL would make each consumer park it; a text that merely looks like one goes through."""
    async with platform.start(teller) as publishing, platform.start(ledger):
        async with publishing.work.unit_of_work(PRACTICE) as uow:
            with pytest.raises(PublishRefusedError, match="NUL"):
                await uow.publish(order("account-\0", 1, 5))
            await uow.publish(order("account-\\u0000", 1, 5))

        async def moved() -> bool:
            row = await platform.ledger_row("SELECT seen FROM account WHERE account <> 'cash'")
            return row is not None and row["seen"] == "1 "

        await eventually(moved, what="it is handled")
        assert await records_of(platform.kafka, MOVES)
