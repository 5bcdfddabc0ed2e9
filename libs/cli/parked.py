"""`mainstay parked`: list, show, retry and discard; payloads are never shown."""

from __future__ import annotations

import asyncio
import getpass
import json
from dataclasses import asdict, dataclass
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from libs.cli.platform import Platform, load_platform, transport_of

app = typer.Typer(no_args_is_help=True)

LIST = """
SELECT e.id, e.consumer, coalesce(e.stood_on, e.topic) AS topic, e.key, e.error, e.parked_at,
       e.headers, k.request
  FROM parked_event e JOIN parked_key k USING (practice_id, consumer, topic, key)
 ORDER BY e.id
"""
SHOWN = ("id", "consumer", "topic", "partition", "offset_", "key", "parked_at", "error")
ATTRIBUTES = {
    *("content-type", "traceparent", "ce_specversion", "ce_id", "ce_source", "ce_type"),
    *("ce_subject", "ce_time", "ce_practiceid", "ce_correlationid", "ce_causationid"),
    "ce_sequence",
}
"""Headers that hold ids and names; another's value may be anything."""
SHOW = """
SELECT id, consumer, coalesce(stood_on, topic) AS topic, partition, offset_, key, parked_at, error,
       headers, payload
  FROM parked_event WHERE id = $1
"""
REQUEST = """
UPDATE parked_key k SET request = $2, requested_by = $3, requested_at = now()
  FROM parked_event e
 WHERE e.id = $1 AND k.practice_id = e.practice_id AND k.consumer = e.consumer
   AND k.topic = e.topic AND k.key = e.key
   AND e.id = (SELECT min(id) FROM parked_event f WHERE f.practice_id = e.practice_id
                AND f.consumer = e.consumer AND f.topic = e.topic AND f.key = e.key)
"""


# A projection's consumer names its generation, its stop does not.
FIRSTS = """
SELECT DISTINCT ON (e.practice_id, e.consumer, e.topic, e.key)
       e.id, e.consumer, coalesce(e.stood_on, e.topic) AS stood_on, e.key, e.error, e.headers,
       s.reason AS stopped,
       count(*) OVER (PARTITION BY e.practice_id, e.consumer, e.topic, e.key) - 1 AS behind
  FROM parked_event e
  LEFT JOIN consumer_stop s ON e.consumer = s.consumer OR e.consumer LIKE s.consumer || '.g%'
 ORDER BY e.practice_id, e.consumer, e.topic, e.key, e.id
"""

At = Annotated[
    list[str] | None,
    typer.Argument(metavar="[SERVICE ID]", help="one event; or say with options which"),
]
OfService = Annotated[str | None, typer.Option("--service", help="only of this service")]
OfType = Annotated[str | None, typer.Option("--type", help="only of this event type")]
OfKey = Annotated[str | None, typer.Option("--key", help="only of this key")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="only say what would be asked for")]
AsJson = Annotated[bool, typer.Option("--json")]


@dataclass(frozen=True, slots=True)
class First:
    """A key's first parked event, and how many wait `behind` it; `stopped`: its consumer's stop."""

    service: str
    id: int
    consumer: str
    topic: str
    key: str
    type: str
    error: str | None
    behind: int
    stopped: str | None


@dataclass(frozen=True, slots=True)
class Choice:
    """Which parked events are meant; what is None chooses nothing out."""

    service: str | None = None
    event_id: int | None = None
    type: str | None = None
    key: str | None = None

    @classmethod
    def read(
        cls, at: list[str] | None, service: str | None, kind: str | None, key: str | None
    ) -> Choice:
        """From a command's words; refuses to act on everything that is parked everywhere."""
        if at:
            if len(at) != 2 or not at[1].isdecimal() or service or kind or key:
                raise typer.BadParameter("name one event as SERVICE ID, or say which by options")
            return cls(service=at[0], event_id=int(at[1]))
        if not (service or kind or key):
            raise typer.BadParameter("which? SERVICE ID, or --service, --type or --key")
        return cls(service=service, type=kind, key=key)

    def matches(self, event_id: int, kind: str, key: str) -> bool:
        return (
            self.event_id in (None, event_id)
            and self.type in (None, kind)
            and self.key in (None, key)
        )


def _event_type(headers: str) -> str:
    return next((value for name, value in json.loads(headers) if name == "ce_type"), "?")


