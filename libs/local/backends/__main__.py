"""`python -m libs.local.backends down [--wipe] [--data DIR]`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from libs.local.backends import BackendError
from libs.local.backends import down as end_backends
from libs.local.backends.artifacts import CHECKOUT

app = typer.Typer(add_completion=False, help="Kafka and PostgreSQL of one machine.")


@app.callback()
def backends() -> None:
    """Kafka and PostgreSQL of one machine."""


@app.command()
def down(
    data: Annotated[Path, typer.Option(help="The run's data directory.")] = CHECKOUT
    / ".local"
    / "data",
    *,
    wipe: Annotated[bool, typer.Option("--wipe", help="Remove the data as well.")] = False,
) -> None:
    """Stop the run that uses the data directory, and servers that an earlier one left."""
    try:
        used = end_backends(data, wipe=wipe)
    except BackendError as failure:
        typer.echo(str(failure), err=True)
        raise typer.Exit(1) from failure
    what = "Stopped" if used else "Nothing was running"
    typer.echo(f"{what}; {'the data is removed' if wipe else f'the data stays in {data}'}.")


if __name__ == "__main__":
    app()
