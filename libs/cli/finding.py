"""Finds events where they are: in a service's outbox, on a topic, handled, parked or waiting."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from aiokafka import AIOKafkaConsumer, TopicPartition
from rich.console import Console
from rich.progress import Progress

from libs.cli.lag import CHECKPOINTS
from libs.cli.platform import Platform, transport_of
from libs.events.contracts import contracts
from libs.events.transport.envelope import Envelope, read_envelope
from libs.events.transport.faults import UnreadableEventError
from libs.events.transport.parked import Record

PARKED = """
SELECT consumer, coalesce(stood_on, topic) AS topic, partition, offset_ FROM parked_event
"""
ACTS = """
SELECT consumer, topic, partition, offset_, act, acted_at FROM parked_act
 WHERE topic = ANY($1::text[]) ORDER BY id
"""
UNSENT = """
SELECT topic, partition, key, headers FROM outbox
 WHERE headers ->> 'ce_id' = $1 OR headers ->> 'ce_correlationid' = $2
"""


@dataclass
class Seen:
    """An event, and who has dealt with it; still in its `outbox` where it was not appended yet."""

    envelope: Envelope
    appended_at: datetime | None
    outbox: str | None = None
    by: dict[str, str] = field(default_factory=dict[str, str])
    handled_at: dict[str, datetime] = field(default_factory=dict[str, datetime])
    """Consumer → when, where that is known: it published because of it, or it was its last."""


async def read_story(platform: Platform, event_id: UUID, days: float) -> list[Seen]:
    """The event and all of its correlation, in causal order; empty where it is not found.

    The topics are read twice, `days` back: for the event, until it is found, and for its story.
    Only what belongs to it is kept.
    """
    since = datetime.now(UTC) - timedelta(days=days)
    found = await _read_topics(platform.kafka, since, b"ce_id", event_id, only_first=True)
    found += [] if found else await _unsent(platform, event_id, None)
    if not found:
        return []
    correlation = found[0].envelope.correlation_id
    story = await _read_topics(platform.kafka, since, b"ce_correlationid", correlation)
    appended = {seen.envelope.id for seen in story}
    story += [
        seen
        for seen in await _unsent(platform, event_id, correlation)
        if seen.envelope.id not in appended  # sent, and not deleted yet
    ]
    await _add_consumers(platform, story)
    _add_times(story)
    story.sort(key=lambda s: (s.envelope.time, s.envelope.offset))
    return story


async def _read_topics(
    kafka: str, since: datetime, header: bytes, value: UUID, *, only_first: bool = False
) -> list[Seen]:
    """Events since then that have this header; progress is shown where a person looks on."""
    client = AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False)
    wanted = (header.decode(), str(value).encode())
    await client.start()
    try:
        begin, ends = await _window(client, since)
        left = {tp for tp in begin if begin[tp] < ends[tp]}
        client.assign(sorted(left))
        for tp in left:
            client.seek(tp, begin[tp])
        found: list[Seen] = []
        with Progress(console=Console(stderr=True), transient=True) as progress:
            total = sum(ends[tp] - begin[tp] for tp in left)
            task = progress.add_task(f"events since {since:%Y-%m-%d %H:%M}", total=total)
            while left and not (only_first and found):
                batches = await client.getmany(*left, timeout_ms=500, max_records=5000)
                for records in batches.values():
                    progress.advance(task, len(records))
                    matching = (record for record in records if wanted in record.headers)
                    found += filter(None, map(_seen, matching))
                left = {tp for tp in left if await client.position(tp) < ends[tp]}
        return found
    finally:
        await client.stop()


async def _window(
    client: AIOKafkaConsumer, since: datetime
) -> tuple[dict[TopicPartition, int], dict[TopicPartition, int]]:
    """Each partition's first offset since then, and its end."""
    there = await client.topics()
    partitions = [
        TopicPartition(topic.name, partition)
        for topic in {t for contract in contracts().values() for t in contract.topic.generations}
        if topic.name in there
        for partition in range(topic.partitions)
    ]
    ends = await client.end_offsets(partitions)
    at = max(int(since.timestamp() * 1000), 0)
    firsts = await client.offsets_for_times(dict.fromkeys(partitions, at))
    return {tp: f.offset if (f := firsts.get(tp)) else ends[tp] for tp in partitions}, ends


def _seen(record: Record) -> Seen | None:
    try:
        envelope = read_envelope(
            record.headers, topic=record.topic, partition=record.partition,
            offset=record.offset, key=record.key,
        )  # fmt: skip
    except UnreadableEventError:
        return None
    return Seen(envelope, datetime.fromtimestamp(record.timestamp / 1000, UTC))


async def _unsent(platform: Platform, event_id: UUID, correlation: UUID | None) -> list[Seen]:
    """What still stands in an outbox; it has no place in its partition yet."""
    found: list[Seen] = []
    for service in sorted(platform.databases):
        async with transport_of(platform, service) as db:
            rows = await db.fetch(UNSENT, str(event_id), str(correlation))
        for row in rows:
            headers = [(n, str(v).encode()) for n, v in json.loads(row["headers"]).items()]
            envelope = read_envelope(
                headers, topic=row["topic"], partition=row["partition"], offset=-1,
                key=row["key"].encode(), place=(0, 0),
            )  # fmt: skip
            found.append(Seen(envelope, None, outbox=service))
    return found


async def _add_consumers(platform: Platform, story: list[Seen]) -> None:
    """Per consumer: handled, waiting, parked, or what a person did; retried means handled."""
    places = {(s.envelope.topic, s.envelope.partition, s.envelope.offset): s for s in story
              if s.outbox is None}  # fmt: skip
    for service in sorted(platform.databases):
        async with transport_of(platform, service) as db:
            checkpoints = await db.fetch(CHECKPOINTS)
            parked = await db.fetch(PARKED)
            acts = await db.fetch(ACTS, sorted({topic for topic, _, _ in places}))
        for (topic, partition, offset), seen in places.items():
            for row in checkpoints:
                if (row["topic"], row["partition"]) == (topic, partition):
                    ahead = row["next_offset"] - offset
                    seen.by[row["consumer"]] = "handled" if ahead > 0 else "waiting"
                    if ahead == 1:
                        seen.handled_at[row["consumer"]] = row["moved_at"]
        for row in [*acts, *parked]:
            seen = places.get((row["topic"], row["partition"], row["offset_"]))
            if seen is None or row["consumer"] not in seen.by:
                continue
            act = row.get("act", "parked")
            seen.by[row["consumer"]] = "handled" if act == "retried" else act
            seen.handled_at.pop(row["consumer"], None)
            if act == "retried":
                seen.handled_at[row["consumer"]] = row["acted_at"]


def _add_times(story: list[Seen]) -> None:
    """What a consumer published because of an event tells when it handled that."""
    by_id = {seen.envelope.id: seen for seen in story}
    for seen in story:
        cause = by_id.get(seen.envelope.causation_id) if seen.envelope.causation_id else None
        consumer = seen.envelope.source.removeprefix("/mainstay/")
        if cause is not None and cause.by.get(consumer) == "handled":
            cause.handled_at[consumer] = seen.envelope.time
