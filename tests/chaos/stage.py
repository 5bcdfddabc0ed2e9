"""Where a run takes place: databases and topics of the pair, and its victims."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError

from libs.events.contracts import Topic
from libs.events.transport.database import Db
from libs.service.migrations import in_database
from tests.chaos.cluster import Cluster
from tests.chaos.pair import LEDGER_TABLES, MOVES, ORDERS, TELLER_TABLES, TransferOrdered
from tests.chaos.victims import Victim
from tests.databases import Databases
from tests.transport.platform import eventually, seeing_all

COUNT_DONE = """
SELECT (SELECT coalesce(sum(moves), 0) FROM total
         WHERE generation = (SELECT generation FROM projection WHERE name = 'totals'))::bigint
     + (SELECT count(*) FROM parked_event
         WHERE headers::text LIKE '%' || $1 || '%'
           AND (error IS NULL OR error NOT LIKE 'UnreadableEventError%'))
"""

COUNT_WAITING = """
SELECT (SELECT count(*) FROM outbox) + (SELECT count(*) FROM timer)
     + (SELECT count(*) FROM parked_key)
"""


@dataclass
class Stage:
    """`dsns` go through the proxy where there is one; `direct_dsns` are the checker's own."""

    kafka: str
    dsns: dict[str, str]
    direct_dsns: dict[str, str]
    folder: Path
    admin_dsn: str
    cluster: Cluster | None = None
    victims: dict[str, Victim] = field(default_factory=dict[str, Victim])

    def victim(self, role: str, *, instance: str = "0", bug: str = "") -> Victim:
        dsn = self.dsns["teller" if role == "teller" else "ledger"]
        log = self.folder / f"{role}-{instance}.log"
        return Victim(role, dsn, self.kafka, log=log, instance=instance, bug=bug)

    async def start_victims(self, bugs: dict[str, str] | None = None) -> None:
        """The teller and the ledger, each as replica 0."""
        bugs = bugs or {}
        self.victims = {
            role: self.victim(role, bug=bugs.get(role, "")) for role in ("teller", "ledger")
        }
        await asyncio.gather(*[victim.start() for victim in self.victims.values()])

    def look(self, role: str) -> AbstractAsyncContextManager[Db]:
        """A transaction in a service's database that sees everything, past the proxy."""
        return seeing_all(self.direct_dsns[role])

    async def as_owner(self, role: str, *statements: str) -> None:
        """Change a service's database as its owner does."""
        database = self.direct_dsns[role].rpartition("/")[2]
        db = await asyncpg.connect(in_database(self.admin_dsn, database))
        try:
            await db.execute(f'SET ROLE "{role}_owner"')
            for statement in statements:
                await db.execute(statement)
        finally:
            await db.close()

    async def done(self) -> int:
        """Orders that are folded into the read model, or parked."""
        async with self.look("ledger") as db:
            return await db.fetchval(COUNT_DONE, TransferOrdered.type)

    async def in_flight(self) -> int:
        """Orders that were placed and are neither folded into the read model nor parked."""
        # What is done is counted first: what happens in between only adds to what was placed.
        done = await self.done()
        async with self.look("teller") as db:
            return await db.fetchval("SELECT count(*) FROM placed") - done

    async def lag(self) -> int:
        """Records that stand after the checkpoints of the ledger's two consumers."""
        client = AIOKafkaConsumer(bootstrap_servers=self.kafka)
        await client.start()
        try:
            partitions = [
                TopicPartition(t.name, p) for t in (ORDERS, MOVES) for p in range(t.partitions)
            ]
            ends = await client.end_offsets(partitions)
        finally:
            await client.stop()
        async with self.look("ledger") as db:
            rows = await db.fetch("SELECT topic, partition, next_offset FROM checkpoint")
        read = {TopicPartition(r["topic"], r["partition"]): r["next_offset"] for r in rows}
        return sum(end - read.get(tp, 0) for tp, end in ends.items())

    async def quiet(self) -> bool:
        """Whether nothing is on its way, parked, or to be done later."""
        for role in ("teller", "ledger"):
            async with self.look(role) as db:
                if await db.fetchval(COUNT_WAITING):
                    return False
        return await self.in_flight() == 0


@asynccontextmanager
async def stage(
    databases: Databases, kafka: str, folder: Path, cluster: Cluster | None = None
) -> AsyncIterator[Stage]:
    """Fresh databases and empty topics; ends the victims afterwards."""
    async with AsyncExitStack() as stack:
        direct = {
            "teller": await stack.enter_async_context(databases.clone("teller", TELLER_TABLES)),
            "ledger": await stack.enter_async_context(databases.clone("ledger", LEDGER_TABLES)),
        }
        through = {role: _proxied(dsn, cluster) for role, dsn in direct.items()}
        await make_topics(kafka, [ORDERS, MOVES], replicas=3 if cluster else 1)
        made = Stage(kafka, through, direct, folder, databases.admin_dsn, cluster)
        try:
            yield made
        finally:
            for victim in made.victims.values():
                await victim.kill()


def _proxied(dsn: str, cluster: Cluster | None) -> str:
    if cluster is None:
        return dsn
    parts = urlsplit(dsn)
    login = parts.netloc.rpartition("@")[0]
    return urlunsplit(parts._replace(netloc=f"{login}@127.0.0.1:{cluster.postgres_proxy.port}"))


async def make_topics(kafka: str, topics: list[Topic], *, replicas: int) -> None:
    """Make the topics anew, and wait until every partition has a leader."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    names = [topic.name for topic in topics]

    async def gone() -> bool:
        return not set(names) & set(await admin.list_topics())

    async def led() -> bool:
        try:
            described = await admin.describe_topics(names)
        except KafkaError:
            return False
        return all(
            len(topic["partitions"]) > 0 and all(p["leader"] >= 0 for p in topic["partitions"])
            for topic in described
        )

    try:
        if old := [name for name in names if name in await admin.list_topics()]:
            await admin.delete_topics(old)
            await eventually(gone)
        await admin.create_topics(
            [
                NewTopic(t.name, num_partitions=t.partitions, replication_factor=replicas)
                for t in topics
            ]
        )
        await eventually(led)
    finally:
        await admin.close()
