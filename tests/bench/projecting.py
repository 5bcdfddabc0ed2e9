"""A projection, exactly once: against what one would write first, and against a bare loop.

The naive handler has a transaction and an upsert for each event, as a framework's first page shows
it. The bare loop is the least that is exactly once: the client, the same decoder, one aggregated
upsert and one checkpoint moved by compare-and-set for each batch. All read the same topic into the
same table; the clock runs from the first event in hand to the last commit, once each is warm.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from statistics import median
from uuid import UUID, uuid4

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition
from faststream import AckPolicy
from faststream.kafka import KafkaBroker

from libs.events.transport import checkpoints
from libs.events.transport.checkpoints import Position
from libs.events.transport.database import SET_TRANSPORT, see_practices
from libs.events.transport.folding import Folding
from libs.events.transport.hearing import read_record
from libs.events.transport.keys import NoKeys
from libs.events.transport.payload import read_event
from libs.events.transport.runtime import running
from libs.events.transport.service import Service
from tests.bench.stream import fill, moved
from tests.bench.watch import Watch
from tests.databases import Databases
from tests.transport.ledger import MOVES, TABLES, CentsMoved, totals
from tests.transport.platform import empty_topics

EVENTS = 200_000
NAIVE_EVENTS = 3_000
ROUNDS = 5
"""After one that does not count: servers and interpreter are warm from then on."""

UPSERT = """
INSERT INTO total AS t VALUES (0, $1, $2, $3, 1)
ON CONFLICT (generation, practice_id, account)
DO UPDATE SET cents = t.cents + excluded.cents, moves = t.moves + 1
"""
UPSERT_MANY = """
INSERT INTO total AS t SELECT 0, * FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::bigint[])
ON CONFLICT (generation, practice_id, account)
DO UPDATE SET cents = t.cents + excluded.cents, moves = t.moves + excluded.moves
"""


async def measure_projection(databases: Databases, kafka: str) -> dict[str, float]:
    """Events per second of the three, and the medians of the ratios within a round."""
    await empty_topics(kafka)
    await fill(kafka, [moved(number) for number in range(EVENTS)])
    found: dict[str, list[float]] = {"ours": [], "bare": [], "naive": []}
    runs: dict[str, Callable[[str, str], Awaitable[float]]] = {
        "ours": ours, "bare": bare, "naive": naive,
    }  # fmt: skip
    for number in range(1 + ROUNDS):
        for name, run in runs.items():
            async with databases.clone("ledger", TABLES) as dsn:
                rate = await run(dsn, kafka)
            if number > 0:
                found[name].append(rate)
    rounds = list(zip(found["ours"], found["bare"], found["naive"], strict=True))
    return {
        "projection_events_per_second": median(found["ours"]),
        "bare_events_per_second": median(found["bare"]),
        "naive_events_per_second": median(found["naive"]),
        "projection_vs_naive": median(o / n for o, _, n in rounds),
        "projection_vs_bare": median(o / b for o, b, _ in rounds),
    }


async def ours(dsn: str, kafka: str) -> float:
    """The platform's subscriber."""
    service = Service(name="ledger", projections=[totals])
    with Watch("consumer.checkpoint-moved", "consumer.committed") as watch:
        async with running(service, dsn=dsn, kafka=kafka, instance=uuid4().hex):
            await watch.until(dsn, "SELECT coalesce(sum(handled), 0) FROM checkpoint", EVENTS)
    await check(dsn, EVENTS)
    return EVENTS / watch.seconds


async def bare(dsn: str, kafka: str) -> float:
    """The client, the same decoder, one upsert and one checkpoint per batch."""
    db = await asyncpg.connect(dsn)
    client = AIOKafkaConsumer(
        bootstrap_servers=kafka,
        enable_auto_commit=False,
        max_partition_fetch_bytes=8 * 1024 * 1024,
        max_poll_records=Folding.most_at_once,
    )
    await client.start()
    client.assign([TopicPartition(MOVES.name, p) for p in range(MOVES.partitions)])
    positions: dict[int, Position] = {}
    for tp in client.assignment():
        positions[tp.partition] = await checkpoints.load(db, "bare", tp.topic, tp.partition, 0)
        client.seek(tp, 0)
    started, done = None, 0
    while done < EVENTS:
        batches = await client.getmany(timeout_ms=100, max_records=Folding.most_at_once)
        started = started or time.perf_counter()
        for tp, records in batches.items():
            sums: dict[tuple[UUID, str], list[int]] = {}
            for record in records:
                event = read_event(read_record(record, None), record.value, NoKeys())
                assert isinstance(event, CentsMoved)
                row = sums.setdefault((event.practice_id, event.account), [0, 0])
                row[0] += event.cents
                row[1] += 1
            old = positions[tp.partition]
            new = Position(records[-1].offset + 1)
            async with db.transaction():
                await checkpoints.move(
                    db, "bare", tp.topic, tp.partition, old=old, new=new, handled=len(records)
                )
                await see_practices(db, {practice for practice, _ in sums})
                rows = sorted(sums)
                await db.execute(
                    UPSERT_MANY,
                    [practice for practice, _ in rows],
                    [account for _, account in rows],
                    [sums[row][0] for row in rows],
                    [sums[row][1] for row in rows],
                )
            positions[tp.partition] = new
            done += len(records)
    seconds = time.perf_counter() - (started or 0)
    await client.stop()
    await db.close()
    await check(dsn, EVENTS)
    return EVENTS / seconds


async def naive(dsn: str, kafka: str) -> float:
    """One message, one transaction, one upsert."""
    pool = await asyncpg.create_pool(dsn, min_size=1, max_size=4)
    broker = KafkaBroker(kafka, logger=None)
    times: list[float] = []
    done = asyncio.Event()

    async def upsert(event: CentsMoved) -> None:
        if done.is_set():
            return
        times.append(time.perf_counter())
        async with pool.acquire() as db, db.transaction():
            await db.execute(SET_TRANSPORT)
            await db.execute(UPSERT, event.practice_id, event.account, event.cents)
        if len(times) == NAIVE_EVENTS:
            times.append(time.perf_counter())
            done.set()

    broker.subscriber(
        MOVES.name,
        group_id=f"naive-{uuid4().hex}",
        auto_offset_reset="earliest",
        ack_policy=AckPolicy.ACK_FIRST,
        decoder=lambda message: CentsMoved.model_validate_json(message.body),
    )(upsert)
    await broker.start()
    await asyncio.wait_for(done.wait(), 120)
    await broker.stop()
    await pool.close()
    await check(dsn, NAIVE_EVENTS)
    return NAIVE_EVENTS / (times[-1] - times[0])


async def check(dsn: str, events: int) -> None:
    """Whoever is fast and wrong has no figure."""
    db = await asyncpg.connect(dsn)
    await db.execute("SELECT set_config('mainstay.transport', 'on', false)")
    counted = await db.fetchval("SELECT sum(moves) FROM total")
    await db.close()
    assert counted == events, f"{counted} events in the table, {events} were handled"
