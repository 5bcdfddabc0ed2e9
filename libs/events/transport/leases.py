"""Leases of the outbox's shards, each behind a fence, and the epoch that their places belong to.

Each method is one statement that commits by itself, so that a relay that is stopped in the middle
holds no lock; what must hold together stands in one statement. A shard (topic partition) is its
owner's while `owner` and `fence` are those it was given. The database's own clock ends a lease.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

import asyncpg

from libs.events.contracts import Topic
from libs.events.transport.database import Db

CHANNEL = "mainstay_outbox"
DECLARE_SHARDS = """
INSERT INTO outbox_shard (topic, partition)
SELECT $1, generate_series(0, $2 - 1) ON CONFLICT DO NOTHING
"""
# A relay is gone when its lease ends, or (as after a kill) with the connection it lived through.
STAY_ALIVE = """
WITH gone AS (
    DELETE FROM outbox_relay r
     WHERE owner <> $1 AND (leased_until < clock_timestamp() OR NOT EXISTS (
           SELECT FROM pg_stat_activity a
            WHERE a.pid = r.backend_pid AND a.backend_start = r.backend_start))
    RETURNING owner
), freed AS (
    UPDATE outbox_shard s SET owner = NULL, fence = fence + 1 FROM gone WHERE s.owner = gone.owner
), here AS (
    INSERT INTO outbox_relay (owner, backend_pid, backend_start, leased_until)
    SELECT $1, pid, backend_start, clock_timestamp() + $2
      FROM pg_stat_activity WHERE pid = pg_backend_pid()
    ON CONFLICT (owner) DO UPDATE SET backend_pid = excluded.backend_pid,
       backend_start = excluded.backend_start, leased_until = excluded.leased_until
)
SELECT count(*) FROM outbox_relay
 WHERE owner <> $1 AND owner NOT IN (SELECT owner FROM gone)
"""
BEGIN_EPOCH = """
UPDATE outbox_shard
   SET epoch = epoch + 1, last_sequence = 0, window_ids = '{}', unproven = true,
       owner = NULL, fence = fence + 1, refused = NULL, refused_id = NULL, refused_at = NULL
"""
NOTICE_A_MOVE = f"""
WITH here AS (
    SELECT system_identifier, current_timeline() AS timeline FROM pg_control_system()
), first AS (
    INSERT INTO outbox_home (system_identifier, timeline) SELECT * FROM here ON CONFLICT DO NOTHING
), moved AS (
    UPDATE outbox_home h SET system_identifier = here.system_identifier, timeline = here.timeline
      FROM here
     WHERE (h.system_identifier, h.timeline) <> (here.system_identifier, here.timeline)
    RETURNING 1
)
{BEGIN_EPOCH} WHERE EXISTS (SELECT FROM moved)
"""
TAKE = """
UPDATE outbox_shard SET owner = $1, fence = fence + 1
 WHERE (topic, partition) IN (
       SELECT topic, partition FROM outbox_shard s
        WHERE owner IS NULL
           OR NOT EXISTS (SELECT FROM outbox_relay r WHERE r.owner = s.owner)
        ORDER BY topic, partition LIMIT $2 FOR UPDATE SKIP LOCKED)
"""
FIND_OWN = """
SELECT topic, partition, fence, epoch, unproven, window_ids <> '{}' AS in_flight, refused
  FROM outbox_shard WHERE owner = $1
"""
COUNT = "SELECT count(*) AS all, count(*) FILTER (WHERE owner = $1) AS own FROM outbox_shard"
RELEASE = """
UPDATE outbox_shard s SET owner = NULL, fence = s.fence + 1
  FROM unnest($2::text[], $3::int[], $4::bigint[]) AS leased (topic, partition, fence)
 WHERE s.topic = leased.topic AND s.partition = leased.partition
   AND s.owner = $1 AND s.fence = leased.fence
"""
LEAVE = """
WITH gone AS (DELETE FROM outbox_relay WHERE owner = $1)
UPDATE outbox_shard SET owner = NULL, fence = fence + 1 WHERE owner = $1
"""


class Shard(NamedTuple):
    """One topic partition: what is leased, numbered and sent by itself."""

    topic: str
    partition: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}"


@dataclass(frozen=True, slots=True)
class Lease:
    """What the database says of a shard that is ours."""

    shard: Shard
    fence: int
    epoch: int
    unproven: bool
    in_flight: bool
    refused: str | None


class Leases:
    """One relay's connection to it; statements wait for one another."""

    def __init__(self, db: Db, owner: UUID) -> None:
        self._db = db
        self.owner = owner
        self._one_at_a_time = asyncio.Lock()

    @property
    def backend(self) -> int:
        """The process id of the connection's other end: what is told from here bears it."""
        return self._db.get_server_pid()

    async def execute(self, query: str, *arguments: object) -> str:
        async with self._one_at_a_time:
            return await self._db.execute(query, *arguments)

    async def fetch(self, query: str, *arguments: object) -> list[asyncpg.Record]:
        async with self._one_at_a_time:
            return await self._db.fetch(query, *arguments)

    async def declare(self, topics: Iterable[Topic]) -> None:
        for topic in topics:
            await self.execute(DECLARE_SHARDS, topic.name, topic.partitions)

    async def stay_alive(self, lease: timedelta) -> int:
        """Renew the own lease, end those of the gone; returns how many other relays live."""
        [(others,)] = await self.fetch(STAY_ALIVE, self.owner, lease)
        return others

    async def notice_a_move(self) -> bool:
        """True where this database is not the one it was: every shard has begun a new epoch."""
        return await self.execute(NOTICE_A_MOVE) != "UPDATE 0"

    async def take(self, relays: int) -> int:
        """Take free shards up to a fair share; returns how many are held beyond it."""
        [count] = await self.fetch(COUNT, self.owner)
        share = -(-count["all"] // relays)
        if count["own"] < share:
            await self.execute(TAKE, self.owner, share - count["own"])
        return max(0, count["own"] - share)

    async def find_own(self) -> list[Lease]:
        rows = await self.fetch(FIND_OWN, self.owner)
        return [
            Lease(
                Shard(r["topic"], r["partition"]),
                r["fence"],
                r["epoch"],
                r["unproven"],
                r["in_flight"],
                r["refused"],
            )
            for r in rows
        ]

    async def release(self, leases: Sequence[Lease]) -> None:
        await self.execute(RELEASE, self.owner, *columns(leases))

    async def leave(self) -> None:
        """Give everything back: the shards may be taken at once."""
        await self.execute(LEAVE, self.owner)

    async def tell_others(self, what: str = "") -> None:
        """Wake other relays: from here, never from a business transaction."""
        await self.execute("SELECT pg_notify($1, $2)", CHANNEL, what)


def columns(leases: Sequence[Lease]) -> tuple[list[str], list[int], list[int]]:
    return (
        [lease.shard.topic for lease in leases],
        [lease.shard.partition for lease in leases],
        [lease.fence for lease in leases],
    )