@app.command("list")
def list_parked(
    service: OfService = None, kind: OfType = None, key: OfKey = None, as_json: AsJson = False
) -> None:
    """List what waits, first events of a key with their error."""
    platform = load_platform()
    choice = Choice(service=service, type=kind, key=key)
    rows: list[dict[str, Any]] = []

    async def read() -> None:
        for name in platform.chosen(service):
            async with transport_of(platform, name) as db:
                for row in await db.fetch(LIST):
                    found = dict(row) | {"service": name, "type": _event_type(row["headers"])}
                    del found["headers"]
                    if choice.matches(row["id"], _event_type(row["headers"]), row["key"]):
                        rows.append(found)

    asyncio.run(read())
    if as_json:
        typer.echo(json.dumps(rows, default=str))
        return
    table = Table("service", "id", "type", "topic", "key", "error", "request")
    for row in rows:
        table.add_row(
            row["service"], str(row["id"]), escape(row["type"]), row["topic"], escape(row["key"]),
            escape(row["error"] or "waits behind its key"), row["request"] or "",
        )  # fmt: skip
    Console().print(table if rows else "nothing is parked")


@app.command("show")
def show(service: str, event_id: int, as_json: AsJson = False) -> None:
    """Show one parked event: where it stood, its attributes and its error."""
    platform = load_platform()

    async def read() -> Any:
        async with transport_of(platform, service) as db:
            return await db.fetchrow(SHOW, event_id)

    row = asyncio.run(read())
    if row is None:
        raise typer.BadParameter(f"{service} has no parked event {event_id}")
    shown = {name: row[name] for name in SHOWN} | {
        name: value if name in ATTRIBUTES else "(not shown)"
        for name, value in json.loads(row["headers"])
    }
    shown["bytes"] = len(row["payload"] or b"")
    if as_json:
        typer.echo(json.dumps(shown, default=str))
        return
    for name, value in shown.items():
        typer.echo(f"{name:18} {value}")


@app.command("retry")
def retry(
    at: At = None,
    service: OfService = None,
    kind: OfType = None,
    key: OfKey = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Ask for keys' first events to be handled again, and then, in order, what waits behind."""
    _act("retry", Choice.read(at, service, kind, key), dry_run=dry_run, as_json=as_json)


@app.command("discard")
def discard(
    at: At = None,
    service: OfService = None,
    kind: OfType = None,
    key: OfKey = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Give keys' first events up; what waits behind them is handled. Each act is recorded."""
    _act("discard", Choice.read(at, service, kind, key), dry_run=dry_run, as_json=as_json)


def _act(wish: str, choice: Choice, *, dry_run: bool, as_json: bool) -> None:
    platform = load_platform()
    chosen = asyncio.run(_ask(platform, choice, wish, dry_run=dry_run))
    if choice.event_id is not None and not chosen:
        raise typer.BadParameter(
            f"{choice.service} has no parked event {choice.event_id} that is first of its key"
        )
    if as_json:
        typer.echo(json.dumps([asdict(first) | {"asked": not dry_run} for first in chosen]))
        return
    table = Table("service", "id", "type", "topic", "key", "behind it", "error")
    for first in chosen:
        table.add_row(
            first.service, str(first.id), escape(first.type), first.topic, escape(first.key),
            str(first.behind), escape(first.error or ""),
        )  # fmt: skip
    Console().print(table if chosen else "nothing that is parked matches")
    for service, consumer, reason in sorted({(f.service, f.consumer, f.stopped) for f in chosen
                                             if f.stopped}, key=str):  # fmt: skip
        typer.echo(
            f"{consumer} has stopped: {reason}. What comes after is handled when it is resumed: "
            f"mainstay consumers resume {service} {consumer}"
        )
    if chosen and dry_run:
        typer.echo(f"would be asked for: {wish}; nothing was changed")
    elif chosen:
        typer.echo("asked for; the consumer that owns the partition carries it out")


async def _ask(platform: Platform, choice: Choice, wish: str, *, dry_run: bool) -> list[First]:
    """The first events that match, and the request for each, in one transaction per service."""
    chosen: list[First] = []
    for service in platform.chosen(choice.service):
        async with transport_of(platform, service) as db:
            firsts = [
                First(
                    service=service, id=row["id"], consumer=row["consumer"], topic=row["stood_on"],
                    key=row["key"], type=_event_type(row["headers"]), error=row["error"],
                    behind=row["behind"], stopped=row["stopped"],
                )
                for row in await db.fetch(FIRSTS)
            ]  # fmt: skip
            found = [f for f in firsts if choice.matches(f.id, f.type, f.key)]
            for first in found if not dry_run else ():
                await db.execute(REQUEST, first.id, wish, getpass.getuser())
            chosen += found
    return chosen
