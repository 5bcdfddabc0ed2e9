"""`mainstay events`: find one event and its story, read from the topics themselves."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.markup import escape
from rich.tree import Tree

from libs.cli.finding import Seen, read_story
from libs.cli.platform import load_platform

app = typer.Typer(no_args_is_help=True)

Days = Annotated[float, typer.Option(min=0, max=36_500, help="how far back the topics are read")]
AsJson = Annotated[bool, typer.Option("--json")]
A_WEEK = 7.0


@app.command("show")
def show(event_id: UUID, days: Days = A_WEEK, as_json: AsJson = False) -> None:
    """Show where an event is, who has handled it, its cause and what it caused; never its data."""
    story = _story(event_id, days)
    seen = _find(story, event_id, days)
    shown = _as_dict(seen) | {
        "cause": [_name(s) for s in story if s.envelope.id == seen.envelope.causation_id],
        "caused": [_name(s) for s in story if s.envelope.causation_id == event_id],
    }
    if as_json:
        typer.echo(json.dumps(shown, default=str))
        return
    for name in ("consumers", "handled_at", "cause", "caused"):
        del shown[name]
    for name, value in shown.items():
        typer.echo(f"{name:16} {value}")
    for consumer, state in sorted(seen.by.items()):
        typer.echo(f"{'consumer':16} {consumer}: {state}{_after(seen, consumer)}")
    for other in story:
        if other.envelope.id == seen.envelope.causation_id:
            typer.echo(f"{'caused by':16} {' '.join(_name(other).values())}")
        elif other.envelope.causation_id == event_id:
            typer.echo(f"{'caused':16} {' '.join(_name(other).values())}")


@app.command("trace")
def trace(event_id: UUID, days: Days = A_WEEK, as_json: AsJson = False) -> None:
    """Print what caused an event and what it caused, across services, and how long each hop took.

    A hop goes from the commit to the topic, and from there to the commit of what was done.
    """
    story = _story(event_id, days)
    _find(story, event_id, days)
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
    mark = "[reverse]" if envelope.id == asked else ""
    handled = ", ".join(
        f"{who}: {state}{_after(seen, who)}" for who, state in sorted(seen.by.items())
    )
    where = f"in the outbox of {seen.outbox}"
    if seen.appended_at is not None:
        hop = _milliseconds(envelope.time, seen.appended_at)
        where = f"on {envelope.topic}/{envelope.partition}@{envelope.offset} after {hop}"
        where += f" · {handled or 'nobody listens'}"
    return (
        f"{mark}[bold]{escape(envelope.type)}[/bold] {envelope.id}{'[/reverse]' if mark else ''}\n"
        f"  +{after:.3f} s · {where}"
    )


def _after(seen: Seen, consumer: str) -> str:
    """How long after the append it was handled, where that is known."""
    if seen.appended_at is None or consumer not in seen.handled_at:
        return ""
    return f" after {_milliseconds(seen.appended_at, seen.handled_at[consumer])}"


def _milliseconds(start: datetime, end: datetime) -> str:
    # Kafka keeps whole milliseconds, and each machine has its own clock.
    return f"{max((end - start).total_seconds() * 1000, 0):.0f} ms"


def _name(seen: Seen) -> dict[str, str]:
    return {"id": str(seen.envelope.id), "type": seen.envelope.type}


def _as_dict(seen: Seen) -> dict[str, Any]:
    envelope = seen.envelope
    names = ("id", "type", "source", "time", "practice_id", "correlation_id", "causation_id",
             "traceparent", "topic", "partition", "offset", "key")  # fmt: skip
    return {name: getattr(envelope, name) for name in names} | {
        "offset": None if seen.outbox else envelope.offset,
        "outbox": seen.outbox,
        "appended_at": seen.appended_at,
        "consumers": seen.by,
        "handled_at": seen.handled_at,
    }


def _story(event_id: UUID, days: float) -> list[Seen]:
    return asyncio.run(read_story(load_platform(), event_id, days))


def _find(story: list[Seen], event_id: UUID, days: float) -> Seen:
    for seen in story:
        if seen.envelope.id == event_id:
            return seen
    raise typer.BadParameter(
        f"no topic holds an event {event_id} of the last {days:g} days, and no outbox; "
        "--days looks further back"
    )
