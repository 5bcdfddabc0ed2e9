"""Commands that a service adds to `mainstay`: the `groups` of its `services/<name>/cli.py`.

They are found by the file, as services are; the file is imported when a command is asked for that
is none of the platform's own, or when all are listed, so it imports little at its top.
"""

from __future__ import annotations

from importlib import import_module

import typer

from libs.service.process import SERVICES


def service_groups() -> dict[str, typer.Typer]:
    """Every service's groups by name; two services that add the same name are a mistake."""
    found: dict[str, typer.Typer] = {}
    for path in sorted(SERVICES.glob("*/cli.py")):
        groups: dict[str, typer.Typer] = import_module(f"services.{path.parent.name}.cli").groups
        twice = found.keys() & groups.keys()
        if twice:
            raise RuntimeError(f"{path.parent.name} adds {', '.join(twice)}, which is there")
        found |= groups
    return found
