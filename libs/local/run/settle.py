"""Waits until everything that was fed has come to its end, everywhere."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from libs.events.transport.database import SET_TRANSPORT, Db
from libs.local.run.platform import LocalPlatform
from libs.local.run.progress import Display
from libs.service.topics import declared_topics

SOON = timedelta(seconds=30)
"""A timer that is due so soon is work to wait for; a reminder for tomorrow is not."""


class NotSettledError(Exception):
    """Something did not come to its end in time; the message says what."""


async def settle(platform: LocalPlatform, display: Display, *, within_seconds: float) -> None:
    """Return when nothing moves any more; NotSettledError names what still does."""
    deadline = asyncio.get_running_loop().time() + within_seconds
    quiet = 0
    while quiet < 2:
        waiting = await what_waits(platform)
        quiet = quiet + 1 if not waiting else 0
        if waiting:
            display.say(f"settling: {waiting[0]}")
        if asyncio.get_running_loop().time() > deadline:
            raise NotSettledError(f"not settled after {within_seconds:.0f} s: {'; '.join(waiting)}")
        await asyncio.sleep(0.25)


async def what_waits(platform: LocalPlatform) -> list[str]:
    """What is still under way, in words; empty when all is settled."""
    waiting = [
        f"{path.parent.parent.name} has {path.name} in {path.parent.name}"
        for folder in ("outbound", "inbound")
        for path in sorted(platform.exchange.glob(f"*/{folder}/*"))
        if path.is_file() and path.suffix != ".part"  # still to be taken, whatever kind it is
    ]
    ends = await _log_ends(platform)
    for service, dsn in platform.databases.items():
        db = await asyncpg.connect(dsn)
        try:
            async with db.transaction():
                await db.execute(SET_TRANSPORT)
                waiting += [f"{service}: {what}" for what in await _waiting_in(db, ends)]
        finally:
            await db.close()
    return waiting


async def _waiting_in(db: Db, ends: dict[tuple[str, int], int]) -> list[str]:
    found: list[str] = []
    if unsent := await db.fetchval("SELECT count(*) FROM outbox"):
        found.append(f"{unsent} events in the outbox")
    soon = datetime.now(UTC) + SOON
    if due := await db.fetchval("SELECT count(*) FROM timer WHERE due_at <= $1", soon):
        found.append(f"{due} timers due")
    rows = await db.fetch("SELECT consumer, topic, partition, next_offset FROM checkpoint")
    behind: dict[str, int] = {}
    for row in rows:
        lag = ends.get((row["topic"], row["partition"]), 0) - row["next_offset"]
        if lag > 0:
            behind[row["consumer"]] = behind.get(row["consumer"], 0) + lag
    return found + [f"{consumer} is {lag} events behind" for consumer, lag in behind.items()]


async def _log_ends(platform: LocalPlatform) -> dict[tuple[str, int], int]:
    client = AIOKafkaConsumer(bootstrap_servers=platform.backends.kafka)
    await client.start()
    try:
        partitions = [
            TopicPartition(topic.name, partition)
            for topic in declared_topics()
            for partition in range(topic.partitions)
        ]
        ends = await client.end_offsets(partitions)
        return {(tp.topic, tp.partition): end for tp, end in ends.items()}
    finally:
        await client.stop()
