"""The consumer runtime: FastStream hands over raw batches; effects and checkpoint commit together.

Kafka's committed offset is only a hint for lag tools. The position that counts is the checkpoint in
PostgreSQL: taken up at assignment, moved by compare-and-set as the first statement of the effects'
transaction. Partitions run side by side; within one, events are handled in order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import FAKE_CONSUMER, KafkaMessage
from faststream.kafka.subscriber.usecase import BatchSubscriber

from libs.events.transport.applying import Applier
from libs.events.transport.breaker import Breaker
from libs.events.transport.checkpoints import Position
from libs.events.transport.effects import Effect
from libs.events.transport.faults import describe
from libs.events.transport.parked import Record
from libs.events.transport.partition import OwnedPartition
from libs.events.transport.steps import reached
from libs.events.transport.work import Work

log = structlog.get_logger("mainstay.consumer")
_PLACE = attrgetter("topic", "partition")

TELL_SECONDS = 5.0
"""How long the broker may take to note the group's offsets; a revoked partition waits for it."""


class Consumer:
    """One effect's consumption of its topics in this process."""

    def __init__(self, effect: Effect, work: Work) -> None:
        self.effect = effect
        self.partitions: dict[TopicPartition, OwnedPartition] = {}
        self.breaker = Breaker(effect.group, work.pool)
        self.aside: str | None = None
        """Why this process takes no part in the consumption for now; None where it does."""
        self._subscriber: BatchSubscriber | None = None
        self._joined = False
        self._told: dict[TopicPartition, int] = {}
        self._applier = Applier(effect, effect.group, work)
        self._before = {topic.name: topic.generations[1:] for topic in effect.topics}

    @property
    def positions(self) -> dict[TopicPartition, Position]:
        """Where each partition stands that this process handles."""
        return {tp: p.position for tp, p in self.partitions.items() if p.position is not None}

    def subscribe(self, broker: KafkaBroker, instance: str | None) -> None:
        """Register with FastStream; every setting that could lose or reorder is made here.

        `instance`: this replica's stable name, where it has one: started again under it, it takes
        its partitions back at once, without waiting for the session of the dead one to end.
        """
        self._subscriber = broker.subscriber(
            *[topic.name for topic in self.effect.topics],
            group_id=self.effect.kafka_group,
            group_instance_id=instance and f"{self.effect.kafka_group}-{instance}",
            batch=True,
            max_records=self.effect.most_at_once,
            batch_timeout_ms=10,
            auto_offset_reset="earliest",
            isolation_level="read_committed",  # who writes to an ingest topic may use transactions
            ack_policy=AckPolicy.MANUAL,
            parser=_unparsed,
            decoder=_raw,
            listener=_Assigned(self),
            no_reply=True,
            max_partition_fetch_bytes=8 * 1024 * 1024,
            session_timeout_ms=15_000,
            max_poll_interval_ms=24 * 3600 * 1000,  # a stopped consumer keeps its partitions
        )
        self._subscriber(self.on_batch)

    @property
    def _subscribed(self) -> BatchSubscriber:
        assert self._subscriber is not None, "subscribe comes first"
        return self._subscriber

    @property
    def _client(self) -> AIOKafkaConsumer:
        client = self._subscribed.consumer
        assert client is not None, "the broker is started before partitions are assigned"
        return client

    async def end(self) -> None:
        """The process ends: batches in hand come to their end; what waits for a person or a
        database is left at its checkpoint."""
        self.breaker.end()
        for partition in self.partitions.values():
            partition.end()
        await self.let_go()

    async def join(self, broker: KafkaBroker, instance: str | None) -> None:
        """Take part, though the broker has started without this one."""
        self.aside = None
        self.subscribe(broker, instance)
        await self._subscribed.start()

    async def stand_aside(self, why: str) -> None:
        """Leave the group to those who may consume."""
        self.aside, self._joined = why, False
        await self.let_go()
        if self._subscriber is not None:
            await self._subscriber.stop()
            self._subscriber = None

    async def begin_anew(self) -> None:
        """What the checkpoints are called has changed: go on from those there are now."""
        await asyncio.gather(*[p.take_up() for p in list(self.partitions.values())])

    @property
    def assigned(self) -> bool:
        """True when the group has given its partitions out and each of ours is taken up; also
        where none is to be."""
        if self.aside is not None:
            return True
        return self._joined and self._client.assignment() <= self.positions.keys()

    async def ends(self) -> dict[TopicPartition, int]:
        """Where the log ends in each partition of this consumer's."""
        if self.aside is not None:
            return {}
        return await self._client.end_offsets(self._client.assignment())

    async def take_up(self, assigned: set[TopicPartition]) -> None:
        """On assignment: seek each partition to its checkpoint; stop where that is impossible."""
        if self.aside is not None:
            return
        for tp in assigned - set(self.partitions):
            self.partitions[tp] = OwnedPartition(
                tp,
                applier=self._applier,
                breaker=self.breaker,
                client=self._client,
                after=self._before[tp.topic],
            )
        await asyncio.gather(*[self.partitions[tp].take_up() for tp in assigned])
        self._joined = True

    async def let_go(self, revoked: set[TopicPartition] | None = None) -> None:
        """Let the batches in hand come to their end; None: of every partition."""
        tps = set(self.partitions) if revoked is None else revoked & set(self.partitions)
        left = [self.partitions.pop(tp) for tp in tps]
        offsets = await asyncio.gather(*[partition.let_go() for partition in left])
        await self._tell_kafka(
            {p.tp: at for p, at in zip(left, offsets, strict=True) if at is not None}
        )

    async def on_batch(self, records: Sequence[Record]) -> None:
        """Handle one poll; returns when every partition's part is in, or must be read again."""
        # The client hands a poll over partition by partition.
        parts = {TopicPartition(*tp): list(part) for tp, part in groupby(records, _PLACE)}
        if not await self.breaker.wait_until_closed():
            return
        owned = [(self.partitions[tp], part) for tp, part in parts.items() if tp in self.partitions]
        await asyncio.gather(*[partition.handle(part) for partition, part in owned])

    async def _tell_kafka(self, offsets: dict[TopicPartition, int]) -> None:
        """Commit the group's offsets, for tools that show lag; nothing here reads them.

        Not after every batch: that would be one more round trip before the next.
        """
        news = {tp: at for tp, at in offsets.items() if self._told.get(tp) != at}
        try:
            if news:
                async with asyncio.timeout(TELL_SECONDS):
                    await self._client.commit(news)
                self._told |= news
                reached("consumer.offsets-told")
        except Exception as error:
            log.info("group offsets not told", consumer=self.effect.group, error=describe(error))

    async def look_after(self) -> None:
        """What is not done for each batch: tell Kafka where this consumer stands, let go on what
        waited for an earlier generation of its topic, and carry out what people asked for, in the
        partitions that this process owns."""
        await self._tell_kafka({tp: at.next_offset for tp, at in self.positions.items()})
        for partition in list(self.partitions.values()):
            await partition.look_again()
        for request in await self._applier.requests():
            partition = self.partitions.get(TopicPartition(request.stood_on, request.partition))
            if partition is not None:
                await partition.carry_out(request)


class _Assigned(ConsumerRebalanceListener):
    def __init__(self, consumer: Consumer) -> None:
        self._consumer = consumer

    async def on_partitions_revoked(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, revoked: Any
    ) -> None:
        await self._consumer.let_go(set(revoked))

    async def on_partitions_assigned(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, assigned: Any
    ) -> None:
        await self._consumer.take_up(set(assigned))


async def _unparsed(records: Any) -> KafkaMessage:
    """Wrap a batch unread: FastStream's own parser decodes each header as UTF-8, before anything of
    ours runs, and a record for which that fails would take its whole batch with it, unseen."""
    return KafkaMessage(raw_message=records, body=b"", consumer=FAKE_CONSUMER, message_id="batch")


async def _raw(message: Any) -> Any:
    """Hand the records through: FastStream's own decoder would decode and validate three times.

    Both are coroutines, because FastStream runs plain functions in a thread.
    """
    return message.raw_message
