"""A projection, exactly once, against what one would write first: a transaction per event."""

from __future__ import annotations

import asyncio
import time
from uuid import uuid4

import asyncpg
from aiokafka import AIOKafkaProducer
from faststream import AckPolicy
from faststream.kafka import KafkaBroker

from libs.events.transport.clock import SystemClock
from libs.events.transport.database import SET_TRANSPORT
from libs.events.transport.envelope import Origin, write_headers, write_sequence
from libs.events.transport.runtime import running
from libs.events.transport.service import Service
from libs.events.transport.work import partition_for
from tests.databases import Databases
from tests.transport.ledger import MOVES, PRACTICE, TABLES, CentsMoved, totals
from tests.transport.platform import empty_topics, eventually

EVENTS = 60_000
NAIVE_EVENTS = 3_000
ACCOUNTS = 200

UPSERT = """
INSERT INTO total AS t VALUES (0, $1, $2, $3, 1)
ON CONFLICT (generation, practice_id, account)
DO UPDATE SET cents = t.cents + excluded.cents, moves = t.moves + 1
"""


async def measure_projection(databases: Databases, kafka: str) -> dict[str, float]:
    """Events per second of the platform's subscriber and of the naive handler, and their ratio."""
    await empty_topics(kafka)
    await _publish(kafka, EVENTS)
    async with databases.clone("ledger", TABLES) as dsn:
        naive = await _naive(dsn, kafka)
        ours = await _ours(dsn, kafka)
    return {
        "projection_events_per_second": ours,
        "naive_events_per_second": naive,
        "projection_vs_naive": ours / naive,
    }


async def _publish(kafka: str, count: int) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all")
    await producer.start()
    now = SystemClock().now()
    places: dict[int, int] = {}
    batches = {p: producer.create_batch() for p in range(MOVES.partitions)}

    async def send(partition: int) -> None:
        await (await producer.send_batch(batches[partition], MOVES.name, partition=partition))
        batches[partition] = producer.create_batch()

    for number in range(count):
        event = CentsMoved(
            practice_id=PRACTICE, account=f"a{number % ACCOUNTS}", number=number, cents=number % 97
        )
        partition = partition_for(event.key_value, MOVES.partitions)
        places[partition] = places.get(partition, 0) + 1
        origin = Origin(uuid4(), None, None)
        headers = write_headers(event, source="ledger", time=now, origin=origin)
        headers["ce_sequence"] = write_sequence(1, places[partition])
        stored = [(name, text.encode()) for name, text in headers.items()]
        key, value = event.key_value.encode(), event.model_dump_json().encode()
        while (
            batches[partition].append(timestamp=None, key=key, value=value, headers=stored) is None
        ):
            await send(partition)
    for partition in batches:
        await send(partition)
    await producer.stop()


async def _ours(dsn: str, kafka: str) -> float:
    watching = await asyncpg.connect(dsn)
    await watching.execute("SELECT set_config('mainstay.transport', 'on', false)")
    service = Service(name="ledger", projections=[totals])
    started = time.perf_counter()
    async with running(service, dsn=dsn, kafka=kafka, instance=uuid4().hex):

        async def all_in() -> bool:
            return (
                await watching.fetchval("SELECT sum(moves) FROM total WHERE generation = 1")
                == EVENTS
            )

        await eventually(all_in, within_seconds=120)
        seconds = time.perf_counter() - started
    await watching.close()
    return EVENTS / seconds


async def _naive(dsn: str, kafka: str) -> float:
    """One message, one transaction, one upsert, as the framework's first page shows it."""
    pool = await asyncpg.create_pool(dsn, min_size=1, max_size=4)
    broker = KafkaBroker(kafka, logger=None)
    handled, done = 0, asyncio.Event()

    async def upsert(event: CentsMoved) -> None:
        nonlocal handled
        if done.is_set():
            return
        async with pool.acquire() as db, db.transaction():
            await db.execute(SET_TRANSPORT)
            await db.execute(UPSERT, event.practice_id, event.account, event.cents)
        handled += 1
        if handled == NAIVE_EVENTS:
            done.set()

    broker.subscriber(
        MOVES.name,
        group_id=f"naive-{uuid4().hex}",
        auto_offset_reset="earliest",
        ack_policy=AckPolicy.ACK_FIRST,
        decoder=lambda message: CentsMoved.model_validate_json(message.body),
    )(upsert)
    started = time.perf_counter()
    await broker.start()
    await asyncio.wait_for(done.wait(), 120)
    seconds = time.perf_counter() - started
    await broker.stop()
    await pool.close()
    return NAIVE_EVENTS / seconds
