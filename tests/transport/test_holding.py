"""Whoever dies with an event in hand is not asked to park it: the next owner goes on with care."""

from __future__ import annotations

import asyncio

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from libs.events.transport import holding
from libs.events.transport.applying import Applier
from libs.events.transport.breaker import Breaker
from libs.events.transport.database import open_pool
from libs.events.transport.effects import Handlers
from libs.events.transport.faults import FencedError
from libs.events.transport.partition import OwnedPartition
from libs.events.transport.work import partition_for
from tests.transport.ledger import DEADLY, LEDGER, ORDERS, PRACTICE, healed, ledger, order, teller
from tests.transport.platform import (
    TestPlatform,
    end,
    eventually,
    records_of,
    start_victim,
    work_in,
)

HELD = "SELECT held FROM checkpoint WHERE consumer = $1"


async def publish(platform: TestPlatform, *orders: tuple[str, int, int]) -> None:
    async with platform.start(teller, worker=False) as publishing:
        async with publishing.work.unit_of_work(PRACTICE) as uow:
            for account, number, cents in orders:
                await uow.publish(order(account, number, cents))

        async def sent() -> bool:
            async with platform.teller_db() as db:
                return await db.fetchval("SELECT count(*) FROM outbox") == 0

        await eventually(sent)


async def live_and_die(platform: TestPlatform, most: int) -> int:
    """Start the ledger until it stays alive with everything read; returns how often it died."""
    for deaths in range(most + 1):
        victim = await start_victim("ledger", platform.ledger_dsn, platform.kafka)
        died, read = asyncio.create_task(victim.wait()), asyncio.create_task(all_read(platform))
        await asyncio.wait({died, read}, return_when=asyncio.FIRST_COMPLETED)
        alive = read.done()
        read.cancel()
        await end(victim)
        await died
        if alive:
            return deaths
    raise AssertionError(f"it died more than {most} times")


async def all_read(platform: TestPlatform) -> None:
    async def read() -> bool:
        row = await platform.ledger_row(
            "SELECT coalesce(sum(handled), 0) AS n FROM checkpoint WHERE consumer = $1", LEDGER
        )
        return row is not None and row["n"] >= 40

    await eventually(read, within_seconds=60)


async def test_an_event_that_kills_its_process_parks_after_three_deaths_alone_in_hand(
    platform: TestPlatform,
) -> None:
    sound = [("sound", number, 5) for number in range(1, 40)]
    await publish(platform, *sound[:20], ("mortal", 1, DEADLY), *sound[20:])
    deaths = await live_and_die(platform, most=holding.DEATHS + 1)
    assert deaths == holding.DEATHS + 1, "once in a batch, then alone in hand"
    async with platform.ledger_db() as db:
        parked = await db.fetch("SELECT key, error FROM parked_event")
        seen = await db.fetchval("SELECT seen FROM account WHERE account = 'sound'")
    assert [(row["key"], row["error"]) for row in parked] == [
        ("mortal", "the process died 3 times with this event alone in hand")
    ]
    assert seen.split() == [str(number) for number in range(1, 40)]


async def test_who_stops_in_an_orderly_way_lets_go_of_its_partitions(
    platform: TestPlatform,
) -> None:
    await publish(platform, ("one", 1, 5))
    async with platform.start(ledger):
        await eventually(lambda: held(platform, True))
    assert await held(platform, False)


async def test_a_batch_that_comes_while_its_partition_is_taken_up_tells_of_no_dead_owner(
    platform: TestPlatform,
) -> None:
    """The client may have fetched from the group's offset before it was told to seek."""
    await publish(platform, *[("one", number, 5) for number in range(1, 21)])
    tp = TopicPartition(ORDERS.name, partition_for("one", ORDERS.partitions))
    batch = [r for r in await records_of(platform.kafka, ORDERS) if r.partition == tp.partition]
    client = AIOKafkaConsumer(bootstrap_servers=platform.kafka, enable_auto_commit=False)
    async with client, await open_pool(platform.ledger_dsn, name="test") as pool:
        client.assign([tp])
        work = work_in(pool, ledger)
        applier = Applier(Handlers(ledger, work.clock), LEDGER, work)
        owned = OwnedPartition(tp, applier=applier, breaker=Breaker(LEDGER, pool), client=client)
        # Two connections are open, so that neither is late because it must connect.
        await asyncio.gather(*[applier.load(*tp, 0) for _ in range(2)])
        await asyncio.gather(owned.take_up(), owned.handle(batch))
        await owned.handle(batch)
        async with platform.ledger_db() as db:
            row = await db.fetchrow(
                "SELECT next_offset, held, tried_offset FROM checkpoint WHERE partition = $1",
                tp.partition,
            )
    assert row is not None
    assert (row["next_offset"], row["held"]) == (20, True)
    assert row["tried_offset"] is None, "nobody died, so nothing was taken in hand with care"


async def test_whose_checkpoint_was_swapped_out_while_it_took_care_is_fenced(
    platform: TestPlatform,
) -> None:
    async with await open_pool(platform.ledger_dsn, name="test") as pool:
        with pytest.raises(FencedError):
            await holding.died_with(pool, f"{LEDGER}.totals.g1", ORDERS.name, 0, 7)


async def held(platform: TestPlatform, expected: bool) -> bool:
    async with platform.ledger_db() as db:
        rows = await db.fetch(HELD, LEDGER)
    return len(rows) == ORDERS.partitions and all(row["held"] is expected for row in rows)


async def test_a_failing_batch_is_halved_until_the_event_that_fails_stands_alone(
    platform: TestPlatform,
) -> None:
    healed.clear()
    async with platform.start(teller, worker=False) as publishing:
        async with publishing.work.unit_of_work(PRACTICE) as uow:
            for number in range(1, 65):
                await uow.publish(order("one-key", number, 5, poison=False))
            await uow.publish(order("poison", 65, 5, poison=True))
            for number in range(66, 130):
                await uow.publish(order("one-key", number, 5, poison=False))

        async def sent() -> bool:
            async with platform.teller_db() as db:
                return await db.fetchval("SELECT count(*) FROM outbox") == 0

        await eventually(sent)
    async with platform.start(ledger):

        async def handled() -> bool:
            row = await platform.ledger_row("SELECT moves FROM account WHERE account = 'one-key'")
            poison = await platform.ledger_row("SELECT count(*) AS n FROM parked_event")
            return (
                row is not None and row["moves"] == 128 and poison is not None and poison["n"] > 0
            )

        await eventually(handled)
    async with platform.ledger_db() as db:
        parked = await db.fetch("SELECT key FROM parked_event")
        seen = await db.fetchval("SELECT seen FROM account WHERE account = 'one-key'")
    assert [row["key"] for row in parked] == ["poison"]
    assert seen.split() == [str(n) for n in (*range(1, 65), *range(66, 130))]
