"""What stays as it is when there is more: a rebuild's memory, and the price of one more event."""

from __future__ import annotations

import asyncio
import json
import sys
from statistics import median

import asyncpg

from libs.events.transport.rebuild import rebuild
from libs.events.transport.runtime import running, settle_memory
from libs.events.transport.service import Service
from tests.bench.child import measured, peak_mb
from tests.bench.handling import ours as handle
from tests.bench.stream import fill, moved, ordered
from tests.bench.watch import Watch
from tests.databases import Databases
from tests.transport.ledger import LEDGER, PRACTICE, TABLES, totals
from tests.transport.platform import empty_topics

FEW, MANY = 100_000, 1_000_000
FOLDED = "SELECT coalesce(sum(handled), 0) FROM checkpoint"
GROW = """
INSERT INTO account SELECT $1, 'a' || n, 0, 1 FROM generate_series(1, $2) AS n
"""
ROUNDS = 3


async def measure_rebuilding(databases: Databases, kafka: str) -> dict[str, float]:
    """The rate of a rebuild against the live fold's, and its peak memory at 1x and at 10x."""
    peaks: list[float] = []
    ratio = 0.0
    for events in (FEW, MANY):
        await empty_topics(kafka)
        await fill(kafka, [moved(number) for number in range(events)])
        async with databases.clone("ledger", TABLES) as dsn:
            live = await measured("growing", "live", dsn, kafka, str(events))
            rebuilt = await measured("growing", "rebuild", dsn, kafka, str(events))
        peaks.append(rebuilt["peak_mb"])
        ratio = live["seconds"] / rebuilt["seconds"]
    return {
        "rebuild_vs_live": ratio,
        "rebuild_peak_mb": peaks[0],
        "rebuild_peak_mb_at_10x": peaks[1],
        "rebuild_peak_grown": peaks[1] / peaks[0],
    }


async def measure_growth(databases: Databases, kafka: str) -> dict[str, float]:
    """The price of handling an event where a million rows are, against a hundred thousand."""
    await empty_topics(kafka)
    await fill(kafka, [ordered(number) for number in range(20_000)])
    ratios: list[float] = []
    for _ in range(ROUNDS):
        rates: list[float] = []
        for rows in (100_000, 1_000_000):
            async with databases.clone("ledger", TABLES) as dsn:
                await _grow(dsn, rows)
                rates.append(await handle(dsn, kafka))
        ratios.append(rates[0] / rates[1])
    return {"event_price_at_10x_rows": median(ratios)}


async def _grow(dsn: str, rows: int) -> None:
    db = await asyncpg.connect(dsn)
    async with db.transaction():
        await db.execute("SELECT set_config('mainstay.practices', $1, true)", str(PRACTICE))
        await db.execute(GROW, PRACTICE, rows)
    await db.execute("ANALYZE account")
    await db.close()


async def _live(dsn: str, kafka: str, events: int) -> float:
    service = Service(name=LEDGER, projections=[totals])
    with Watch("consumer.checkpoint-moved", "consumer.committed") as watch:
        async with running(service, dsn=dsn, kafka=kafka, instance="bench"):
            await watch.until(dsn, FOLDED, events)
    return watch.seconds


async def _rebuild(dsn: str, kafka: str, _: int) -> float:
    with Watch("consumer.checkpoint-moved", "consumer.committed") as watch:
        await rebuild(LEDGER, totals, dsn=dsn, kafka=kafka)
    return watch.seconds


def main(what: str, dsn: str, kafka: str, events: str) -> None:
    """Fold in this process of its own, so that its peak memory is the fold's."""
    settle_memory()
    seconds = asyncio.run({"live": _live, "rebuild": _rebuild}[what](dsn, kafka, int(events)))
    print(json.dumps({"seconds": seconds, "peak_mb": peak_mb()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
