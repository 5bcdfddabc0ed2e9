"""What tests of a topic that grows share: kiln and shelf at work, and what has become of it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from libs.events.transport.runtime import running
from libs.events.transport.work import Work
from tests.databases import Databases
from tests.transport.kiln import KILN_TABLES, SECOND, SHELF, SHELF_TABLES, cracked, kiln, may_keep
from tests.transport.platform import TestPlatform, empty_topics, eventually, work_in

PARKED = """
SELECT key, coalesce(stood_on, topic) AS stood_on, error IS NULL AS follows
  FROM parked_event WHERE consumer = $1 ORDER BY id
"""
ASK = """
UPDATE parked_key SET request = $3, requested_by = 'a test', requested_at = now()
 WHERE consumer = $1 AND key = $2
"""
LIVE = f"{SHELF}.shown.g1"


@asynccontextmanager
async def kiln_and_shelf(databases: Databases, kafka: str) -> AsyncIterator[TestPlatform]:
    """The kiln in the teller's place, the shelf in the ledger's; both topics are empty."""
    cracked.clear()
    may_keep.set()
    await empty_topics(kafka, SECOND.generations)
    async with (
        databases.clone("kiln", KILN_TABLES) as kiln_dsn,
        databases.clone("shelf", SHELF_TABLES) as shelf_dsn,
    ):
        yield TestPlatform(kafka, kiln_dsn, shelf_dsn, databases.admin_dsn)


@asynccontextmanager
async def firing(platform: TestPlatform, *, relays: bool = True) -> AsyncIterator[Work]:
    """The kiln in this process."""
    if relays:
        async with running(kiln, dsn=platform.teller_dsn, kafka=platform.kafka) as started:
            yield started.work
    else:
        async with asyncpg.create_pool(platform.teller_dsn, min_size=1) as pool:
            yield work_in(pool, kiln)


async def process(
    platform: TestPlatform, name: str, *pots: str, generation: int = 2
) -> asyncio.subprocess.Process:
    """Kiln or shelf in a process of its own, as it was deployed for one of the topics."""
    dsn = platform.teller_dsn if name == "kiln" else platform.ledger_dsn
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.transport.kiln", name, dsn, platform.kafka, *pots),
        env=os.environ | {"MAINSTAY_TEST_GENERATION": str(generation)},
    )


async def fired(platform: TestPlatform) -> dict[str, int]:
    async with platform.teller_db() as db:
        return {row["pot"]: row["fired"] for row in await db.fetch("SELECT pot, fired FROM pot")}


async def kept(platform: TestPlatform) -> dict[str, list[int]]:
    """The numbers of each pot, in the order in which the shelf's handler saw them."""
    async with platform.ledger_db() as db:
        rows = await db.fetch("SELECT pot, seen FROM kept")
    return {row["pot"]: [int(n) for n in row["seen"].split()] for row in rows}


async def read_shown(platform: TestPlatform) -> dict[str, tuple[int, int]]:
    async with platform.ledger_db() as db:
        rows = await db.fetch(
            "SELECT pot, pots, last FROM shown WHERE generation = "
            "(SELECT generation FROM projection WHERE name = 'shown')"
        )
    return {row["pot"]: (row["pots"], row["last"]) for row in rows}


async def all_kept(platform: TestPlatform) -> None:
    """Each pot once, in order, by handler and projection."""
    wanted = await fired(platform)

    async def as_fired() -> bool:
        seen = await kept(platform)
        return {pot: len(numbers) for pot, numbers in seen.items()} == wanted

    await eventually(as_fired, within_seconds=90, what="each pot is kept as often as it was fired")
    for pot, numbers in (await kept(platform)).items():
        assert numbers == list(range(1, wanted[pot] + 1)), f"{pot} was kept out of order"

    async def as_kept() -> bool:
        return await read_shown(platform) == {pot: (n, n) for pot, n in wanted.items()}

    await eventually(as_kept, what="the projection shows each pot, and its last number")


async def parked(platform: TestPlatform, consumer: str) -> list[tuple[str, str, bool]]:
    """Key, topic, and whether it only follows, in the order of parking."""
    async with platform.ledger_db() as db:
        return [tuple(row) for row in await db.fetch(PARKED, consumer)]


async def parked_are(
    platform: TestPlatform, consumer: str, expected: list[tuple[str, str, bool]]
) -> None:
    async def as_expected() -> bool:
        return await parked(platform, consumer) == expected

    await eventually(as_expected, what=f"parked of {consumer}: {expected}")


async def ask(platform: TestPlatform, consumer: str, pot: str, wish: str) -> None:
    async with platform.ledger_db() as db:
        await db.execute(ASK, consumer, pot, wish)


async def more_fired(platform: TestPlatform, count: int) -> None:
    already = sum((await fired(platform)).values())

    async def so_many() -> bool:
        return sum((await fired(platform)).values()) >= already + count

    await eventually(so_many, within_seconds=60, what=f"{count} pots are fired")


async def refusals(platform: TestPlatform) -> int:
    async with platform.teller_db() as db:
        return await db.fetchval("SELECT count(*) FROM refusal WHERE sqlstate = '40001'")
