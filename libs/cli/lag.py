"""`mainstay lag`: how far every consumer is behind, in records and in seconds."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Annotated

import typer
from aiokafka import AIOKafkaConsumer, TopicPartition
from rich.console import Console
from rich.table import Table

from libs.cli.platform import Platform, load_platform, transport_of
from libs.events.transport.lag import measure

# A generation that is being filled, or whose filling was given up, is what nobody reads.
CHECKPOINTS = """
SELECT consumer, topic, partition, next_offset, moved_at FROM checkpoint c
 WHERE NOT EXISTS (
    SELECT 1 FROM projection p
     WHERE c.consumer LIKE '%.' || p.name || '.g%'
       AND c.consumer NOT LIKE '%.' || p.name || '.g' || p.generation)
 ORDER BY consumer, topic, partition
"""


@dataclass(frozen=True, slots=True)
class Behind:
    """One consumer in one partition; `seconds` is the age of the next record, 0 where none is."""

    service: str
    consumer: str
    topic: str
    partition: int
    next_offset: int
    end: int
    records: int
    seconds: float


def show_lag(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Show how far each consumer is behind in each partition, in records and in seconds."""
    rows = asyncio.run(_read(load_platform()))
    if as_json:
        typer.echo(json.dumps([asdict(row) for row in rows]))
        return
    table = Table("service", "consumer", "partition", "next", "end", "records", "seconds")
    for row in rows:
        table.add_row(
            row.service, row.consumer, f"{row.topic}/{row.partition}", str(row.next_offset),
            str(row.end), str(row.records), f"{row.seconds:.1f}",
            style="bold" if row.records else None,
        )  # fmt: skip
    Console().print(table)


async def _read(platform: Platform) -> list[Behind]:
    found: list[Behind] = []
    for service in sorted(platform.databases):
        async with transport_of(platform, service) as db:
            rows = await db.fetch(CHECKPOINTS)
        # A consumer at a time: several may stand at different places of one partition.
        for consumer in sorted({row["consumer"] for row in rows}):
            at = {
                TopicPartition(row["topic"], row["partition"]): int(row["next_offset"])
                for row in rows
                if row["consumer"] == consumer
            }
            ends = await log_ends(platform.kafka, list(at))
            places = {tp: (at[tp], end) for tp, end in ends.items()}
            lags = await measure(platform.kafka, places)
            found += [
                Behind(service, consumer, tp.topic, tp.partition, *places[tp], lag.records,
                       round(lag.seconds, 3))
                for tp, lag in sorted(lags.items())
            ]  # fmt: skip
    return found


async def log_ends(kafka: str, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
    """The log's end in each partition that there is."""
    client = AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False)
    await client.start()
    try:
        there = await client.topics()
        return await client.end_offsets([tp for tp in partitions if tp.topic in there])
    finally:
        await client.stop()
