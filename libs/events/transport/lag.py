"""Lag of consumers in records, and in seconds: the age of the next record that is not handled."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from aiokafka import AIOKafkaConsumer, TopicPartition

LONGEST_READ_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Lag:
    """How far a consumer is behind in one partition; nothing and 0 s where it has caught up."""

    records: int
    seconds: float


async def measure(
    kafka: str, places: Mapping[TopicPartition, tuple[int, int]]
) -> dict[TopicPartition, Lag]:
    """The lag of each partition, from its (next offset, end); raises KafkaError, TimeoutError.

    Reads one record of each partition that has lag, in no group; else Kafka is not asked at all.
    Offsets that hold no record, such as the marks of a publisher's transactions, are no lag.
    """
    behind = {tp: place for tp, place in places.items() if place[0] < place[1]}
    ages = await _ages(kafka, behind) if behind else {}
    return {
        tp: Lag(end - offset, ages[tp]) if tp in ages else Lag(0, 0.0)
        for tp, (offset, end) in places.items()
    }


async def _ages(
    kafka: str, places: Mapping[TopicPartition, tuple[int, int]]
) -> dict[TopicPartition, float]:
    """The age of each partition's next record in seconds; none where there is no record."""
    client = AIOKafkaConsumer(
        bootstrap_servers=kafka,
        enable_auto_commit=False,
        max_partition_fetch_bytes=64 * 1024,  # Kafka gives a larger batch whole all the same
        auto_offset_reset="earliest",
    )
    ages: dict[TopicPartition, float] = {}
    async with asyncio.timeout(LONGEST_READ_SECONDS):
        await client.start()
        try:
            client.assign(list(places))
            for tp, (offset, _) in places.items():
                client.seek(tp, offset)
            waiting = set(places)
            while waiting:
                for tp, records in (await client.getmany(*waiting, timeout_ms=200)).items():
                    appended_at = datetime.fromtimestamp(records[0].timestamp / 1000, UTC)
                    ages[tp] = max((datetime.now(UTC) - appended_at).total_seconds(), 0.0)
                    client.pause(tp)
                waiting = {
                    tp for tp in waiting - ages.keys() if await client.position(tp) < places[tp][1]
                }
        finally:
            await client.stop()
    return ages
