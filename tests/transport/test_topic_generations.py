"""A topic grows while events flow: a key's order, and effects that happen once, hold across it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest
from aiokafka import TopicPartition

from libs.events.transport.consumer import Consumer
from libs.events.transport.faults import is_transient
from libs.events.transport.health import Progress
from libs.events.transport.leases import BEGIN_EPOCH
from libs.events.transport.outbox import Outbox
from libs.events.transport.rebuild import rebuild
from libs.events.transport.relay import SEE_ALL
from libs.events.transport.runtime import Running
from tests.conftest import Addresses
from tests.databases import Databases
from tests.transport.growing import (
    all_kept,
    fired,
    firing,
    kept,
    kiln_and_shelf,
    more_fired,
    parked,
    process,
    read_shown,
    refusals,
)
from tests.transport.kiln import (
    FIRST,
    POTS,
    SECOND,
    SHELF,
    fire,
    may_keep,
    pots_of,
    published_to,
    shelf,
    shown,
)
from tests.transport.ledger import PRACTICE
from tests.transport.platform import TestPlatform, end, eventually

WRITE = """
INSERT INTO outbox (practice_id, topic, partition, key, headers, payload, not_before)
VALUES ($1, $2, 0, 'pot', '{}', '', $3)
"""
WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


@pytest.fixture
async def platform(databases: Databases, addresses: Addresses) -> AsyncIterator[TestPlatform]:
    async with kiln_and_shelf(databases, addresses.kafka) as made:
        yield made


async def test_closing_waits_for_who_has_written_and_refuses_who_writes_later(
    platform: TestPlatform,
) -> None:
    """Else an event of the topic could be committed behind one of its successor."""
    async with firing(platform, relays=False) as work, platform.teller_db() as before:
        await before.execute(WRITE, PRACTICE, FIRST.name, None)
        growing = asyncio.create_task(fire(work, ["pot-0"]))

        async def closing_waits() -> bool:
            async with platform.teller_db() as db:
                return await db.fetchval(WAITING) == 1

        async def is_refused() -> None:
            async with platform.teller_db() as db:
                await db.execute(WRITE, PRACTICE, FIRST.name, None)

        await eventually(closing_waits)
        late = asyncio.create_task(is_refused())

        async def both_wait() -> bool:
            async with platform.teller_db() as db:
                return await db.fetchval(WAITING) == 2

        await eventually(both_wait)
        assert not growing.done()
        await before.execute("COMMIT")
        await asyncio.wait_for(growing, 10)
        for attempt in (late, asyncio.create_task(is_refused())):
            with pytest.raises(asyncpg.SerializationError, match="is closed") as refused:
                await asyncio.wait_for(attempt, 10)
            assert is_transient(refused.value), "it is tried again, and parks nothing"
        await before.execute("BEGIN")
    async with platform.teller_db() as db:
        rows = await db.fetch("SELECT topic FROM outbox ORDER BY id")
        assert [row["topic"] for row in rows] == [FIRST.name, SECOND.name]


async def test_a_successors_rows_wait_for_the_rows_that_are_due_before_them(
    platform: TestPlatform,
) -> None:
    async with firing(platform, relays=False) as work:
        async with platform.teller_db() as db:
            await db.execute(WRITE, PRACTICE, FIRST.name, None)
            await db.execute(WRITE, PRACTICE, FIRST.name, work.now() + timedelta(days=3))
        await fire(work, POTS)
    db = await asyncpg.connect(platform.teller_dsn)
    try:
        await db.execute(SEE_ALL)
        outbox = Outbox(db, uuid4())
        await outbox.declare(SECOND.generations)
        await outbox.execute("UPDATE outbox_shard SET unproven = false")
        await outbox.stay_alive(timedelta(seconds=60))
        await outbox.notice_a_move()
        await outbox.take(1)
        leases = await outbox.find_own()
        assert len(leases) == 7
        assert {shard.topic for shard in await outbox.number_next(leases)} == {FIRST.name}
        assert not await outbox.number_next(leases), "it has its place and is not sent"
        await outbox.forget_sent(leases)
        windows = await outbox.number_next(leases)
        assert {shard.topic for shard in windows} == {SECOND.name}
        assert sum(map(len, windows.values())) == len(POTS)
    finally:
        await db.close()


async def test_a_topic_grows_while_events_flow_and_processes_are_killed(
    platform: TestPlatform,
) -> None:
    """Two replicas of the shelf, one of them killed; a kiln that knows the first topic alone."""
    pots = POTS
    old_kiln = await process(platform, "kiln", *pots, generation=1)
    victim = await process(platform, "shelf")
    try:
        async with platform.start(shelf, instance=None):
            await more_fired(platform, 100)
            async with firing(platform) as work:
                for _ in range(10):
                    await fire(work, pots)
                victim.kill()
                await eventually(lambda: refusals(platform), what="the old kiln is refused")
                for _ in range(10):
                    await fire(work, pots)
                await end(victim)
                victim = await process(platform, "shelf")
                assert old_kiln.returncode is None, "it waits for whoever takes its place"
                await end(old_kiln)
                await fire(work, pots)
                await all_kept(platform)
            assert not await parked(platform, SHELF)
    finally:
        await end(old_kiln, victim)
    again = rebuild(SHELF, shown, dsn=platform.ledger_dsn, kafka=platform.kafka)
    assert await asyncio.wait_for(again, 60) == 2
    assert await read_shown(platform) == {pot: (n, n) for pot, n in (await fired(platform)).items()}


@pytest.mark.parametrize("restored", [False, True])
async def test_a_successor_waits_for_a_partition_that_another_replica_handles(
    platform: TestPlatform, restored: bool
) -> None:
    """What waits is not stuck. After a restore of the publisher from a time before its topic grew,
    the successor was begun already, and must wait again."""
    slow = pots_of(0, FIRST, prefix="slow", count=8)
    async with firing(platform) as work:
        async with platform.start(shelf) as one, platform.start(shelf, instance=None) as other:
            await eventually(lambda: shared([one, other]), what="both have partitions")
            if restored:
                await fire(work, POTS)
                await all_kept(platform)
                async with platform.teller_db() as db:
                    await db.execute("DELETE FROM outbox_closed")
                    await db.execute(BEGIN_EPOCH)
            owners = [one, other] if handles(other, FIRST.name, 0) else [other, one]
            free = owners[0].consumers[0]
            before = waits(free)
            may_keep.clear()
            with published_to(FIRST):
                await fire(work, slow)
            for _ in range(3):
                await fire(work, [*slow, *POTS])

            async def a_successor_waits() -> bool:
                return any(now > before[tp] for tp, now in waits(free).items())

            await eventually(a_successor_waits, what="a partition of the successor waits")
            progress = Progress(free, platform.kafka, 0.0)  # stuck, unless it moves between looks
            await progress.look()
            looked = waits(free)

            async def each_waits_on() -> bool:
                lagging, now = await behind(free), waits(free)
                return len(lagging) > 0 and all(now[tp] > looked[tp] for tp in lagging)

            await eventually(each_waits_on, what="each of the successor's partitions waits on")
            await progress.look()
            assert not progress.stuck()
            assert not set(slow) & set(await kept(platform)), "the first of them is in hand"
            may_keep.set()
            await all_kept(platform)


async def shared(replicas: list[Running]) -> bool:
    """Whether each replica has partitions of the handlers', and not all of them."""
    return all(0 < len(r.consumers[0].positions) < 7 for r in replicas)


