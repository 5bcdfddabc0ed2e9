"""`mainstay consumers`: where each stands, and resuming one that stopped itself."""

from __future__ import annotations

import asyncio

import typer
from rich.console import Console
from rich.table import Table

from libs.cli.platform import load_platform, transport_of

app = typer.Typer(no_args_is_help=True)

LIST = """
SELECT c.consumer, sum(c.handled) AS handled, max(c.moved_at) AS moved_at, s.reason
  FROM checkpoint c LEFT JOIN consumer_stop s
    ON c.consumer = s.consumer OR c.consumer LIKE s.consumer || '.g%'
 GROUP BY c.consumer, s.reason ORDER BY c.consumer
"""


@app.command("list")
def list_consumers() -> None:
    """List every consumer with what it has handled, and why it stopped where it did."""
    platform = load_platform()
    table = Table("service", "consumer", "handled", "last moved", "stopped because")

    async def read() -> None:
        for name in sorted(platform.databases):
            async with transport_of(platform, name) as db:
                for row in await db.fetch(LIST):
                    table.add_row(
                        name,
                        row["consumer"],
                        str(row["handled"]),
                        f"{row['moved_at']:%Y-%m-%d %H:%M:%S}",
                        row["reason"] or "",
                    )

    asyncio.run(read())
    Console().print(table)


@app.command("resume")
def resume(service: str, consumer: str) -> None:
    """Let a consumer that stopped itself go on; mend the cause first."""
    platform = load_platform()

    async def ask() -> str:
        async with transport_of(platform, service) as db:
            return await db.execute("DELETE FROM consumer_stop WHERE consumer = $1", consumer)

    if asyncio.run(ask()) != "DELETE 1":
        raise typer.BadParameter(f"{consumer} has not stopped")
    typer.echo(f"{consumer} goes on")
