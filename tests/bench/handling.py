"""A business handler with one write and one outgoing event, against what one would write first.

The naive handler has a transaction for each event and sends the next event when it has committed:
a crash in between loses that. Ours has its outbox in the transaction, and its relay runs beside it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from statistics import median
from uuid import uuid4

import asyncpg
from aiokafka import AIOKafkaProducer
from faststream import AckPolicy
from faststream.kafka import KafkaBroker

from libs.events.transport import UnitOfWork
from libs.events.transport.database import see_practices
from libs.events.transport.runtime import running
from libs.events.transport.service import Service
from tests.bench.stream import fill, ordered
from tests.bench.watch import Watch
from tests.databases import Databases
from tests.transport.ledger import LEDGER, MOVES, ORDERS, TABLES, CentsMoved, MoveOrdered
from tests.transport.platform import empty_topics

EVENTS = 20_000
NAIVE_EVENTS = 2_000
ROUNDS = 3

MOVE = """
INSERT INTO account AS a VALUES ($1, $2, $3, 1)
ON CONFLICT (practice_id, account) DO UPDATE SET cents = a.cents + $3, moves = a.moves + 1
"""


def moved_by(order: MoveOrdered) -> CentsMoved:
    return CentsMoved(
        practice_id=order.practice_id,
        account=order.account,
        number=order.number,
        cents=order.cents,
    )


async def move_cents(order: MoveOrdered, uow: UnitOfWork) -> None:
    await uow.db.execute(MOVE, order.practice_id, order.account, order.cents)
    await uow.publish(moved_by(order))


async def measure_handling(databases: Databases, kafka: str) -> dict[str, float]:
    """Events per second of both, and the median of the ratios within a round."""
    await empty_topics(kafka)
    await fill(kafka, [ordered(number) for number in range(EVENTS)])
    found: dict[str, list[float]] = {"ours": [], "naive": []}
    runs: dict[str, Callable[[str, str], Awaitable[float]]] = {"ours": ours, "naive": naive}
    for _ in range(ROUNDS):
        for name, run in runs.items():
            async with databases.clone("ledger", TABLES) as dsn:
                found[name].append(await run(dsn, kafka))
    return {
        "handler_events_per_second": median(found["ours"]),
        "naive_handler_events_per_second": median(found["naive"]),
        "handler_vs_naive": median(
            o / n for o, n in zip(found["ours"], found["naive"], strict=True)
        ),
    }


async def ours(dsn: str, kafka: str) -> float:
    """The platform's handler, its relay at work beside it."""
    service = Service(name=LEDGER, handlers=[move_cents])
    with Watch("consumer.checkpoint-moved", "consumer.committed") as watch:
        async with running(service, dsn=dsn, kafka=kafka, instance=uuid4().hex):
            await watch.until(dsn, "SELECT coalesce(sum(handled), 0) FROM checkpoint", EVENTS)
    return EVENTS / watch.seconds


async def naive(dsn: str, kafka: str) -> float:
    """One message, one transaction, one write; then the next event is sent."""
    pool = await asyncpg.create_pool(dsn, min_size=1, max_size=4)
    broker = KafkaBroker(kafka, logger=None)
    producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all")
    times: list[float] = []
    done = asyncio.Event()

    async def move(order: MoveOrdered) -> None:
        if done.is_set():
            return
        times.append(time.perf_counter())
        async with pool.acquire() as db, db.transaction():
            await see_practices(db, [order.practice_id])
            await db.execute(MOVE, order.practice_id, order.account, order.cents)
        event = moved_by(order)
        await producer.send_and_wait(
            MOVES.name, event.model_dump_json().encode(), key=event.key_value.encode()
        )
        if len(times) == NAIVE_EVENTS:
            times.append(time.perf_counter())
            done.set()

    broker.subscriber(
        ORDERS.name,
        group_id=f"naive-{uuid4().hex}",
        auto_offset_reset="earliest",
        ack_policy=AckPolicy.ACK_FIRST,
        decoder=lambda message: MoveOrdered.model_validate_json(message.body),
    )(move)
    async with producer:
        await broker.start()
        await asyncio.wait_for(done.wait(), 120)
        await broker.stop()
    await pool.close()
    return NAIVE_EVENTS / (times[-1] - times[0])
