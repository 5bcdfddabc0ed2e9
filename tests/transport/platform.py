"""Runs the test services on real Kafka and PostgreSQL, in this process or in one of their own."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

import asyncpg
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from libs.events.transport.database import Db, see_practices
from libs.events.transport.runtime import Running, running
from libs.events.transport.service import Service
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

    def start(self, service: Service) -> AbstractAsyncContextManager[Running]:
        return running(service, dsn=self.dsn_of(service), kafka=self.kafka)

    def dsn_of(self, service: Service) -> str:
        return self.teller_dsn if service is teller else self.ledger_dsn

    async def process(self, name: str) -> asyncio.subprocess.Process:
        """Start a service in a process of its own, that may be killed."""
        dsn = self.teller_dsn if name == "teller" else self.ledger_dsn
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.transport.victim", name, dsn, self.kafka
        )

    async def ledger_row(self, query: str, *arguments: object) -> asyncpg.Record | None:
        async with self.ledger_db() as db:
            return await db.fetchrow(query, *arguments)

    @asynccontextmanager
    async def ledger_db(self) -> AsyncIterator[Db]:
        db = await asyncpg.connect(self.ledger_dsn)
        try:
            async with db.transaction():
                await see_practices(db, [PRACTICE])
                await db.execute("SELECT set_config('mainstay.transport', 'on', true)")
                yield db
        finally:
            await db.close()


@asynccontextmanager
async def test_platform(databases: Databases, kafka: str) -> AsyncIterator[TestPlatform]:
    async with AsyncExitStack() as stack:
        await empty_topics(kafka)
        yield TestPlatform(
            kafka=kafka,
            teller_dsn=await stack.enter_async_context(databases.clone("teller")),
            ledger_dsn=await stack.enter_async_context(databases.clone("ledger", TABLES)),
        )


async def empty_topics(kafka: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        names = [ORDERS.name, MOVES.name]
        if old := [name for name in names if name in await admin.list_topics()]:
            await admin.delete_topics(old)
            await eventually(lambda: _none_of(admin, names))
        await admin.create_topics(
            [
                NewTopic(t.name, num_partitions=t.partitions, replication_factor=1)
                for t in (ORDERS, MOVES)
            ]
        )
        await eventually(lambda: _all_of(admin, names))
    finally:
        await admin.close()


async def _none_of(admin: AIOKafkaAdminClient, names: list[str]) -> bool:
    return not set(names) & set(await admin.list_topics())


async def _all_of(admin: AIOKafkaAdminClient, names: list[str]) -> bool:
    return set(names) <= set(await admin.list_topics())


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


__all__ = ["Running", "TestPlatform", "eventually", "ledger", "teller", "test_platform"]
