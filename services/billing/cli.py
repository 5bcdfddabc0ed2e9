"""billing's own commands of `mainstay`, found by its folder; what they do is imported when run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

Files = Annotated[list[Path], typer.Argument(help="one or several files", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="what was found, as JSON")]

Practice = Annotated[
    UUID, typer.Option("--practice", envvar="MAINSTAY_PRACTICE", help="the practice's id")
]
Claim = Annotated[UUID, typer.Argument(help="the claim's id")]

x12 = typer.Typer(no_args_is_help=True, add_completion=False)
claims = typer.Typer(no_args_is_help=True, add_completion=False)
groups = {"x12": x12, "claims": claims}
"""The groups that this service adds to the command, by name."""


@x12.callback()
def about_x12() -> None:
    """X12 files of payers and clearinghouses, without a server."""


@x12.command("inspect")
def inspect_x12(files: Files, as_json: AsJson = False) -> None:
    """Count and balance each transaction of a file, and tell what is wrong with it and where.

    For 837P, 837I, 835, 999, TA1, 277CA, 277, 276, 270 and 271 of version 005010. Problems name
    the segment, the element and the claim. Exit code 0: clean. 1: something is held. 2: not
    readable.
    """
    from services.billing.inspect.command import inspect_files

    raise typer.Exit(inspect_files(files, as_json))


@claims.callback()
def about_claims() -> None:
    """Claims of the running platform, and what became of them."""


@claims.command("show")
def show_claim(claim: Claim, practice: Practice, as_json: AsJson = False) -> None:
    """Show a claim's way from its visit to cash, with reasons, and what happens next."""
    from services.billing.timeline import command

    command.show_claim(practice, claim, as_json)
