"""What tests of the relay share: an outbox that nobody sends, relays alone, what is on the log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from uuid import uuid4

import asyncpg
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from libs.events.contracts import Topic
from libs.events.transport.clock import Clock
from libs.events.transport.database import open_pool
from libs.events.transport.envelope import begins_epoch, read_sequence
from libs.events.transport.leases import Lease
from libs.events.transport.outbox import Outbox
from libs.events.transport.relay import SEE_ALL, Relay
from libs.events.transport.runtime import Running
from libs.events.transport.work import Work
from tests.transport.ledger import ORDERS, MoveOrdered, order, teller
from tests.transport.platform import TestPlatform, eventually, records_of, work_in
from tests.transport.test_laws import place_orders

LEASE_SECONDS = 1.5


@asynccontextmanager
async def publishing(platform: TestPlatform, clock: Clock | None = None) -> AsyncIterator[Running]:
    """A teller that only writes: nobody sends, unless a relay is started for its work."""
    pool = await open_pool(platform.teller_dsn, name=teller.name)
    try:
        yield Running(teller, pool, work_in(pool, teller, clock), [])
    finally:
        await pool.close()


@asynccontextmanager
async def relaying(
    platform: TestPlatform,
    work: Work,
    *,
    kafka: str | None = None,
    lease_seconds: float = LEASE_SECONDS,
    refused_again_seconds: float = 30,
) -> AsyncIterator[Relay]:
    """A relay of the teller's by itself; it ends in order."""
    relay = Relay(
        work,
        dsn=platform.teller_dsn,
        kafka=kafka or platform.kafka,
        topics=[ORDERS],
        lease_seconds=lease_seconds,
        refused_again_seconds=refused_again_seconds,
    )
    task = asyncio.create_task(relay.run())
    try:
        yield relay
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def place_unsent(platform: TestPlatform, count: int, *, first: int = 0) -> int:
    """Orders in the outbox, and nobody to send them; returns their cents."""
    before = await waiting(platform)
    async with publishing(platform) as teller_alone:
        cents = await place_orders(teller_alone, count, first=first)
    assert await waiting(platform) == before + count
    return cents


async def waiting(platform: TestPlatform) -> int:
    async with platform.teller_db() as db:
        return await db.fetchval("SELECT count(*) FROM outbox")


async def in_flight(platform: TestPlatform) -> int:
    async with platform.teller_db() as db:
        return await db.fetchval(
            "SELECT coalesce(sum(cardinality(window_ids)), 0)::int FROM outbox_shard"
        )


@asynccontextmanager
async def outbox_of(platform: TestPlatform) -> AsyncIterator[Outbox]:
    db = await asyncpg.connect(platform.teller_dsn)
    try:
        await db.execute(SEE_ALL)
        yield Outbox(db, uuid4())
    finally:
        await db.close()


async def take_all(outbox: Outbox, lease: timedelta) -> list[Lease]:
    await outbox.declare([ORDERS])
    await outbox.stay_alive(lease)
    await outbox.notice_a_move()
    await outbox.take(1)
    for lease_ in await outbox.find_own():
        await outbox.forget_found(lease_, [])  # a new log holds nothing
    return await outbox.find_own()


async def all_sent(platform: TestPlatform, *, but: int = 0) -> None:
    async def nothing_waits() -> bool:
        return await waiting(platform) == but

    await eventually(nothing_waits, what="the outbox is empty")


async def none_refused(relay: Relay) -> None:
    """It forgets a refusal just after the rows that the broker took at last."""

    async def none() -> bool:
        return relay.refused() == {}

    await eventually(none, what="nothing is refused any more")


async def places(platform: TestPlatform, topic: Topic = ORDERS) -> dict[int, list[tuple[int, int]]]:
    """(epoch, sequence) by partition, in the order of the log; an epoch's mark has sequence 0."""
    found: dict[int, list[tuple[int, int]]] = {p: [] for p in range(topic.partitions)}
    for record in await records_of(platform.kafka, topic):
        place = read_sequence(record.headers)
        assert place is not None
        assert begins_epoch(record.headers) == (place[1] == 0)
        found[record.partition].append(place)
    return found


async def sequences(platform: TestPlatform, topic: Topic = ORDERS) -> dict[int, list[int]]:
    """By partition, in the order of the log; all of one epoch."""
    found = await places(platform, topic)
    assert {epoch for of_one in found.values() for epoch, _ in of_one} <= {1}
    return {p: [sequence for _, sequence in of_one] for p, of_one in found.items()}


async def owners(platform: TestPlatform) -> list[int]:
    """How many shards each relay holds, the fewest first."""
    async with platform.teller_db() as db:
        rows = await db.fetch(
            "SELECT count(*) AS held FROM outbox_shard WHERE owner IS NOT NULL GROUP BY owner"
        )
    return sorted(row["held"] for row in rows)


async def allow(platform: TestPlatform, most: int) -> None:
    """Let the broker take records of the orders' topic up to so many bytes."""
    admin = AIOKafkaAdminClient(bootstrap_servers=platform.kafka)
    await admin.start()
    try:
        await admin.alter_configs(
            [
                ConfigResource(
                    ConfigResourceType.TOPIC, ORDERS.name, {"max.message.bytes": str(most)}
                )
            ]
        )
    finally:
        await admin.close()


def too_large(number: int, *, cents: int = 1) -> MoveOrdered:
    """An order of more than 20,000 bytes."""
    return order("account-0" + "x" * 30_000, number, cents)
