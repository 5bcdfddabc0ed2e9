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
    data: Annotated[
        Path | None, typer.Option(help="One data directory; else all of this checkout.")
    ] = None,
    *,
    wipe: Annotated[bool, typer.Option("--wipe", help="Remove the data as well.")] = False,
) -> None:
    """Stop every run of this checkout, and servers that an earlier one left."""
    # A run that was killed may have left a directory beside that of `make run`.
    directories = [data] if data else sorted((CHECKOUT / ".local").glob("*/backends"))
    try:
        used = [end_backends(directory, wipe=wipe) for directory in directories]
    except BackendError as failure:
        typer.echo(str(failure), err=True)
        raise typer.Exit(1) from failure
    kept = "the data is removed" if wipe else "the data stays"
    typer.echo(f"{'Stopped' if any(used) else 'Nothing was running'}; {kept}.")


if __name__ == "__main__":
    app()
