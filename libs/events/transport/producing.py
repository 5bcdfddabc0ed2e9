"""Sending windows: explicit record batches, one after another, by a producer that is replaceable.

A producer whose send failed may still hold the batch and has a hole in its own numbering of that
partition: it gets nothing more to send, and ends when what it has in hand is done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka import errors as kafka
from aiokafka.producer.message_accumulator import BatchBuilder

from libs.events.transport.faults import EpochsUsedUpError
from libs.events.transport.leases import Shard
from libs.events.transport.outbox import Window

FLUSH_SECONDS = 5.0

PASSING = (
    kafka.KafkaTimeoutError,
    kafka.KafkaConnectionError,
    kafka.ProducerClosed,
    kafka.ProducerFenced,
    kafka.OutOfOrderSequenceNumber,
    kafka.UnknownProducerId,
    kafka.InvalidProducerEpoch,
    kafka.InvalidProducerIdMapping,
    kafka.BrokerNotAvailableError,
    kafka.ReplicaNotAvailableError,
    kafka.KafkaUnavailableError,
)
"""Not `retriable` to aiokafka, as the producer cannot go on; a new one can."""

MENDING: dict[type[Exception], str] = {
    kafka.MessageSizeTooLargeError: "raise max.message.bytes of the topic",
    kafka.RecordListTooLargeError: "raise segment.bytes of the topic",
    kafka.UnknownTopicOrPartitionError: "make the topic: mainstay topics apply",
    kafka.InvalidTopicError: "the topic's name is none that Kafka takes",
    kafka.TopicAuthorizationFailedError: "let the service's Kafka user write to the topic",
    kafka.ClusterAuthorizationFailedError: "let the service's Kafka user write idempotently",
    EpochsUsedUpError: "no reader could tell the next epoch; go on with a new topic",
}

OF_ITS_TOPIC = (
    kafka.UnknownTopicOrPartitionError,
    kafka.InvalidTopicError,
    kafka.TopicAuthorizationFailedError,
    kafka.ClusterAuthorizationFailedError,
)
"""Refusals that no single row is to blame for."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What did not go out whole: the error, the first row that is not acknowledged."""

    error: Exception
    row_id: int | None = None
    acknowledged: int = 0
    """Rows before it that are."""
    rows: int = 0
    """Rows in the batch that failed."""

    @property
    def is_refusal(self) -> bool:
        """True where the broker will say the same again, until a person does something."""
        if isinstance(self.error, (*OF_ITS_TOPIC, EpochsUsedUpError)):
            return True
        if not isinstance(self.error, kafka.KafkaError) or type(self.error) is kafka.KafkaError:
            return False
        return not (self.error.retriable or isinstance(self.error, PASSING))

    @property
    def is_a_rows_own(self) -> bool:
        """True where rows sent one by one would show which of them is refused."""
        return self.rows > 1 and not isinstance(self.error, OF_ITS_TOPIC)


def mending(error: Exception) -> str:
    """What a person can do about a refusal."""
    return MENDING.get(type(error), "the broker's log says why")


class Producers:
    """The producer in use, and those that end."""

    def __init__(self, make: Callable[[], AIOKafkaProducer]) -> None:
        self._make = make
        self._current: asyncio.Task[AIOKafkaProducer] | None = None
        self._in_hand: dict[AIOKafkaProducer, int] = {}
        self._ending: set[asyncio.Task[None]] = set()

    async def current(self) -> AIOKafkaProducer:
        """The producer to send by; started where there is none. Raises what starting it raises."""
        task = self._current
        if task is None:
            task = self._current = asyncio.create_task(self._start())
        try:
            return await asyncio.shield(task)
        except Exception:
            if self._current is task:
                self._current = None
            raise

    async def _start(self) -> AIOKafkaProducer:
        producer = self._make()
        try:
            await producer.start()
        except BaseException:
            await _stop(producer)
            raise
        return producer

    async def append(self, shard: Shard, window: Window, *, singly: bool = False) -> Failure | None:
        """Append a window as explicit batches: each whole or not at all, the next after its ack.

        `singly`: one row to a batch, to find the one that the broker refuses.
        """
        producer: AIOKafkaProducer | None = None
        sent = rows = 0
        try:
            producer = await self.current()
            self._in_hand[producer] = self._in_hand.get(producer, 0) + 1
            while sent < len(window):
                batch, rows = _fill(producer, window, sent, most=1 if singly else len(window))
                acknowledged = await producer.send_batch(
                    batch, shard.topic, partition=shard.partition
                )
                await acknowledged
                sent += rows
        except Exception as error:
            if producer is not None:
                self._replace(producer)
            return Failure(error, window[sent].id, sent, rows)
        finally:
            if producer is not None:
                self._in_hand[producer] -= 1
        return None

    async def append_mark(self, shard: Shard, headers: list[tuple[str, bytes]]) -> int:
        """Append a record that is no event; returns its offset. Raises what sending it raises."""
        producer = await self.current()
        batch = producer.create_batch()
        batch.append(timestamp=None, key=b"mainstay", value=b"{}", headers=headers)
        try:
            acknowledged = await producer.send_batch(batch, shard.topic, partition=shard.partition)
            return (await acknowledged).offset
        except Exception:
            self._replace(producer)
            raise

    def _replace(self, failed: AIOKafkaProducer) -> None:
        """Whoever sends next gets another; this one ends when the others' windows are done."""
        task = self._current
        if task is not None and task.done() and task.result() is failed:
            self._current = None
            ending = asyncio.create_task(self._end(failed))
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)

    async def _end(self, producer: AIOKafkaProducer) -> None:
        for _ in range(int(FLUSH_SECONDS / 0.1)):
            if not self._in_hand.get(producer):
                break
            await asyncio.sleep(0.1)
        self._in_hand.pop(producer, None)
        await _stop(producer)

    async def close(self) -> None:
        """Give up what is in hand: it is sent again by whoever comes next, in the same places."""
        task, self._current = self._current, None
        ending = [*self._ending]
        if task is not None:
            if not task.done():
                task.cancel()
            with suppress(Exception, asyncio.CancelledError):
                ending.append(asyncio.create_task(_stop(await task)))
        await asyncio.gather(*ending, return_exceptions=True)


def _fill(
    producer: AIOKafkaProducer, window: Window, start: int, *, most: int
) -> tuple[BatchBuilder, int]:
    """A batch of the window's rows from `start` on, as many as fit; and how many those are."""
    batch = producer.create_batch()
    rows = 0
    while rows < most and start + rows < len(window):
        row = window[start + rows]
        if batch.append(timestamp=None, key=row.key, value=row.value, headers=row.headers) is None:
            break
        rows += 1
    return batch, rows


async def _stop(producer: AIOKafkaProducer) -> None:
    """Stop a producer, and whatever it goes on repeating: an idempotent one would never give up."""
    accumulator: Any = vars(producer).get("_message_accumulator")
    if accumulator is not None:
        accumulator.fail_all(kafka.ProducerClosed())
    with suppress(Exception):
        async with asyncio.timeout(FLUSH_SECONDS):
            await producer.stop()
