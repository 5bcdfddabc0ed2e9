"""`mainstay x12 inspect`: files in, verdicts out; no server is asked."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import typer
from rich.console import Console

from services.billing.inspect.inspect import inspect
from services.billing.inspect.model import UNREADABLE, InspectedFile, worst
from services.billing.inspect.show import show_file


def inspect_files(files: Sequence[Path], as_json: bool) -> int:
    """Every file is inspected, also after one that cannot be read; the worst verdict counts."""
    found: list[InspectedFile] = []
    unreadable = False
    for path in files:
        try:
            with path.open("rb") as stream:
                found.append(inspect(str(path), stream))
        except OSError as error:
            unreadable = True
            typer.echo(f"{path}: {error.strerror}; give a file that can be read", err=True)
    if as_json:
        shown = [one.model_dump(mode="json") for one in found]
        if shown:
            typer.echo(json.dumps(shown[0] if len(files) == 1 else shown, indent=2))
    else:
        for one in found:
            show_file(one, Console(highlight=False))
    return max(worst(one.verdict for one in found), UNREADABLE if unreadable else 0)
