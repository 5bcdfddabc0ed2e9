"""Replaying the log into a generation of a projection that nobody reads, up to given offsets.

It reads the partitions itself, in no group, so it can stand still at an offset; each batch goes in
as a consumer's does. What a person has discarded stays out, and what nobody can read any more
because its practice's keys were erased.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from libs.events.contracts import topics_of
from libs.events.transport.applying import Applier
from libs.events.transport.breaker import Breaker
from libs.events.transport.database import Db
from libs.events.transport.erased import Erased
from libs.events.transport.faults import UnreadableEventError
from libs.events.transport.folding import Folding, checkpoint_name
from libs.events.transport.generations import Shard
from libs.events.transport.hearing import Heard, read_record
from libs.events.transport.keys import Keys
from libs.events.transport.parked import Record
from libs.events.transport.partition import OwnedPartition
from libs.events.transport.projections import Projection
from libs.events.transport.protection import ErasedEventError
from libs.events.transport.work import Work

Tell = Callable[[int, int], None]
"""Called with (records folded, records there are)."""

STILL_THERE = """
SELECT true FROM projection_generation
 WHERE name = $1 AND generation = $2 AND state IN ('building', 'returning', 'as-of') FOR KEY SHARE
"""
# A checkpoint's name ends with the generation that it was of; the discard holds for them all.
READ_DISCARDS = """
SELECT DISTINCT topic, partition, offset_ FROM parked_act
 WHERE act = 'discarded' AND starts_with(consumer, $1)
