"""`mainstay consumers`: where each stands, and resuming one that stopped itself."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from libs.cli.platform import load_platform, transport_of

app = typer.Typer(no_args_is_help=True)

# A projection's checkpoints name its generation, its stop does not.
LIST = """
SELECT c.consumer, sum(c.handled)::bigint AS handled, max(c.moved_at) AS moved_at, s.reason
  FROM checkpoint c LEFT JOIN consumer_stop s
    ON c.consumer = s.consumer OR c.consumer LIKE s.consumer || '.g%'
 GROUP BY c.consumer, s.reason ORDER BY c.consumer
"""
RESUME = "DELETE FROM consumer_stop WHERE consumer = $1 OR $1 LIKE consumer || '.g%'"


@app.command("list")
def list_consumers(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """List every consumer with what it has handled, and why it stopped where it did."""
    platform = load_platform()
    rows: list[dict[str, Any]] = []

    async def read() -> None:
        for name in sorted(platform.databases):
            async with transport_of(platform, name) as db:
                rows.extend({"service": name, **dict(row)} for row in await db.fetch(LIST))

    asyncio.run(read())
    if as_json:
        typer.echo(json.dumps(rows, default=str))
        return
    table = Table("service", "consumer", "handled", "last moved", "stopped because")
    for row in rows:
        moved = f"{row['moved_at']:%Y-%m-%d %H:%M:%S}"
        table.add_row(
            row["service"], row["consumer"], str(row["handled"]), moved, row["reason"] or ""
        )
    Console().print(table)


@app.command("resume")
def resume(service: str, consumer: str) -> None:
    """Let a consumer that stopped itself go on; mend the cause first."""
    platform = load_platform()

    async def ask() -> str:
        async with transport_of(platform, service) as db:
            return await db.execute(RESUME, consumer)

    if asyncio.run(ask()) == "DELETE 0":
        raise typer.BadParameter(f"{consumer} has not stopped")
    typer.echo(f"{consumer} goes on")
