"""The consumer runtime: FastStream hands over raw batches; effects and checkpoint commit together.

Kafka's committed offset is only a hint for lag tools. The position that counts is the checkpoint in
PostgreSQL: taken up at assignment, moved by compare-and-set as the first statement of the effects'
transaction. Partitions run side by side; within one, events are handled in order. A batch is tried
whole; only when it fails is it rolled back and handled event by event, to find the one to park.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import FAKE_CONSUMER, KafkaMessage

from libs.events.transport.applying import Applier
from libs.events.transport.breaker import Breaker
from libs.events.transport.checkpoints import Position
from libs.events.transport.effects import Effect
from libs.events.transport.envelope import read_sequence
from libs.events.transport.faults import (
    FencedError,
    UnreadableEventError,
    describe,
    is_transient,
)
from libs.events.transport.parked import Record
from libs.events.transport.steps import reached
from libs.events.transport.work import Work

log = structlog.get_logger("mainstay.consumer")
T = TypeVar("T")

ATTEMPTS = 3
"""How often a deterministic failure is tried before it parks."""


class Consumer:
    """One effect's consumption of its topics in this process."""

    def __init__(self, effect: Effect, work: Work) -> None:
        self.effect = effect
        self.positions: dict[TopicPartition, Position] = {}
        self.breaker = Breaker(effect.group, work.pool)
        self._applier = Applier(effect, effect.group, work)
        self._ending = False
        self._sought: dict[TopicPartition, int] = {}
        self._holes: dict[TopicPartition, tuple[int, int]] = {}
        self._locks: defaultdict[TopicPartition, asyncio.Lock] = defaultdict(asyncio.Lock)

    def subscribe(self, broker: KafkaBroker, instance: str | None) -> None:
        """Register with FastStream; every setting that could lose or reorder is made here.

        `instance`: this replica's stable name, where it has one: started again under it, it takes
        its partitions back at once, without waiting for the session of the dead one to end.
        """
        self._subscriber = broker.subscriber(
            *[topic.name for topic in self.effect.topics],
            group_id=self.effect.group,
            group_instance_id=instance and f"{self.effect.group}-{instance}",
            batch=True,
            max_records=2000,
            batch_timeout_ms=10,
            auto_offset_reset="earliest",
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
    def _client(self) -> AIOKafkaConsumer:
        client = self._subscriber.consumer
        assert client is not None, "the broker is started before partitions are assigned"
        return client

    def end(self) -> None:
        """The process ends: what waits for a person or a database is left at its checkpoint."""
        self._ending = True
        self.breaker.end()

    async def take_up(self, assigned: set[TopicPartition]) -> None:
        """On assignment: seek each partition to its checkpoint; stop where that is impossible."""
        await asyncio.gather(*[self._go_to_checkpoint(tp) for tp in assigned])

    async def _go_to_checkpoint(self, tp: TopicPartition) -> None:
        """Seek to the checkpoint; without it nothing may be handled, so this waits until well."""
        self.positions.pop(tp, None)
        while not self._ending and tp in self._client.assignment():
            try:
                await self._seek(tp)
            except Exception as error:
                log.warning("no checkpoint", consumer=self.effect.group, error=describe(error))
                await asyncio.sleep(1)
            else:
                return

    async def _seek(self, tp: TopicPartition) -> None:
        beginning = (await self._client.beginning_offsets([tp]))[tp]
        position = await self._applier.load(tp.topic, tp.partition, beginning)
        end = (await self._client.end_offsets([tp]))[tp]
        at = self._sought[tp] = position.next_offset
        self._client.seek(tp, at)
        self.positions[tp] = position
        if not beginning <= at <= end and self.breaker.stopped is None:
            await self.breaker.stop(
                f"checkpoint {at} of {tp.topic}/{tp.partition} is outside the log "
                f"[{beginning}, {end}]: was the topic made anew, or data restored?"
            )

    async def on_batch(self, records: Sequence[Record]) -> None:
        """Handle one poll; returns when every partition's part is in, or must be read again."""
        parts: defaultdict[TopicPartition, list[Record]] = defaultdict(list)
        for record in records:
            parts[TopicPartition(record.topic, record.partition)].append(record)
        if not await self.breaker.wait_until_closed():
            return
        await asyncio.gather(*[self._handle(tp, part) for tp, part in parts.items()])
        await self._tell_kafka(parts)

    async def _handle(self, tp: TopicPartition, records: list[Record]) -> None:
        """Handle one partition's part. Whatever goes wrong, the checkpoint says where to go on.

        Nothing may escape: FastStream would go on with the next batch as if this one were done.
        """
        async with self._locks[tp]:
            try:
                if await self._handle_in_order(tp, records):
                    return
            except FencedError:
                log.info(
                    "fenced: another owner moved on",
                    consumer=self.effect.group,
                    topic=tp.topic,
                    partition=tp.partition,
                )
            except Exception as error:
                log.error("read again", consumer=self.effect.group, error=describe(error))
                await asyncio.sleep(1)
            await self._go_to_checkpoint(tp)

    async def _handle_in_order(self, tp: TopicPartition, records: list[Record]) -> bool:
        """False where these are not the checkpoint's next records, or the consumer has stopped."""
        if not self._come_next(tp, records[0]):
            return False
        if await self._attempt(tp, records) is None:
            return True
        for record in records:
            if self.breaker.stopped is not None:
                return False
            await self._handle_alone(tp, record)
        return True

    def _come_next(self, tp: TopicPartition, first: Record) -> bool:
        """True for the checkpoint's offset, or for a hole in the log that is proven to be one.

        Earlier records come where a rebalance crossed a commit, or a topic was made anew; later
        ones where a batch went missing in this process, or where the client had begun to fetch
        from the group's offset before the seek. All are answered by another look at the log. A
        hole is believed where the sequence goes on over it, or where a second look shows it again.
        """
        position = self.positions.get(tp)
        if position is None:
            return False
        at = position.next_offset
        if first.offset <= at or self._sought.get(tp) != at:
            return first.offset == at
        place = read_sequence(first.headers)
        if place is not None and position.goes_on_with(*place):
            return True
        seen_before = self._holes.get(tp) == (at, first.offset)
        self._holes[tp] = (at, first.offset)
        return seen_before

    async def _attempt(
        self, tp: TopicPartition, records: list[Record], failure: str | None = None
    ) -> str | None:
        """Apply records; None where it worked, else the failure that lies in an event."""

        async def apply() -> str | None:
            position = None if self._ending else self.positions.get(tp)
            if position is None or records[0].offset < position.next_offset:
                raise FencedError  # revoked, or taken up anew, while these were in hand
            try:
                done = await self._applier.apply(position, records, failure=failure)
            except Exception as error:
                if is_transient(error) or isinstance(error, FencedError) or failure is not None:
                    raise
                return describe(error)
            if tp in self.positions:
                self.positions[tp] = done.position
            self.breaker.handled(done.heard)
            return None

        return await until_well(apply, self.effect.group)

    async def _handle_alone(self, tp: TopicPartition, record: Record) -> None:
        """Apply one event; after the last attempt, park it with its error."""
        failure: str | None = None
        for attempt in range(1, ATTEMPTS + 1):
            failure = await self._attempt(tp, [record])
            if failure is None:
                return
            if failure.startswith(UnreadableEventError.__name__):
                break  # it will not read better the next time
            await asyncio.sleep(0.05 * attempt)
        await self._attempt(tp, [record], failure)
        log.error(
            "event parked",
            consumer=self.effect.group,
            topic=tp.topic,
            partition=tp.partition,
            offset=record.offset,
            error=failure,
        )
        await self.breaker.parked()

    async def _tell_kafka(self, parts: dict[TopicPartition, list[Record]]) -> None:
        """Commit the group's offsets, for tools that show lag; nothing here reads them."""
        owned = self._client.assignment()
        offsets = {
            tp: self.positions[tp].next_offset
            for tp in parts
            if tp in owned and tp in self.positions
        }
        try:
            if offsets:
                await self._client.commit(offsets)
                reached("consumer.offsets-told")
        except Exception as error:
            log.info("group offsets not told", consumer=self.effect.group, error=describe(error))

    async def carry_out_requests(self) -> None:
        """Retry or discard what people asked for, in the partitions that this process owns."""
        for request in await self._applier.requests():
            tp = TopicPartition(request.topic, request.partition)
            if tp in self.positions:
                async with self._locks[tp]:
                    while await self._applier.carry_out(request):
                        pass


class _Assigned(ConsumerRebalanceListener):
    def __init__(self, consumer: Consumer) -> None:
        self._consumer = consumer

    async def on_partitions_revoked(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, revoked: Any
    ) -> None:
        for tp in revoked:
            self._consumer.positions.pop(tp, None)

    async def on_partitions_assigned(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, assigned: Any
    ) -> None:
        await self._consumer.take_up(set(assigned))


def _unparsed(records: Any) -> KafkaMessage:
    """Wrap a batch unread: FastStream's own parser decodes each header as UTF-8, before anything of
    ours runs, and a record for which that fails would take its whole batch with it, unseen."""
    return KafkaMessage(raw_message=records, body=b"", consumer=FAKE_CONSUMER, message_id="batch")


def _raw(message: Any) -> Any:
    """Hand the records through: FastStream's own decoder would decode and validate three times."""
    return message.raw_message


async def until_well(act: Callable[[], Awaitable[T]], consumer: str) -> T:
    """Repeat an act while the database or the broker is away; other errors are the caller's."""
    delay = 0.05
    while True:
        try:
            return await act()
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("waiting", consumer=consumer, error=describe(error), seconds=delay)
        await asyncio.sleep(delay)
        delay = min(delay * 2, 5)