"""


class BoundedLogError(RuntimeError):
    """A topic does not hold its first events any more, and there is no archive of it."""


class GoneError(RuntimeError):
    """The generation that was being filled has been removed by somebody else."""


class Replaying(Folding):
    """Folds into one generation, as long as that is being filled."""

    def __init__(
        self,
        service: str,
        projection: Projection,
        generation: int,
        keys: Keys | None = None,
        *,
        discarded: Iterable[tuple[str, int, int]] = (),
        until: datetime | None = None,
    ) -> None:
        super().__init__(service, projection, generation, keys)
        self.gone = asyncio.Event()
        self._generation_number = generation
        self.discarded = frozenset(discarded)
        self.erased = Erased()
        self._until = until

    async def checkpoint_name(self, db: Db) -> str:
        if not await db.fetchval(STILL_THERE, self.projection.name, self._generation_number):
            self.gone.set()
            raise GoneError(f"{self.projection.name} g{self._generation_number}")
        return await super().checkpoint_name(db)

    def hear(self, record: Record, place: tuple[int, int] | None) -> Heard | None:
        if self.discarded and (record.topic, record.partition, record.offset) in self.discarded:
            return None
        # Before the payload is read: what cannot be read parks, but not what came later.
        if self._until is not None and read_record(record, place).time > self._until:
            return None
        try:
            return super().hear(record, place)
        except ErasedEventError:
            self.erased.note(record, read_record(record, place).practice_id)
            return None

    def stays_out(self, record: Record, place: tuple[int, int] | None) -> bool:
        try:
            return self.hear(record, place) is None
        except UnreadableEventError:
            return False


async def read_discards(
    db: Db, service: str, projection: Projection
) -> frozenset[tuple[str, int, int]]:
    """The records (topic, partition, offset) that people gave up, whichever generation it was.

    Needs the transport's sight.
    """
    prefix = checkpoint_name(service, projection, 0).removesuffix("0")
    rows = await db.fetch(READ_DISCARDS, prefix)
    return frozenset((row["topic"], row["partition"], row["offset_"]) for row in rows)


@asynccontextmanager
async def replaying(effect: Replaying, work: Work, kafka: str) -> AsyncIterator[Replay]:
    """Hold every partition that a projection hears, for the generation being filled."""
    client = AIOKafkaConsumer(
        bootstrap_servers=kafka,
        client_id=effect.group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
    )
    async with client:
        replay = Replay(effect, work, client)
        await replay.take_up()
        try:
            yield replay
        finally:
            await replay.let_go()


class Replay:
    """A generation being filled, all of its partitions by this process."""

    def __init__(self, effect: Replaying, work: Work, client: AIOKafkaConsumer) -> None:
        self.effect = effect
        self.breaker = Breaker(effect.group, work.pool)
        self._client = client
        applier = Applier(effect, effect.group, work)
        self._partitions = {
            tp: OwnedPartition(tp, applier=applier, breaker=self.breaker, client=client)
            for topic in effect.topics
            for tp in (TopicPartition(topic.name, p) for p in range(topic.partitions))
        }
        self.before = {t.name: {e.name for e in t.generations[1:]} for t in effect.topics}
        """By topic: the earlier generations of it, which are folded first."""

    async def take_up(self) -> None:
        self._client.assign(list(self._partitions))
        await self._or_gone(*[p.take_up() for p in self._partitions.values()])

    async def let_go(self) -> None:
        """Nothing is in hand any more: the next owner need not go on with care."""
        await asyncio.gather(*[p.let_go() for p in self._partitions.values()])

    @property
    def positions(self) -> dict[Shard, int]:
        return {
            (tp.topic, tp.partition): p.position.next_offset
            for tp, p in self._partitions.items()
            if p.position is not None
        }

    async def ends(self) -> dict[Shard, int]:
        """Where the log ends; of earlier generations later, so that what precedes is in it, too."""
        found: dict[TopicPartition, int] = {}
        for depth in sorted({len(before) for before in self.before.values()}, reverse=True):
            of_depth = [tp for tp in self._partitions if len(self.before[tp.topic]) == depth]
            found |= await self._client.end_offsets(of_depth)
        return {(tp.topic, tp.partition): offset for tp, offset in found.items()}

    async def fold_up_to(self, goal: Mapping[Shard, int], tell: Tell = lambda *_: None) -> None:
        """Fold until every partition has reached its offset, and none beyond it; a topic's later
        generation when the earlier ones have.

        Raises RuntimeError where the fold fails too often, GoneError where the generation is gone.
        """
        while short := self._short_of(goal):
            tell(sum(self.positions.values()), sum(goal.values()))
            most = self.effect.most_at_once
            polled = await self._client.getmany(*short, timeout_ms=200, max_records=most)
            await self._or_gone(
                *[self._fold(tp, records, goal[tp]) for tp, records in polled.items()]
            )
            if self.breaker.stopped is not None:
                raise RuntimeError(f"{self.effect.projection.name}: {self.breaker.stopped}")

    def _short_of(self, goal: Mapping[Shard, int]) -> list[TopicPartition]:
        positions = self.positions
        short = [tp for tp in self._partitions if positions.get(tp, -1) < goal.get(tp, 0)]
        topics = {tp.topic for tp in short}
        return [tp for tp in short if topics.isdisjoint(self.before[tp.topic])]

    async def _fold(self, tp: TopicPartition, records: list[Record], goal: int) -> None:
        wanted = [record for record in records if record.offset < goal]
        if wanted:
            await self._partitions[tp].handle(wanted)
        position = self._partitions[tp].position
        if len(wanted) < len(records) and position is not None:
            self._client.seek(tp, position.next_offset)

    async def _or_gone(self, *acts: Coroutine[Any, Any, None]) -> None:
        """Let these come to their end; a partition whose generation is gone never would."""
        gone = asyncio.create_task(self.effect.gone.wait())
        acting = asyncio.gather(*acts)
        try:
            await asyncio.wait((acting, gone), return_when=asyncio.FIRST_COMPLETED)
            if gone.done():
                raise GoneError(f"somebody else removed what was built of {self.effect.group}")
            await acting
        finally:
            gone.cancel()
            acting.cancel()


async def check_whole(kafka: str, projection: Projection) -> None:
    """Only a log that holds its first event can be folded from its start: else BoundedLogError."""
    async with AIOKafkaConsumer(bootstrap_servers=kafka) as client:
        beginnings = await client.beginning_offsets(
            [
                TopicPartition(topic.name, partition)
                for topic in topics_of(projection.by_type())
                for partition in range(topic.partitions)
            ]
        )
    for tp, offset in beginnings.items():
        if offset > 0:
            raise BoundedLogError(
                f"{tp.topic}/{tp.partition} begins at offset {offset}: its first events are gone, "
                f"and it names no archive, so {projection.name} cannot be rebuilt from it"
            )