def handles(replica: Running, topic: str, partition: int) -> bool:
    return TopicPartition(topic, partition) in replica.consumers[0].partitions


def waits(consumer: Consumer) -> dict[TopicPartition, int]:
    """How often each of the successor's partitions was looked at and had to wait."""
    return {tp: p.waits for tp, p in consumer.partitions.items() if tp.topic == SECOND.name}


async def behind(consumer: Consumer) -> list[TopicPartition]:
    """The successor's partitions that are not read to their end."""
    at, ends = consumer.positions, await consumer.ends()
    return [tp for tp in waits(consumer) if tp in at and at[tp].next_offset < ends[tp]]


async def test_a_rebuild_finishes_a_topic_before_it_starts_the_next(
    platform: TestPlatform,
) -> None:
    async with firing(platform) as work, platform.start(shelf):
        with published_to(FIRST):
            for _ in range(200):
                await fire(work, POTS)
        await fire(work, POTS)
        await all_kept(platform)
    again = rebuild(SHELF, shown, dsn=platform.ledger_dsn, kafka=platform.kafka)
    assert await asyncio.wait_for(again, 60) == 2
    assert await read_shown(platform) == dict.fromkeys(POTS, (201, 201))


async def test_a_consumer_that_does_not_know_the_successor_is_replaced_and_loses_nothing(
    platform: TestPlatform,
) -> None:
    """Meanwhile a rebuild with the new code goes as far as the old one has come, and no farther."""
    old_shelf = await process(platform, "shelf", generation=1)
    try:
        async with firing(platform) as work:
            with published_to(FIRST):
                await fire(work, POTS)
            await fire(work, POTS)

            async def the_first_are_shown() -> bool:
                return await read_shown(platform) == dict.fromkeys(POTS, (1, 1))

            await eventually(the_first_are_shown, what="the old shelf shows what it knows")
            again = rebuild(SHELF, shown, dsn=platform.ledger_dsn, kafka=platform.kafka)
            assert await asyncio.wait_for(again, 60) == 2
            assert await the_first_are_shown()
            await end(old_shelf)
            async with platform.start(shelf):
                await all_kept(platform)
    finally:
        await end(old_shelf)
