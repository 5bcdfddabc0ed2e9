"""The relay: from the outbox to Kafka, each event once per place, never before its predecessor.

One relay per service database works at a time: it holds a session advisory lock on the very
connection through which it numbers and deletes rows, so a relay that lost its connection can change
nothing any more. Before rows are sent they get their place in their partition's gapless sequence,
durably. What a crash or a late zombie sends again carries the same place and is dropped by readers.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import asyncpg
import structlog
from aiokafka import AIOKafkaProducer

from libs.events.contracts import Topic
from libs.events.transport.database import SET_TRANSPORT, Db, take_lock
from libs.events.transport.envelope import write_sequence
from libs.events.transport.faults import describe, is_transient
from libs.events.transport.steps import reached
from libs.events.transport.work import Wakes

log = structlog.get_logger("mainstay.relay")

WINDOW = 2000
LOCK = "SELECT pg_try_advisory_lock(hashtext('mainstay.relay'))"
DECLARE_SHARDS = """
INSERT INTO outbox_shard (topic, partition)
SELECT $1, generate_series(0, $2 - 1) ON CONFLICT DO NOTHING
"""
# What an earlier relay numbered and may have sent goes first, in the places it was given.
TAKE_NUMBERED = """
SELECT o.id, o.topic, o.partition, o.key, o.headers, o.payload, o.sequence, s.epoch
  FROM outbox o JOIN outbox_shard s USING (topic, partition)
 WHERE o.sequence IS NOT NULL ORDER BY o.topic, o.partition, o.sequence
"""
# No `id > last`: a row that commits late has a lower id and must still be found.
NUMBER_NEXT = """
WITH next AS (
    SELECT id, topic, partition FROM outbox WHERE sequence IS NULL ORDER BY id LIMIT $1
), placed AS (
    SELECT id, topic, partition, row_number() OVER (PARTITION BY topic, partition ORDER BY id) AS n
      FROM next
), moved AS (
    UPDATE outbox_shard s SET last_sequence = s.last_sequence + p.n
      FROM (SELECT topic, partition, max(n) AS n FROM placed GROUP BY topic, partition) p
     WHERE s.topic = p.topic AND s.partition = p.partition
    RETURNING s.topic, s.partition, s.epoch, s.last_sequence - p.n AS before
)
UPDATE outbox o SET sequence = m.before + p.n
  FROM placed p JOIN moved m USING (topic, partition)
 WHERE o.id = p.id
RETURNING o.id, o.topic, o.partition, o.key, o.headers, o.payload, o.sequence, m.epoch
"""
FORGET_SENT = "DELETE FROM outbox WHERE id = ANY($1::bigint[])"


@dataclass(frozen=True, slots=True)
class _Placed:
    id: int
    sequence: int
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]


class Relay:
    """Runs until cancelled; survives the database and the broker going away and coming back."""

    def __init__(
        self, *, dsn: str, kafka: str, service: str, topics: list[Topic], wakes: Wakes
    ) -> None:
        self._dsn = dsn
        self._kafka = kafka
        self._service = service
        self._topics = topics
        self._wakes = wakes

    async def run(self) -> None:
        while True:
            try:
                await self._run_once()
            except Exception as error:
                # The state is all in the database: a fresh connection and producer begin anew.
                level = "warning" if is_transient(error) else "error"
                getattr(log, level)(
                    "relay begins anew", service=self._service, error=describe(error)
                )
                await asyncio.sleep(0.5)

    async def _run_once(self) -> None:
        db = await asyncpg.connect(
            self._dsn,
            command_timeout=60,
            server_settings={"application_name": f"{self._service} relay"},
        )
        producer: AIOKafkaProducer | None = None
        try:
            await take_lock(db, LOCK)
            async with db.transaction():
                await db.execute(SET_TRANSPORT)
                for topic in self._topics:
                    await db.execute(DECLARE_SHARDS, topic.name, topic.partitions)
            producer = AIOKafkaProducer(
                bootstrap_servers=self._kafka,
                acks="all",
                enable_idempotence=True,
                client_id=f"{self._service}-relay",
                max_batch_size=1024 * 1024,
                max_request_size=2 * 1024 * 1024,
                request_timeout_ms=15_000,
            )
            await producer.start()
            await self._send(db, producer, await self._take_numbered(db))
            await self._follow(db, producer)
        finally:
            # A producer whose send failed may still hold the batch: it is replaced, never reused.
            try:
                if producer is not None:
                    await producer.stop()
            finally:
                await db.close(timeout=2)  # and with it the lock, or no relay would ever get it

    async def _follow(self, db: Db, producer: AIOKafkaProducer) -> None:
        idle = 0.02
        while True:
            self._wakes.relay.clear()
            windows = await self._number_next(db)
            if windows:
                await self._send(db, producer, windows)
                idle = 0.02
                continue
            try:
                await asyncio.wait_for(self._wakes.relay.wait(), timeout=idle)
            except TimeoutError:
                idle = min(idle * 2, 0.5)

    async def _take_numbered(self, db: Db) -> Mapping[tuple[str, int], list[_Placed]]:
        async with db.transaction():
            await db.execute(SET_TRANSPORT)
            return _by_shard(await db.fetch(TAKE_NUMBERED))

    async def _number_next(self, db: Db) -> Mapping[tuple[str, int], list[_Placed]]:
        async with db.transaction():
            await db.execute(SET_TRANSPORT)
            return _by_shard(await db.fetch(NUMBER_NEXT, WINDOW))

    async def _send(
        self,
        db: Db,
        producer: AIOKafkaProducer,
        windows: Mapping[tuple[str, int], list[_Placed]],
    ) -> None:
        if not windows:
            return
        reached("relay.numbered")
        async with asyncio.TaskGroup() as sending:
            for (topic, partition), rows in windows.items():
                sending.create_task(_append(producer, topic, partition, rows))
        reached("relay.acknowledged")
        async with db.transaction():
            await db.execute(SET_TRANSPORT)
            await db.execute(FORGET_SENT, [row.id for rows in windows.values() for row in rows])
            reached("relay.deleting")


async def _append(
    producer: AIOKafkaProducer, topic: str, partition: int, rows: list[_Placed]
) -> None:
    """Append a window as explicit batches: each whole or not at all, the next after its ack."""
    waiting = list(reversed(rows))
    while waiting:
        batch = producer.create_batch()
        while waiting:
            row = waiting[-1]
            added = batch.append(timestamp=None, key=row.key, value=row.value, headers=row.headers)
            if added is None:
                break
            waiting.pop()
        acknowledged = await producer.send_batch(batch, topic, partition=partition)
        await acknowledged


def _by_shard(rows: list[asyncpg.Record]) -> Mapping[tuple[str, int], list[_Placed]]:
    shards: defaultdict[tuple[str, int], list[_Placed]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row["sequence"]):
        headers: dict[str, str] = json.loads(row["headers"])
        headers["ce_sequence"] = write_sequence(row["epoch"], row["sequence"])
        shards[row["topic"], row["partition"]].append(
            _Placed(
                id=row["id"],
                sequence=row["sequence"],
                key=row["key"].encode(),
                value=row["payload"],
                headers=[(name, value.encode()) for name, value in headers.items()],
            )
        )
    return shards
