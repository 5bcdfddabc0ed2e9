"""The relay's drain of a full outbox, against a bare producer sending the same bytes."""

from __future__ import annotations

import asyncio
import json
import time
from collections import defaultdict
from statistics import median

import asyncpg
from aiokafka import AIOKafkaProducer

from libs.events.transport.database import SET_TRANSPORT, open_pool
from libs.events.transport.envelope import write_sequence
from libs.events.transport.runtime import running
from tests.bench.stream import ordered
from tests.databases import Databases
from tests.transport.ledger import PRACTICE, teller
from tests.transport.platform import empty_topics, work_in

EVENTS = 30_000
AT_ONCE = 1_000
ROUNDS = 3
READ = "SELECT topic, partition, key, headers, payload FROM outbox ORDER BY id"

Batch = list[tuple[bytes, bytes, list[tuple[str, bytes]]]]


async def measure_relaying(databases: Databases, kafka: str) -> dict[str, float]:
    """Events per second of the relay and of the bare producer, and their ratio."""
    rates: list[tuple[float, float]] = []
    for _ in range(ROUNDS):
        await empty_topics(kafka)
        async with databases.clone("teller") as dsn:
            await _fill_outbox(dsn)
            bare = await _send_bare(dsn, kafka)
            await empty_topics(kafka)  # a relay whose log holds its events forgets them
            rates.append((await _drain(dsn, kafka), bare))
    return {
        "relay_events_per_second": median(relay for relay, _ in rates),
        "bare_producer_events_per_second": median(bare for _, bare in rates),
        "relay_vs_bare_producer": median(relay / bare for relay, bare in rates),
    }


async def _fill_outbox(dsn: str) -> None:
    async with await open_pool(dsn, name="bench") as pool:
        work = work_in(pool, teller)
        for start in range(0, EVENTS, AT_ONCE):
            async with work.unit_of_work(PRACTICE) as uow:
                for number in range(start, start + AT_ONCE):
                    await uow.publish(ordered(number))


async def _drain(dsn: str, kafka: str) -> float:
    db = await asyncpg.connect(dsn)
    await db.execute("SELECT set_config('mainstay.transport', 'on', false)")
    started = time.perf_counter()
    async with running(teller, dsn=dsn, kafka=kafka, worker=False), asyncio.timeout(120):
        left = EVENTS
        while left:
            before, left = left, await db.fetchval("SELECT count(*) FROM outbox")
            if before == EVENTS:  # until it has its first window, it is starting
                started = started if left < EVENTS else time.perf_counter()
            await asyncio.sleep(0.01)
    await db.close()
    return EVENTS / (time.perf_counter() - started)


async def _send_bare(dsn: str, kafka: str) -> float:
    """The same records, ready in memory, in explicit batches, one in flight per partition."""
    shards: defaultdict[tuple[str, int], Batch] = defaultdict(list)
    db = await asyncpg.connect(dsn)
    async with db.transaction():
        await db.execute(SET_TRANSPORT)
        for row in await db.fetch(READ):
            headers: dict[str, str] = json.loads(row["headers"])
            shard = shards[row["topic"], row["partition"]]
            headers["ce_sequence"] = write_sequence(1, len(shard) + 1)
            stored = [(name, value.encode()) for name, value in headers.items()]
            shard.append((row["key"].encode(), row["payload"], stored))
    await db.close()
    async with AIOKafkaProducer(
        bootstrap_servers=kafka,
        acks="all",
        enable_idempotence=True,
        max_batch_size=1024 * 1024,
        max_request_size=2 * 1024 * 1024,
    ) as producer:
        started = time.perf_counter()
        await asyncio.gather(
            *[
                _send(producer, topic, partition, shards[topic, partition])
                for topic, partition in shards
            ]
        )
        return EVENTS / (time.perf_counter() - started)


async def _send(producer: AIOKafkaProducer, topic: str, partition: int, rows: Batch) -> None:
    at = 0
    while at < len(rows):
        batch = producer.create_batch()
        while at < len(rows):
            key, value, headers = rows[at]
            if batch.append(timestamp=None, key=key, value=value, headers=headers) is None:
                break
            at += 1
        await (await producer.send_batch(batch, topic, partition=partition))
