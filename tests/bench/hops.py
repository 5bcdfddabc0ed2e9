"""From a commit in one service to the commit of its effect in the next, at 200 events a second."""

from __future__ import annotations

import asyncio
import time
from statistics import quantiles

import asyncpg

from libs.events.transport.runtime import running
from libs.events.transport.service import Service
from libs.events.transport.work import UnitOfWork
from tests.databases import Databases
from tests.transport.ledger import PRACTICE, TABLES, MoveOrdered, order, teller
from tests.transport.platform import empty_topics, eventually

RATE = 200
SECONDS = 10


async def measure_hops(databases: Databases, kafka: str) -> dict[str, float]:
    """Milliseconds from commit to handled: median and 99th percentile."""
    await empty_topics(kafka)
    committed: dict[int, float] = {}
    handled: dict[int, float] = {}

    async def note(ordered: MoveOrdered, uow: UnitOfWork) -> None:
        await uow.db.execute("SELECT 1")
        handled[ordered.number] = time.perf_counter()

    listener = Service(name="ledger", handlers=[note])
    async with databases.clone("teller") as from_dsn, databases.clone("ledger", TABLES) as to_dsn:
        async with (
            running(teller, dsn=from_dsn, kafka=kafka) as publishing,
            running(listener, dsn=to_dsn, kafka=kafka),
        ):
            await _assigned(to_dsn)
            for number in range(RATE * SECONDS):
                async with publishing.work.unit_of_work(PRACTICE) as uow:
                    await uow.publish(order(f"account-{number % 50}", number, 1))
                committed[number] = time.perf_counter()
                await asyncio.sleep(1 / RATE)

            async def all_handled() -> bool:
                return len(handled) == len(committed)

            await eventually(all_handled)
    hops = [1000 * (handled[number] - committed[number]) for number in committed]
    cuts = quantiles(hops, n=100)
    return {"hop_ms_p50": cuts[49], "hop_ms_p99": cuts[98]}


async def _assigned(dsn: str) -> None:
    db = await asyncpg.connect(dsn)

    async def there() -> bool:
        return await db.fetchval("SELECT count(*) FROM checkpoint") == 3

    await eventually(there)
    await db.close()
