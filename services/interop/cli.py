"""interop's own commands of `mainstay`, found by its folder; what they do is imported when run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Files = Annotated[list[Path], typer.Argument(help="one or several files", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="what was found, as JSON")]
ProfileFile = Annotated[
    Path | None,
    typer.Option("--profile", help="a connection's profile as JSON; without it, a sandbox's"),
]
Zone = Annotated[str, typer.Option("--time-zone", help="the practice's, by its IANA name")]
NEW_YORK = "America/New_York"

hl7 = typer.Typer(no_args_is_help=True)
fhir = typer.Typer(no_args_is_help=True)
groups = {"hl7": hl7, "fhir": fhir}
"""The groups that this service adds to the command, by name."""


@hl7.callback()
def about_hl7() -> None:
    """HL7 v2 messages, without a server."""


@fhir.callback()
def about_fhir() -> None:
    """FHIR R4 bundles, without a server."""


@hl7.command("inspect")
def inspect_hl7(
    files: Files, as_json: AsJson = False, profile: ProfileFile = None, time_zone: Zone = NEW_YORK
) -> None:
    """Show how each message of a file would be answered, why, and the events it would become.

    A file holds one or several messages, a batch, or MLLP frames. It is taken as for a practice
    that knows nothing before it. Exit code 0: all accepted. 1: some refused. 2: not readable.
    """
    from services.interop.inspect.command import inspect_hl7_files

    raise typer.Exit(inspect_hl7_files(files, as_json, profile, time_zone))


@fhir.command("inspect")
def inspect_fhir(
    files: Files, as_json: AsJson = False, profile: ProfileFile = None, time_zone: Zone = NEW_YORK
) -> None:
    """Show whether each bundle would be taken, why not, and the events it would become.

    It is taken as for a practice that knows nothing before it. Exit code 0: all accepted. 1: some
    refused. 2: not readable.
    """
    from services.interop.inspect.command import inspect_fhir_files

    raise typer.Exit(inspect_fhir_files(files, as_json, profile, time_zone))
