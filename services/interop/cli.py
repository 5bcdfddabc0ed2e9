"""interop's own commands of `mainstay`, found by its folder; what they do is imported when run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

Files = Annotated[list[Path], typer.Argument(help="one or several files", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="what was found, as JSON")]
ProfileFile = Annotated[
    Path | None,
    typer.Option("--profile", help="a connection's profile as JSON; without it, a sandbox's"),
]
Zone = Annotated[str, typer.Option("--time-zone", help="the practice's, by its IANA name")]
Practice = Annotated[
    UUID, typer.Option("--practice", envvar="MAINSTAY_PRACTICE", help="the practice's id")
]
Message = Annotated[UUID, typer.Argument(help="the message's id")]
FillIn = Annotated[
    bool,
    typer.Option("--fill-in", help="take any payer and clinician where the profile names none yet"),
]
VisitsFrom = Annotated[
    str | None,
    typer.Option("--visits-from", help="of an export: earlier visits are kept, not billed"),
]
NEW_YORK = "America/New_York"

hl7 = typer.Typer(no_args_is_help=True, add_completion=False)
fhir = typer.Typer(no_args_is_help=True, add_completion=False)
messages = typer.Typer(no_args_is_help=True, add_completion=False)
groups = {"hl7": hl7, "fhir": fhir, "messages": messages}
"""The groups that this service adds to the command, by name."""


@hl7.callback()
def about_hl7() -> None:
    """HL7 v2 messages, without a server."""


@fhir.callback()
def about_fhir() -> None:
    """FHIR R4 bundles, without a server."""


@hl7.command("inspect")
def inspect_hl7(
    files: Files,
    as_json: AsJson = False,
    profile: ProfileFile = None,
    time_zone: Zone = NEW_YORK,
    fill_in: FillIn = False,
) -> None:
    """Show how each message of a file would be answered, why, and the events it would become.

    A file holds one or several messages, a batch, or MLLP frames. It is taken as for a practice
    that knows nothing before it. Exit code 0: all accepted. 1: some refused. 2: not readable.
    """
    from services.interop.inspect.command import inspect_hl7_files

    raise typer.Exit(inspect_hl7_files(files, as_json, profile, time_zone, fill_in))


@fhir.command("inspect")
def inspect_fhir(
    files: Files,
    as_json: AsJson = False,
    profile: ProfileFile = None,
    time_zone: Zone = NEW_YORK,
    visits_from: VisitsFrom = None,
) -> None:
    """Show whether each bundle would be taken, why not, and the events it would become.

    A file of an export (.ndjson) is read as it is imported, line by line. Each is taken as for a
    practice that knows nothing before it. Exit code 0: all accepted. 1: some refused. 2: not
    readable.
    """
    from services.interop.inspect.command import inspect_fhir_files

    raise typer.Exit(inspect_fhir_files(files, as_json, profile, time_zone, visits_from))


@messages.callback()
def about_messages() -> None:
    """Messages that came in, and what became of them."""


@messages.command("list")
def list_messages(
    practice: Practice,
    fate: Annotated[str | None, typer.Option(help="accepted, refused, duplicate, waiting")] = None,
    control_id: Annotated[str | None, typer.Option(help="MSH-10, or source and id")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500)] = 100,
    as_json: AsJson = False,
) -> None:
    """List a practice's messages, the newest first, with what was wrong with them."""
    from services.interop.messages import command

    command.list_messages(practice, fate, control_id, limit, as_json)


@messages.command("show")
def show_message(
    message: Message,
    practice: Practice,
    raw: Annotated[bool, typer.Option("--raw", help="what it says; needs --reason")] = False,
    reason: Annotated[str | None, typer.Option(help="what it is looked at for; kept")] = None,
    days: Annotated[float, typer.Option(min=0, max=36_500, help="how far back it is traced")] = 7,
    as_json: AsJson = False,
) -> None:
    """Show how a message was read, the events it became, and what they led to elsewhere."""
    from services.interop.messages import command

    if raw != (reason is not None):
        raise typer.BadParameter("--raw and --reason go together: who looked, and why, is kept")
    command.show_message(practice, message, reason, days, as_json)


@messages.command("reprocess")
def reprocess(message: Message, practice: Practice) -> None:
    """Take a refused message again as it was received, after its connection's profile is mended."""
    from services.interop.messages import command

    command.reprocess(practice, message)
