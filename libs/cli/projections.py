"""`mainstay projections`: which there are, and rebuilding one beside the live one."""

from __future__ import annotations

import asyncio

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from libs.cli.platform import load_platform, transport_of
from libs.events.transport.rebuild import rebuild
from libs.service.process import load_service

app = typer.Typer(no_args_is_help=True)


@app.command("list")
def list_projections() -> None:
    """List every projection: which generation is read, and whether the code's version differs."""
    platform = load_platform()
    table = Table("service", "projection", "generation", "version", "in code", "since")

    async def read() -> None:
        for name in sorted(platform.databases):
            in_code = {p.name: p.version for p in load_service(name).projections}
            async with transport_of(platform, name) as db:
                for row in await db.fetch("SELECT * FROM projection ORDER BY name"):
                    table.add_row(
                        name,
                        row["name"],
                        str(row["generation"]),
                        str(row["version"]),
                        str(in_code.get(row["name"], "gone")),
                        f"{row['swapped_at']:%Y-%m-%d %H:%M:%S}",
                    )

    asyncio.run(read())
    Console().print(table)


@app.command("rebuild")
def rebuild_projection(service: str, projection: str) -> None:
    """Fold a projection anew from the start of the log, beside the live one, and swap."""
    platform = load_platform()
    loaded = load_service(service)
    found = next((p for p in loaded.projections if p.name == projection), None)
    if found is None:
        names = ", ".join(p.name for p in loaded.projections) or "none"
        raise typer.BadParameter(f"{service} has these projections: {names}")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
               TimeRemainingColumn())  # fmt: skip
    with Progress(*columns) as progress:
        task = progress.add_task("events", total=None)
        generation = asyncio.run(
            rebuild(
                loaded.name,
                found,
                dsn=platform.database(service),
                kafka=platform.kafka,
                tell=lambda done, total: progress.update(task, completed=done, total=total),
            )
        )
    typer.echo(f"{projection} is read from generation {generation} now")
