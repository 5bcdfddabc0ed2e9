"""`mainstay parked`: list, show, retry and discard; payloads are never shown."""

from __future__ import annotations

import asyncio
import getpass
import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from libs.cli.platform import load_platform, transport_of

app = typer.Typer(no_args_is_help=True)

LIST = """
SELECT e.id, e.consumer, e.topic, e.key, e.error, e.parked_at, e.headers, k.request
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
SHOW = "SELECT * FROM parked_event WHERE id = $1"
REQUEST = """
UPDATE parked_key k SET request = $2, requested_by = $3, requested_at = now()
  FROM parked_event e
 WHERE e.id = $1 AND k.practice_id = e.practice_id AND k.consumer = e.consumer
   AND k.topic = e.topic AND k.key = e.key
   AND e.id = (SELECT min(id) FROM parked_event f WHERE f.practice_id = e.practice_id
                AND f.consumer = e.consumer AND f.topic = e.topic AND f.key = e.key)
"""


def _event_type(headers: str) -> str:
    return next((value for name, value in json.loads(headers) if name == "ce_type"), "?")


@app.command("list")
def list_parked(
    service: Annotated[str | None, typer.Option(help="only this service")] = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """List what waits, first events of a key with their error."""
    platform = load_platform()
    rows: list[dict[str, Any]] = []

    async def read() -> None:
        for name in [service] if service else sorted(platform.databases):
            async with transport_of(platform, name) as db:
                for row in await db.fetch(LIST):
                    found = dict(row) | {"service": name, "type": _event_type(row["headers"])}
                    del found["headers"]
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
def show(
    service: str, event_id: int, as_json: Annotated[bool, typer.Option("--json")] = False
) -> None:
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
def retry(service: str, event_id: int) -> None:
    """Ask for a key's first event to be handled again, and then what waits behind it."""
    _request(service, event_id, "retry")


@app.command("discard")
def discard(service: str, event_id: int) -> None:
    """Give a key's first event up; what waits behind it is handled. The act is recorded."""
    _request(service, event_id, "discard")


def _request(service: str, event_id: int, wish: str) -> None:
    platform = load_platform()

    async def ask() -> str:
        async with transport_of(platform, service) as db:
            return await db.execute(REQUEST, event_id, wish, getpass.getuser())

    if asyncio.run(ask()) != "UPDATE 1":
        raise typer.BadParameter(
            f"{service} has no parked event {event_id} that is first of its key"
        )
    typer.echo("asked for; the consumer that owns the partition carries it out")
