"""A topic full of events, as a relay writes them."""

from __future__ import annotations

from uuid import uuid4

from aiokafka import AIOKafkaProducer

from libs.events.contracts import Event
from libs.events.transport.clock import SystemClock
from libs.events.transport.envelope import Origin, write_headers, write_sequence
from libs.events.transport.work import partition_for
from tests.transport.ledger import PRACTICE, CentsMoved, order

ACCOUNTS = 200


def moved(number: int) -> CentsMoved:
    return CentsMoved(
        practice_id=PRACTICE, account=f"a{number % ACCOUNTS}", number=number, cents=number % 97
    )


def ordered(number: int) -> Event:
    return order(f"a{number % ACCOUNTS}", number, number % 97)


async def fill(kafka: str, events: list[Event]) -> None:
    """Append the events to their topics, each with its place in its partition's sequence."""
    now = SystemClock().now()
    async with AIOKafkaProducer(
        bootstrap_servers=kafka, acks="all", max_batch_size=1024 * 1024
    ) as producer:
        batches = {p: producer.create_batch() for p in range(events[0].topic.partitions)}
        places = dict.fromkeys(batches, 0)

        async def send(partition: int) -> None:
            topic = events[0].topic.name
            await (await producer.send_batch(batches[partition], topic, partition=partition))
            batches[partition] = producer.create_batch()

        for event in events:
            partition = partition_for(event.key_value, event.topic.partitions)
            places[partition] += 1
            headers = write_headers(
                event, source="bench", time=now, origin=Origin(uuid4(), None, None)
            )
            headers["ce_sequence"] = write_sequence(1, places[partition])
            key, value = event.key_value.encode(), event.model_dump_json().encode()
            stored = [(name, text.encode()) for name, text in headers.items()]
            while (
                batches[partition].append(timestamp=None, key=key, value=value, headers=stored)
                is None
            ):
                await send(partition)
        for partition in batches:
            await send(partition)
