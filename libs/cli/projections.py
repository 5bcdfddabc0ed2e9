"""`mainstay projections`: which there are, and rebuilding one beside the live one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from libs.cli.freshness import BesideLive, Standing, read_standings
from libs.cli.platform import Platform, load_platform, transport_of
from libs.cli.progress import telling
from libs.events.transport import Projection
from libs.events.transport.as_of import as_of
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


@app.command("status")
def show_status(
    service: Annotated[str | None, typer.Argument(help="only of this service")] = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Show how fresh each projection is, what is built beside it, and what went wrong."""
    platform = load_platform()
    found: list[Standing] = []

    async def read() -> None:
        for name in platform.chosen(service):
            found.extend(await read_standings(platform, name, _projections_of(name)))

    asyncio.run(read())
    if as_json:
        typer.echo(json.dumps([asdict(standing) for standing in found]))
        return
    table = Table("service", "projection", "generation", "version", "in code", "records behind",
                  "seconds behind", "beside it", "trouble")  # fmt: skip
    for one in found:
        table.add_row(
            one.service, one.name, str(one.generation), str(one.version),
            str(one.in_code or "gone"), str(one.records), f"{one.seconds:.1f}",
            ", ".join(_told(other, busy=one.busy) for other in one.beside),
            Text("; ".join(_troubles(one))),
            style="bold" if one.records else None,
        )  # fmt: skip
    Console().print(table)


def _told(other: BesideLive, *, busy: bool) -> str:
    said = f"g{other.generation} {other.state}"
    if other.records is not None and other.folded is not None:
        said += f" {other.folded}/{other.records}"
    given_up = other.state in ("building", "returning") and not busy
    return f"{said} (given up)" if given_up else said


def _troubles(one: Standing) -> list[str]:
    parked = f"{one.parked} parked" if one.parked else None
    stopped = f"stopped: {one.stopped}" if one.stopped else None
    return [trouble for trouble in (stopped, parked, one.trouble) if trouble]


@app.command("rebuild")
def rebuild_projection(
    service: str,
    projection: str,
    accept_difference: Annotated[
        bool, typer.Option(help="swap though it differs from what is read")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Fold a projection anew from the start of the log, beside the live one, compare, and swap."""
    platform, found = _find(service, projection)
    rebuild_and_tell(platform, service, found, accept_difference=accept_difference, as_json=as_json)


@app.command("rollback")
def rollback_projection(
    service: str, projection: str, as_json: Annotated[bool, typer.Option("--json")] = False
) -> None:
    """Bring the generation before the last swap up to date, and swap back to it."""
    platform, found = _find(service, projection)
    rollback_and_tell(platform, service, found, as_json=as_json)


@app.command("forget")
def forget_generations(
    service: str, projection: str, as_json: Annotated[bool, typer.Option("--json")] = False
) -> None:
    """Remove the generation that the last swap kept: nobody can go back to it any more."""
    platform, found = _find(service, projection)
    forget_and_tell(platform, service, found, as_json=as_json)


@app.command("as-of")
def show_as_of(
    service: str,
    projection: str,
    timestamp: Annotated[str, typer.Argument(help="with its zone: 2026-11-25T08:00:00Z")],
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Show what a projection held at a moment: the log folded anew, of events up to then only."""
    platform, found = _find(service, projection)
    as_of_and_tell(platform, service, found, read_moment(timestamp), as_json=as_json)


def read_moment(written: str) -> datetime:
    """A moment as RFC 3339 has it; BadParameter where it is none, or has no zone."""
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise typer.BadParameter(
            f"{written!r} is no moment with its zone (RFC 3339), such as 2026-11-25T08:00:00Z"
        )
    return moment


def as_of_and_tell(
    platform: Platform, service: str, projection: Projection, moment: datetime, *, as_json: bool
) -> None:
    """Print the rows of each table; one JSON object where that is asked for."""
    with telling() as tell, _or_exit("not looked back"):
        past = asyncio.run(
            as_of(
                service,
                projection,
                moment,
                dsn=platform.database(service),
                kafka=platform.kafka,
                keys=platform.data_keys(),
                tell=tell,
            )
        )
    if as_json:
        shown = {"as_of": moment.isoformat(), "version": projection.version, **asdict(past)}
        typer.echo(json.dumps(shown, default=str))
        return
    for name, rows in past.tables.items():
        if not rows:
            typer.echo(f"{name}, no rows")
            continue
        table = Table(*rows[0], title=f"{name}, {len(rows)} rows")
        for row in rows:
            table.add_row(*(Text("" if value is None else str(value)) for value in row.values()))
        Console().print(table)
    if past.parked:
        typer.echo(f"{past.parked} events up to then could not be folded", err=True)
    if past.erased:
        typer.echo(f"{past.erased} events of erased practices stayed out", err=True)


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
    platform: Platform,
    service: str,
    projection: Projection,
    *,
    accept_difference: bool = False,
    as_json: bool = False,
) -> None:
    """Rebuild with a progress bar; a rebuild that cannot be finished ends with exit code 1."""
    announced: list[str] = []
    with telling() as tell, _or_exit("not rebuilt"):
        generation = asyncio.run(
            rebuild(
                service,
                projection,
                dsn=platform.database(service),
                kafka=platform.kafka,
                keys=platform.data_keys(),
                tell=tell,
                announce=announced.append if as_json else typer.echo,
                accept_difference=accept_difference,
            )
        )
    _tell_live(service, projection, generation, announced=announced if as_json else None)


def rollback_and_tell(
    platform: Platform, service: str, projection: Projection, *, as_json: bool = False
) -> None:
    """Go back with a progress bar; what cannot be gone back to ends with exit code 1."""
    announced: list[str] = []
    with telling() as tell, _or_exit("not rolled back"):
        generation = asyncio.run(
            rollback(
                service,
                projection,
                dsn=platform.database(service),
                kafka=platform.kafka,
                keys=platform.data_keys(),
                tell=tell,
                announce=announced.append if as_json else typer.echo,
            )
        )
    _tell_live(service, projection, generation, announced=announced if as_json else None)


def forget_and_tell(
    platform: Platform, service: str, projection: Projection, *, as_json: bool = False
) -> None:
    """Remove what is not read; exit code 1 where somebody is at it."""
    with _or_exit("not removed"):
        gone = asyncio.run(
            forget(service, projection, dsn=platform.database(service), kafka=platform.kafka)
        )
    if as_json:
        typer.echo(json.dumps({"service": service, "name": projection.name, "removed": gone}))
    else:
        typer.echo(f"removed {', '.join(map(str, gone))}" if gone else "nothing is kept")


def _tell_live(
    service: str, projection: Projection, generation: int, *, announced: list[str] | None
) -> None:
    """Which generation is read now; `announced`: as JSON, with what was told on the way."""
    if announced is None:
        typer.echo(f"{projection.name} is read from generation {generation} now")
        return
    done = {"service": service, "name": projection.name, "generation": generation,
            "version": projection.version, "announced": announced}  # fmt: skip
    typer.echo(json.dumps(done))


@contextmanager
def _or_exit(failed: str) -> Iterator[None]:
    """Say why something could not be done, and end with exit code 1."""
    try:
        yield
    except (LookupError, RuntimeError) as error:
        typer.echo(f"{failed}: {error}", err=True)
        raise typer.Exit(1) from None


def _projections_of(service: str) -> Sequence[Projection]:
    """Those of the code; none for a service that the code no longer has."""
    return load_service(service).projections if service in service_names() else ()
