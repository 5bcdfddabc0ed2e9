"""`python -m libs.events.catalogue write|check [FOLDER]`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from libs.events.catalogue.asyncapi import asyncapi_of, load_services
from libs.events.catalogue.breaking import breaking_changes
from libs.events.catalogue.schemas import schema_of
from libs.events.contracts import platform_contracts

FOLDER = Path(__file__).resolve().parents[1] / "schemas"


def documents() -> dict[str, dict[str, Any]]:
    """Every file of the catalogue by its name."""
    made = {f"{kind}.json": schema_of(contract) for kind, contract in platform_contracts().items()}
    return made | {"asyncapi.json": asyncapi_of(load_services())}


def differences(folder: Path, made: dict[str, dict[str, Any]]) -> Iterator[str]:
    """A line for each change that breaks readers, and each file that is stale."""
    kept = {path.name: json.loads(path.read_text()) for path in folder.glob("*.json")}
    for name in sorted(set(kept) - set(made)):
        yield f"{name}: the event was removed, and its readers with it; keep its contract"
    for name, document in sorted(made.items()):
        if name in kept and name != "asyncapi.json":
            for reason in breaking_changes(kept[name], document):
                yield f"{name}: {reason}; make a new version of the event instead"
        if kept.get(name) != document:
            yield f"{name}: stale; `make contracts` writes it"


def write(folder: Path, made: dict[str, dict[str, Any]]) -> None:
    """Write every document."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, document in made.items():
        (folder / name).write_text(json.dumps(document, indent=1, sort_keys=True) + "\n")


def main(arguments: list[str]) -> int:
    """0 where all is well; 1 with a line per difference; 2 for a call that cannot be taken."""
    if not arguments or arguments[0] not in ("write", "check"):
        print(__doc__, file=sys.stderr)
        return 2
    folder = Path(arguments[1]) if len(arguments) > 1 else FOLDER
    made = documents()
    found = list(differences(folder, made))
    if arguments[0] == "write":
        found = [line for line in found if "stale" not in line]
    if not found and arguments[0] == "write":
        write(folder, made)
    for line in found:
        print(line, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
