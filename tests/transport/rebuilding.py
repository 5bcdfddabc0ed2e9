"""What tests of rebuilds share: moves on the log, a reader, a process that dies at a step."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

from libs.events.transport import Projection
from libs.events.transport.as_of import as_of
from libs.events.transport.building import Announce
from libs.events.transport.keys import Keys
from libs.events.transport.rebuild import rebuild, rollback
from libs.events.transport.steps import watch
from tests.transport.ledger import LEDGER, PRACTICE, order, totals
from tests.transport.platform import Running, TestPlatform, eventually

CENTS = 5
SHOWN = """
SELECT coalesce(sum(cents), 0)::int AS cents, coalesce(sum(moves), 0)::int AS moves FROM total
 WHERE generation = (SELECT generation FROM projection WHERE name = 'totals')
"""


async def move(publishing: Running, count: int, *, first: int = 0) -> None:
    """Order moves of five cents each, over ten accounts."""
    for start in range(first, first + count, 50):
        async with publishing.work.unit_of_work(PRACTICE) as uow:
            for number in range(start, min(start + 50, first + count)):
                await uow.publish(order(f"account-{number % 10}", number, CENTS))


async def moves_shown(platform: TestPlatform) -> int:
    row = await platform.ledger_row(SHOWN)
    assert row is not None
    assert row["cents"] == CENTS * row["moves"]
    return row["moves"]


async def shows(platform: TestPlatform, moves: int) -> None:
    async def all_in() -> bool:
        return await moves_shown(platform) == moves

    await eventually(all_in, within_seconds=60, what=f"{moves} moves shown")


async def rows_of(platform: TestPlatform, generation: int) -> dict[str, tuple[int, int]]:
    async with platform.ledger_db() as db:
        rows = await db.fetch("SELECT * FROM total WHERE generation = $1", generation)
    return {row["account"]: (row["cents"], row["moves"]) for row in rows}


async def begin_again(
    platform: TestPlatform,
    projection: Projection = totals,
    *,
    keys: Keys | None = None,
    announce: Announce = lambda _: None,
    accept_difference: bool = False,
) -> int:
    made = rebuild(
        LEDGER,
        projection,
        dsn=platform.ledger_dsn,
        kafka=platform.kafka,
        keys=keys,
        announce=announce,
        accept_difference=accept_difference,
    )
    return await asyncio.wait_for(made, 60)


async def go_back(platform: TestPlatform, projection: Projection = totals) -> int:
    back = rollback(LEDGER, projection, dsn=platform.ledger_dsn, kafka=platform.kafka)
    return await asyncio.wait_for(back, 60)


@asynccontextmanager
async def reading(platform: TestPlatform) -> AsyncIterator[list[int]]:
    """Somebody who looks at the projection all the while; what was seen, in order."""
    seen: list[int] = []

    async def look() -> None:
        while True:
            seen.append(await moves_shown(platform))
            await asyncio.sleep(0.005)

    looking = asyncio.create_task(look())
    try:
        yield seen
    finally:
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking


async def die_at(platform: TestPlatform, act: str, step: str) -> int:
    """Rebuild, roll back or look back in a process that is killed at a step; its exit code."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.transport.rebuilding", act, step, platform.ledger_dsn, platform.kafka),
        env=dict(os.environ),
    )
    return await asyncio.wait_for(process.wait(), 60)


async def _act(act: str, step: str, dsn: str, kafka: str) -> None:
    def die(reached: str) -> None:
        if reached == step:
            os.kill(os.getpid(), signal.SIGKILL)

    watch(die)
    if act == "as-of":
        await as_of(LEDGER, totals, datetime.now(UTC), dsn=dsn, kafka=kafka)
    else:
        await {"rebuild": rebuild, "rollback": rollback}[act](LEDGER, totals, dsn=dsn, kafka=kafka)


if __name__ == "__main__":
    asyncio.run(_act(*sys.argv[1:]))
