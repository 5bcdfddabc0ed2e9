"""`mainstay outbox`: what waits to be sent, what is refused, and a new epoch after a file copy."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from libs.cli.platform import load_platform, transport_of
from libs.events.transport.envelope import LARGEST_EPOCH
from libs.events.transport.leases import BEGIN_EPOCH

app = typer.Typer(no_args_is_help=True)

STATUS = """
SELECT (SELECT count(*) FROM outbox) AS waiting,
       (SELECT extract(epoch FROM now() - min(created_at))::float8 FROM outbox
         WHERE not_before IS NULL) AS oldest_seconds,
       (SELECT count(*) FROM outbox WHERE not_before IS NOT NULL) AS delayed
"""
REFUSED = """
SELECT topic, partition, refused, refused_id AS row, refused_at
  FROM outbox_shard WHERE refused IS NOT NULL ORDER BY topic, partition
"""
RESUME = """
UPDATE outbox_shard SET refused = NULL, refused_id = NULL, refused_at = NULL
 WHERE refused IS NOT NULL
"""
USED_UP = """
SELECT array_agg(topic || '/' || partition ORDER BY topic, partition)
  FROM outbox_shard WHERE epoch >= $1
"""


@app.command("status")
def status(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Show each service's outbox: how much waits, how long, and what the broker refuses."""
    platform = load_platform()
    rows: list[dict[str, Any]] = []

    async def read() -> None:
        for name in sorted(platform.databases):
            async with transport_of(platform, name) as db:
                [counts] = await db.fetch(STATUS)
                refused = [dict(row) for row in await db.fetch(REFUSED)]
                rows.append({"service": name, **dict(counts), "refused": refused})

    asyncio.run(read())
    if as_json:
        typer.echo(json.dumps(rows, default=str))
        return
    table = Table("service", "waiting", "delayed", "oldest", "refused")
    for row in rows:
        oldest = f"{row['oldest_seconds']:.1f} s" if row["oldest_seconds"] is not None else ""
        refused = "\n".join(
            f"{r['topic']}/{r['partition']} row {r['row']}: {r['refused']}" for r in row["refused"]
        )
        table.add_row(
            row["service"], str(row["waiting"]), str(row["delayed"]), oldest, escape(refused)
        )
    Console().print(table)


@app.command("resume")
def resume(service: str) -> None:
    """Try at once what the broker refused; mend the cause first."""
    if _change(service, RESUME) == "UPDATE 0":
        raise typer.BadParameter(f"nothing is refused in the outbox of {service}")
    typer.echo("its relay tries again within seconds")


@app.command("raise-epoch")
def raise_epoch(service: str) -> None:
    """After a restore from copied files: begin a new epoch, so that nobody drops what comes.

    A restore to a point in time and a promotion are noticed without it. Stop the service first:
    what its relays have in flight would stop its readers.
    """
    _change(service, BEGIN_EPOCH, unless=USED_UP)
    typer.echo("its relay reads the log, and goes on in a new epoch")


def _change(service: str, statement: str, *, unless: str | None = None) -> str:
    platform = load_platform()

    async def change() -> str:
        async with transport_of(platform, service) as db:
            if unless is not None and (shards := await db.fetchval(unless, LARGEST_EPOCH)):
                raise typer.BadParameter(
                    f"{', '.join(shards)}: epoch {LARGEST_EPOCH} is the last that readers can "
                    "tell; nothing was changed, go on with a new topic"
                )
            return await db.execute(statement)

    return asyncio.run(change())
