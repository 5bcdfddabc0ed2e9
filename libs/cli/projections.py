"""`mainstay projections`: which there are, and rebuilding one beside the live one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from libs.cli.platform import Platform, load_platform, transport_of
from libs.events.transport import Projection
from libs.events.transport.rebuild import forget, rebuild, rollback
from libs.service.process import load_service, service_names

app = typer.Typer(no_args_is_help=True)


@app.command("list")
def list_projections(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """List every projection: which generation is read, and whether the code's version differs."""
    platform = load_platform()
    rows: list[dict[str, Any]] = []

    async def read() -> None:
        for name in sorted(platform.databases):
            in_code = {p.name: p.version for p in _projections_of(name)}
            async with transport_of(platform, name) as db:
                for row in await db.fetch("SELECT * FROM projection ORDER BY name"):
                    more = {"in_code": in_code.get(row["name"])}
                    rows.append({"service": name, **dict(row), **more})

    asyncio.run(read())
    if as_json:
        typer.echo(json.dumps(rows, default=str))
        return
    table = Table("service", "projection", "generation", "version", "in code", "since")
    for row in rows:
        table.add_row(
            row["service"], row["name"], str(row["generation"]), str(row["version"]),
            str(row["in_code"] or "gone"), f"{row['swapped_at']:%Y-%m-%d %H:%M:%S}",
        )  # fmt: skip
    Console().print(table)


@app.command("rebuild")
def rebuild_projection(
    service: str,
    projection: str,
    accept_difference: Annotated[
        bool, typer.Option(help="swap though it differs from what is read")
    ] = False,
) -> None:
    """Fold a projection anew from the start of the log, beside the live one, compare, and swap."""
    platform, found = _find(service, projection)
    rebuild_and_tell(platform, service, found, accept_difference=accept_difference)


@app.command("rollback")
def rollback_projection(service: str, projection: str) -> None:
    """Bring the generation before the last swap up to date, and swap back to it."""
    platform, found = _find(service, projection)
    back = rollback(
        service,
        found,
        dsn=platform.database(service),
        kafka=platform.kafka,
        keys=platform.data_keys(),
    )
    try:
        generation = asyncio.run(back)
    except (LookupError, RuntimeError) as error:
        typer.echo(f"not rolled back: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{found.name} is read from generation {generation} now")


@app.command("forget")
def forget_generations(service: str, projection: str) -> None:
    """Remove the generation that the last swap kept: nobody can go back to it any more."""
    platform, found = _find(service, projection)
    try:
        gone = asyncio.run(
            forget(service, found, dsn=platform.database(service), kafka=platform.kafka)
        )
    except (LookupError, RuntimeError) as error:
        typer.echo(f"not removed: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"removed {', '.join(map(str, gone))}" if gone else "nothing is kept")


def _find(service: str, projection: str) -> tuple[Platform, Projection]:
    platform = load_platform()
    platform.database(service)
    projections = _projections_of(service)
    found = next((p for p in projections if p.name == projection), None)
    if found is None:
        names = ", ".join(p.name for p in projections) or "none"
        raise typer.BadParameter(f"{service} has these projections: {names}")
    return platform, found


def rebuild_and_tell(
    platform: Platform, service: str, projection: Projection, *, accept_difference: bool = False
) -> None:
    """Rebuild with a progress bar; a rebuild that cannot be finished ends with exit code 1."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
               TimeRemainingColumn())  # fmt: skip
    with Progress(*columns) as progress:
        task = progress.add_task("events", total=None)
        try:
            generation = asyncio.run(
                rebuild(
                    service,
                    projection,
                    dsn=platform.database(service),
                    kafka=platform.kafka,
                    keys=platform.data_keys(),
                    tell=lambda done, total: progress.update(task, completed=done, total=total),
                    announce=typer.echo,
                    accept_difference=accept_difference,
                )
            )
        except (LookupError, RuntimeError) as error:
            typer.echo(f"not rebuilt: {error}", err=True)
            raise typer.Exit(1) from None
    typer.echo(f"{projection.name} is read from generation {generation} now")


def _projections_of(service: str) -> Sequence[Projection]:
    """Those of the code; none for a service that the code no longer has."""
    return load_service(service).projections if service in service_names() else ()
