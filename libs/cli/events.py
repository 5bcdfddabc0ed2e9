"""`mainstay events`: find one event and its story, read from the topics themselves."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import typer
from aiokafka import AIOKafkaConsumer, TopicPartition
from rich.console import Console
from rich.markup import escape
from rich.tree import Tree

from libs.cli.platform import Platform, load_platform, transport_of
from libs.events.contracts import contracts
from libs.events.transport.envelope import Envelope, read_envelope
from libs.events.transport.faults import UnreadableEventError
from libs.events.transport.parked import Record

app = typer.Typer(no_args_is_help=True)

CHECKPOINTS = "SELECT consumer, topic, partition, next_offset FROM checkpoint"
PARKED = "SELECT consumer, topic, partition, offset_ FROM parked_event"


@dataclass
class Seen:
    """An event on its topic, and who has dealt with it."""

    envelope: Envelope
    appended_at: datetime
    by: dict[str, str] = field(default_factory=dict[str, str])


@app.command("show")
def show(event_id: UUID, as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Show one event's attributes and who has handled it; its data is not shown."""
    story = asyncio.run(_read_story(load_platform(), event_id))
    shown = _as_dict(_find(story, event_id))
    if as_json:
        typer.echo(json.dumps(shown, default=str))
        return
    consumers: dict[str, str] = shown.pop("consumers")
    for name, value in shown.items():
        typer.echo(f"{name:16} {value}")
    for consumer, state in sorted(consumers.items()):
        typer.echo(f"{'consumer':16} {consumer}: {state}")


@app.command("trace")
def trace(event_id: UUID, as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Print what caused an event and what it caused, across services, with times."""
    story = asyncio.run(_read_story(load_platform(), event_id))
    _find(story, event_id)
    if as_json:
        typer.echo(json.dumps([_as_dict(seen) for seen in story], default=str))
        return
    known = {seen.envelope.id for seen in story}
    first = min(seen.envelope.time for seen in story)
    tree = Tree(f"[bold]story {story[0].envelope.correlation_id}")
    nodes: dict[UUID, Tree] = {}
    for seen in story:
        parent = seen.envelope.causation_id
        above = nodes.get(parent, tree) if parent in known and parent is not None else tree
        nodes[seen.envelope.id] = above.add(_line(seen, first, event_id))
    Console(highlight=False, soft_wrap=True).print(tree)


def _line(seen: Seen, first: datetime, asked: UUID) -> str:
    envelope = seen.envelope
    after = (envelope.time - first).total_seconds()
    hop = (seen.appended_at - envelope.time).total_seconds() * 1000
    mark = "[reverse]" if envelope.id == asked else ""
    handled = ", ".join(f"{who}: {state}" for who, state in sorted(seen.by.items()))
    return (
        f"{mark}[bold]{escape(envelope.type)}[/bold] {envelope.id}{'[/reverse]' if mark else ''}\n"
        f"  +{after:.3f} s · on {envelope.topic}/{envelope.partition}@{envelope.offset} "
        f"after {hop:.0f} ms · {handled or 'nobody listens'}"
    )


def _as_dict(seen: Seen) -> dict[str, Any]:
    envelope = seen.envelope
    names = ("id", "type", "source", "time", "practice_id", "correlation_id", "causation_id",
             "traceparent", "topic", "partition", "offset", "key")  # fmt: skip
    return {name: getattr(envelope, name) for name in names} | {
        "appended_at": seen.appended_at,
        "consumers": seen.by,
    }


def _find(story: list[Seen], event_id: UUID) -> Seen:
    for seen in story:
        if seen.envelope.id == event_id:
            return seen
    raise typer.BadParameter(f"no topic holds an event {event_id}")


async def _read_story(platform: Platform, event_id: UUID) -> list[Seen]:
    """Every event with the same correlation id, in causal order, from the topics' whole length."""
    everything = await _read_topics(platform.kafka)
    correlation = next(
        (s.envelope.correlation_id for s in everything if s.envelope.id == event_id), None
    )
    story = [seen for seen in everything if seen.envelope.correlation_id == correlation]
    await _add_consumers(platform, story)
    story.sort(key=lambda s: (s.envelope.time, s.appended_at, s.envelope.offset))
    return story


async def _read_topics(kafka: str) -> list[Seen]:
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False)
    await consumer.start()
    try:
        there = await consumer.topics()
        partitions = [
            TopicPartition(topic.name, partition)
            for topic in {contract.topic for contract in contracts().values()}
            if topic.name in there
            for partition in range(topic.partitions)
        ]
        ends = await consumer.end_offsets(partitions)
        beginnings = await consumer.beginning_offsets(partitions)
        left = {tp for tp in partitions if beginnings[tp] < ends[tp]}
        found: list[Seen] = []
        consumer.assign(sorted(left))
        for tp in left:
            consumer.seek(tp, beginnings[tp])
        while left:
            batches = await consumer.getmany(*left, timeout_ms=500, max_records=5000)
            for records in batches.values():
                found += filter(None, map(_seen, records))
            left = {tp for tp in left if await consumer.position(tp) < ends[tp]}
        return found
    finally:
        await consumer.stop()


def _seen(record: Record) -> Seen | None:
    try:
        envelope = read_envelope(
            record.headers, topic=record.topic, partition=record.partition,
            offset=record.offset, key=record.key,
        )  # fmt: skip
    except UnreadableEventError:
        return None
    return Seen(envelope, datetime.fromtimestamp(record.timestamp / 1000, UTC))


async def _add_consumers(platform: Platform, story: list[Seen]) -> None:
    for service in sorted(platform.databases):
        async with transport_of(platform, service) as db:
            checkpoints = await db.fetch(CHECKPOINTS)
            parked = {
                (r["consumer"], r["topic"], r["partition"], r["offset_"])
                for r in await db.fetch(PARKED)
            }
        for seen in story:
            at = seen.envelope
            for row in checkpoints:
                if (row["topic"], row["partition"]) == (at.topic, at.partition):
                    handled = row["next_offset"] > at.offset
                    state = "handled" if handled else "waiting"
                    if (row["consumer"], at.topic, at.partition, at.offset) in parked:
                        state = "parked"
                    seen.by[row["consumer"]] = state
