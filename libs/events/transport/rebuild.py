"""Rebuilding a projection: a new generation from the start of the log, caught up, then swapped.

The live generation goes on being read and written all the while. The swap is one transaction: it
locks the live checkpoints, checks that the new generation has everything that the live one has,
moves the pointer and removes the old checkpoints, which fences whoever still writes the old rows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aiokafka import AIOKafkaConsumer, TopicPartition

from libs.events.transport.clock import SystemClock
from libs.events.transport.consumer import Consumer
from libs.events.transport.database import Db, Pool, open_pool, transport_transaction
from libs.events.transport.effects import topics_of
from libs.events.transport.folding import Folding, checkpoint_name
from libs.events.transport.keys import Keys
from libs.events.transport.projections import Projection
from libs.events.transport.runtime import make_broker
from libs.events.transport.steps import reached
from libs.events.transport.work import Wakes, Work

Tell = Callable[[int, int], None]
"""Called with (events folded, events there are)."""

LIVE = "SELECT generation FROM projection WHERE name = $1"
LOCK_LIVE = "SELECT generation FROM projection WHERE name = $1 FOR UPDATE"
LOCK_POSITIONS = """
SELECT topic, partition, next_offset FROM checkpoint WHERE consumer = $1 FOR UPDATE
"""
SWAP = """
UPDATE projection SET generation = $2, version = $3, swapped_at = now() WHERE name = $1
"""
FORGET_CHECKPOINTS = "DELETE FROM checkpoint WHERE consumer = $1"
FORGET_WHAT_WAITS = (
    "DELETE FROM parked_event WHERE consumer = $1",
    "DELETE FROM parked_key WHERE consumer = $1",
    "DELETE FROM consumer_stop WHERE consumer = $1",
)
DONE = "SELECT coalesce(sum(next_offset), 0) FROM checkpoint WHERE consumer = $1"


async def rebuild(
    service: str,
    projection: Projection,
    *,
    dsn: str,
    kafka: str,
    keys: Keys | None = None,
    tell: Tell = lambda *_: None,
) -> int:
    """Rebuild and swap; returns the generation that is read now. May be begun again at any time."""
    pool = await open_pool(dsn, name=f"{service} rebuild", most=6)
    try:
        live = await pool.fetchval(LIVE, projection.name)
        if live is None:
            raise LookupError(f"{projection.name} was never folded: start its service first")
        shadow = live + 1
        await _clear(pool, service, projection, shadow)
        reached("rebuild.cleared")
        work = Work(service=service, pool=pool, clock=SystemClock(), wakes=Wakes(), keys=keys)
        consumer = Consumer(Folding(service, projection, shadow, keys), work)
        broker = make_broker(kafka, f"{service}-rebuild")
        consumer.subscribe(broker, None)
        await broker.start()
        try:
            ends = await _log_ends(kafka, projection)
            total = sum(ends.values())
            while not await _swap(pool, service, projection, live, shadow, ends):
                if consumer.breaker.stopped is not None:
                    raise RuntimeError(f"{projection.name}: {consumer.breaker.stopped}")
                tell(await pool.fetchval(DONE, checkpoint_name(service, projection, shadow)), total)
                await asyncio.sleep(0.1)
            tell(total, total)
            reached("rebuild.swapped")
        finally:
            consumer.end()
            await broker.stop()
        await _clear(pool, service, projection, live)
        return shadow
    finally:
        await pool.close()


async def _clear(pool: Pool, service: str, projection: Projection, generation: int) -> None:
    """Remove a generation's rows: an abandoned rebuild's, or the old one's after a swap."""
    consumer = checkpoint_name(service, projection, generation)
    async with transport_transaction(pool) as db:
        for statement in (FORGET_CHECKPOINTS, *FORGET_WHAT_WAITS):
            await db.execute(statement, consumer)
        for table in projection.tables:
            await db.execute(f"DELETE FROM {table.name} WHERE generation = $1", generation)


async def _log_ends(kafka: str, projection: Projection) -> dict[tuple[str, int], int]:
    client = AIOKafkaConsumer(bootstrap_servers=kafka)
    await client.start()
    try:
        topics = topics_of(projection.by_type())
        partitions = [TopicPartition(t.name, p) for t in topics for p in range(t.partitions)]
        ends = await client.end_offsets(partitions)
        return {(tp.topic, tp.partition): end for tp, end in ends.items()}
    finally:
        await client.stop()


async def _swap(
    pool: Pool,
    service: str,
    projection: Projection,
    live: int,
    shadow: int,
    ends: dict[tuple[str, int], int],
) -> bool:
    """Swap where the shadow has everything that the live generation has; else False.

    Of a topic that the live one does not hear, it must have what was there at the start (`ends`);
    one that this version no longer hears is nothing to wait for.
    """
    async with pool.acquire() as db, db.transaction():
        if await db.fetchval(LOCK_LIVE, projection.name) != live:
            raise RuntimeError(f"somebody else rebuilt {projection.name} meanwhile")
        old = await _positions(db, checkpoint_name(service, projection, live))
        new = await _positions(db, checkpoint_name(service, projection, shadow))
        if any(new.get(shard, 0) < old.get(shard, end) for shard, end in ends.items()):
            return False
        await db.execute(SWAP, projection.name, shadow, projection.version)
        reached("rebuild.swapping")
        await db.execute(FORGET_CHECKPOINTS, checkpoint_name(service, projection, live))
        return True


async def _positions(db: Db, consumer: str) -> dict[tuple[str, int], int]:
    rows = await db.fetch(LOCK_POSITIONS, consumer)
    return {(row["topic"], row["partition"]): row["next_offset"] for row in rows}
