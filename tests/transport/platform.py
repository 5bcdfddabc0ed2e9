"""Runs the test services on real Kafka and PostgreSQL, in this process or in one of their own."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

import asyncpg
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from libs.events.contracts import Topic
from libs.events.transport.clock import Clock, SystemClock
from libs.events.transport.database import Db, Pool, see_practices
from libs.events.transport.keys import Keys
from libs.events.transport.runtime import Running, running
from libs.events.transport.service import Service
from libs.events.transport.work import Wakes, Work
from libs.service.migrations import in_database
from tests.databases import Databases
from tests.transport.ledger import MOVES, ORDERS, PRACTICE, TABLES, ledger, teller

T = TypeVar("T")


@dataclass
class TestPlatform:
    """A fresh database for teller and ledger, and empty topics."""

    __test__ = False

    kafka: str
    teller_dsn: str
    ledger_dsn: str
    admin_dsn: str

    def start(
        self,
        service: Service,
        *,
        worker: bool = True,
        instance: str | None = "0",
        keys: Keys | None = None,
    ) -> AbstractAsyncContextManager[Running]:
        """Run a service here, as the first replica, which takes the place of one that was killed.

        A further replica has no `instance`: it leaves its group when it ends.
        """
        dsn = self.dsn_of(service)
        return running(
            service, dsn=dsn, kafka=self.kafka, worker=worker, instance=instance, keys=keys
        )

    def dsn_of(self, service: Service) -> str:
        return self.teller_dsn if service.name == teller.name else self.ledger_dsn

    async def process(self, name: str) -> asyncio.subprocess.Process:
        """Start a service in a process of its own, that may be killed."""
        dsn = self.ledger_dsn if name == "ledger" else self.teller_dsn
        return await start_victim(name, dsn, self.kafka)

    async def ledger_row(self, query: str, *arguments: object) -> asyncpg.Record | None:
        async with self.ledger_db() as db:
            return await db.fetchrow(query, *arguments)

    def ledger_db(self) -> AbstractAsyncContextManager[Db]:
        return seeing_all(self.ledger_dsn)

    def teller_db(self) -> AbstractAsyncContextManager[Db]:
        return seeing_all(self.teller_dsn)

    @asynccontextmanager
    async def superuser_of(self, dsn: str) -> AsyncIterator[Db]:
        """Whoever runs the server: takes rights away, and ends connections."""
        db = await asyncpg.connect(in_database(self.admin_dsn, _database(dsn)))
        try:
            yield db
        finally:
            await db.close()


def _database(dsn: str) -> str:
    return dsn.rpartition("/")[2]


@asynccontextmanager
async def seeing_all(dsn: str) -> AsyncIterator[Db]:
    """A transaction that sees the mechanism's tables and the test practice's."""
    db = await asyncpg.connect(dsn)
    try:
        async with db.transaction():
            await see_practices(db, [PRACTICE])
            await db.execute("SELECT set_config('mainstay.transport', 'on', true)")
            yield db
    finally:
        await db.close()


async def start_victim(
    name: str, dsn: str, kafka: str, **environment: str
) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.transport.victim", name, dsn, kafka),
        env=os.environ | environment,
    )


async def end(*victims: asyncio.subprocess.Process) -> None:
    """Kill what still runs, and wait for it."""
    for victim in victims:
        if victim.returncode is None:
            victim.kill()
        await victim.wait()


@asynccontextmanager
async def test_platform(databases: Databases, kafka: str) -> AsyncIterator[TestPlatform]:
    async with AsyncExitStack() as stack:
        await empty_topics(kafka)
        yield TestPlatform(
            kafka=kafka,
            teller_dsn=await stack.enter_async_context(databases.clone("teller")),
            ledger_dsn=await stack.enter_async_context(databases.clone("ledger", TABLES)),
            admin_dsn=databases.admin_dsn,
        )


def work_in(pool: Pool, service: Service, clock: Clock | None = None) -> Work:
    """What a process of this service works with, for a part of it that a test runs alone."""
    clock = clock or SystemClock()
    return Work(service=service.name, pool=pool, clock=clock, wakes=Wakes())


async def empty_topics(kafka: str, topics: tuple[Topic, ...] = (ORDERS, MOVES)) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        names = [topic.name for topic in topics]
        if old := [name for name in names if name in await admin.list_topics()]:
            await admin.delete_topics(old)
            await eventually(lambda: _none_of(admin, names))
        await admin.create_topics(
            [NewTopic(t.name, num_partitions=t.partitions, replication_factor=1) for t in topics]
        )
        await eventually(lambda: _all_of(admin, names))
    finally:
        await admin.close()


async def _none_of(admin: AIOKafkaAdminClient, names: list[str]) -> bool:
    return not set(names) & set(await admin.list_topics())


async def _all_of(admin: AIOKafkaAdminClient, names: list[str]) -> bool:
    return set(names) <= set(await admin.list_topics())


async def records_of(kafka: str, topic: Topic) -> list[ConsumerRecord[bytes, bytes]]:
    """Everything on a topic, as a plain client reads it, partition by partition."""
    client = AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False)
    await client.start()
    try:
        partitions = [TopicPartition(topic.name, p) for p in range(topic.partitions)]
        client.assign(partitions)
        ends = await client.end_offsets(partitions)
        found: list[ConsumerRecord[bytes, bytes]] = []
        for tp in partitions:
            client.seek(tp, 0)
            while await client.position(tp) < ends[tp]:
                found += (await client.getmany(tp, timeout_ms=500)).get(tp, [])
        return found
    finally:
        await client.stop()


async def eventually(
    look: Callable[[], Awaitable[T]], *, within_seconds: float = 30, what: str = ""
) -> T:
    """Look until it is so; AssertionError at the deadline."""
    deadline = asyncio.get_running_loop().time() + within_seconds
    while True:
        found = await look()
        if found:
            return found
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"not within {within_seconds} s: {what or look}")
        await asyncio.sleep(0.05)


async def parked_errors(platform: TestPlatform, count: int) -> list[str | None]:
    """What so many parked events failed with, in order, once they are parked."""

    async def look() -> list[str | None]:
        async with platform.ledger_db() as db:
            rows = await db.fetch("SELECT error FROM parked_event ORDER BY id")
        return [row["error"] for row in rows] if len(rows) == count else []

    return await eventually(look, what=f"{count} events are parked")


async def no_key_waits(platform: TestPlatform) -> None:
    """A key is free just after its last event was carried out."""

    async def free() -> bool:
        row = await platform.ledger_row("SELECT count(*) AS n FROM parked_key")
        return row is not None and row["n"] == 0

    await eventually(free, what="no key waits")


__all__ = ["Running", "TestPlatform", "eventually", "ledger", "teller", "test_platform"]
