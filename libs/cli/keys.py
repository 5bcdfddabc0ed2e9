"""`mainstay keys`: the practices' data keys, which open the marked fields of their events.

The directory is MAINSTAY_KEYS, or the platform file's. Whatever is done to a key is written down in
its `acts.jsonl`, never with the key; what cannot be written down is not done.
"""

from __future__ import annotations

import getpass
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from libs.cli.platform import load_platform
from libs.events.transport.keys import KeyDirectory, KeyErasedError, KeyUnavailableError

app = typer.Typer(no_args_is_help=True)

ACTS = "acts.jsonl"
Practice = Annotated[UUID, typer.Argument(help="the practice's id")]


@app.command("list")
def list_keys(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """List the practices with their key ids, the current one first; keys are not shown."""
    keys = _directory()
    rows: list[tuple[str, list[str]]] = []
    for practice in keys.practices():
        try:
            rows.append((str(practice), list(keys.opening(practice))))
        except KeyErasedError:
            rows.append((str(practice), []))
    if as_json:
        typer.echo(json.dumps([{"practice_id": p, "kids": kids} for p, kids in rows]))
        return
    table = Table("practice", "current key", "older keys")
    for practice, kids in rows:
        table.add_row(practice, kids[0] if kids else "erased", ", ".join(kids[1:]))
    Console().print(table if rows else f"no keys in {keys.folder}")


@app.command("create")
def create(practice: Practice) -> None:
    """Make a practice's first key, where processes may not make it themselves."""
    keys = _directory()
    try:
        made = keys.create(practice)
        kid = next(iter(keys.opening(practice)))
    except KeyUnavailableError as error:
        raise _refused(error) from None
    if made:
        _note(keys, "created", practice, kid)
    typer.echo(f"{'made' if made else 'there is already'} {kid}")


@app.command("rotate")
def rotate(practice: Practice) -> None:
    """Give a practice a new current key; what older ones sealed still opens."""
    keys = _directory()
    try:
        keys.opening(practice)
        _note(keys, "rotated", practice)
        typer.echo(f"current: {keys.rotate(practice)}")
    except KeyUnavailableError as error:
        raise _refused(error) from None


@app.command("export")
def export(practice: Practice) -> None:
    """Print a practice's keys as a JWK Set, for whoever may read its marked fields."""
    keys = _directory()
    try:
        kids = keys.opening(practice)
    except KeyUnavailableError as error:
        raise _refused(error) from None
    _note(keys, "exported", practice, *kids)
    typer.echo(
        "These keys open everything that is marked in this practice's events. Hand them over on a "
        "safe way; what was handed over cannot be taken back, only rotated away from.",
        err=True,
    )
    typer.echo(keys.path(practice).read_text())


@app.command("erase")
def erase(
    practice: Practice,
    confirm: Annotated[str, typer.Option(help="the practice's id once more")],
) -> None:
    """Destroy a practice's keys: nobody can read its marked fields any more, ever."""
    keys = _directory()
    if confirm != str(practice):
        raise typer.BadParameter("--confirm is not this practice's id")
    try:
        keys.opening(practice)
        _note(keys, "erased", practice)
        keys.erase(practice, datetime.now(UTC))
    except KeyUnavailableError as error:
        raise _refused(error) from None
    typer.echo("erased; copies elsewhere (backups, exports) are yours to destroy")


def _directory() -> KeyDirectory:
    folder = os.environ.get("MAINSTAY_KEYS") or load_platform().keys
    if not folder:
        raise typer.BadParameter("MAINSTAY_KEYS is not set")
    return KeyDirectory(Path(folder))


def _note(keys: KeyDirectory, act: str, practice: UUID, *kids: str) -> None:
    """Write the act down before it is done, or refuse it."""
    line = json.dumps(
        {"at": datetime.now(UTC).isoformat(), "act": act, "by": getpass.getuser(),
         "practice_id": str(practice), "kids": kids}
    )  # fmt: skip
    path = keys.folder / ACTS
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a") as file:
            file.write(line + "\n")
    except OSError as error:
        typer.echo(f"not done: {path} cannot be written ({error.strerror})", err=True)
        raise typer.Exit(1) from None
    typer.echo(line, err=True)


def _refused(error: KeyUnavailableError) -> typer.Exit:
    typer.echo(f"refused: {error}", err=True)
    return typer.Exit(1)
