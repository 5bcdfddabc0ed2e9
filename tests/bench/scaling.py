"""Two processes against one: growth is partitions and replicas."""

from __future__ import annotations

import asyncio
import os
import sys
import time

import asyncpg

from libs.events.transport.runtime import running, settle_memory
from libs.events.transport.service import Service
from tests.bench.stream import fill, moved
from tests.databases import Databases
from tests.transport.ledger import LEDGER, TABLES, totals
from tests.transport.platform import empty_topics

EVENTS = 400_000
CORES_NEEDED = 4
FOLDED = "SELECT coalesce(sum(handled), 0) FROM checkpoint"


async def measure_scaling(databases: Databases, kafka: str) -> dict[str, float]:
    """Events per second with two processes over those with one; nothing on a small machine."""
    if (os.cpu_count() or 1) < CORES_NEEDED:
        print(f"two_processes_vs_one: needs {CORES_NEEDED} cores, here are {os.cpu_count()}")
        return {}
    await empty_topics(kafka)
    await fill(kafka, [moved(number) for number in range(EVENTS)])
    rates: list[float] = []
    for processes in (1, 2):
        async with databases.clone("ledger", TABLES) as dsn:
            rates.append(await _fold(dsn, kafka, processes))
    return {"two_processes_vs_one": rates[1] / rates[0]}


async def _fold(dsn: str, kafka: str, processes: int) -> float:
    """Whole rate from the second on in which every process has folded something."""
    children = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.bench.scaling", dsn, kafka, str(number))
        )
        for number in range(processes)
    ]
    db = await asyncpg.connect(dsn)
    try:
        while not (before := await db.fetchval(FOLDED)):
            await asyncio.sleep(0.02)
        started = time.perf_counter()
        async with asyncio.timeout(300):
            while await db.fetchval(FOLDED) < EVENTS:
                await asyncio.sleep(0.02)
        return (EVENTS - before) / (time.perf_counter() - started)
    finally:
        for child in children:
            child.terminate()
            await child.wait()
        await db.close()


async def _run(dsn: str, kafka: str, instance: str) -> None:
    service = Service(name=LEDGER, projections=[totals])
    async with running(service, dsn=dsn, kafka=kafka, instance=instance):
        await asyncio.Event().wait()


if __name__ == "__main__":
    settle_memory()
    asyncio.run(_run(*sys.argv[1:]))
