"""`python -m libs.events.catalogue write|check [FOLDER]`.

`check` names each change that breaks readers, each file that is stale, and each projection that
could not be rebuilt. `write` writes the files,
unless a change breaks readers: then it names it and writes nothing.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from libs.events.catalogue.asyncapi import asyncapi_of, load_services
from libs.events.catalogue.breaking import breaking_changes
from libs.events.catalogue.schemas import schema_of
from libs.events.contracts import platform_contracts, topics_of
from libs.events.transport.service import Service

FOLDER = Path(__file__).resolve().parents[1] / "schemas"
ASYNCAPI = "asyncapi.json"

Documents = dict[str, dict[str, Any]]


def documents() -> Documents:
    """Every file of the catalogue by its name."""
    made = {f"{kind}.json": schema_of(contract) for kind, contract in platform_contracts().items()}
    return made | {ASYNCAPI: asyncapi_of(load_services())}


def refusals(folder: Path, made: Documents) -> Iterator[str]:
    """A line for each change that would break somebody who reads or has stored the old events."""
    kept = _kept(folder)
    for name in sorted(set(kept) - set(made)):
        yield f"{name}: the event was removed, and its readers with it; keep its contract"
    for name in sorted(set(kept) & set(made) - {ASYNCAPI}):
        for reason in breaking_changes(kept[name], made[name]):
            yield f"{name}: {reason}; make a new version of the event instead"


def stale(folder: Path, made: Documents) -> Iterator[str]:
    """A line for each file that is not what would be written, saying where it differs."""
    kept = _kept(folder)
    for name, document in sorted(made.items()):
        if name not in kept:
            yield f"{name}: missing; `make contracts` writes it"
        elif places := list(_differing(kept[name], document)):
            more = f" and {len(places) - 3} more" if len(places) > 3 else ""
            yield f"{name}: stale at {', '.join(places[:3])}{more}; `make contracts` writes it"


def forgetful(services: list[Service]) -> Iterator[str]:
    """A line for each projection that hears a topic which does not keep every event."""
    for service in services:
        for projection in service.projections:
            for topic in topics_of(projection.by_type()):
                if topic.retention_days is not None:
                    yield (
                        f"{service.name}.{projection.name}: {topic.name} keeps "
                        f"{topic.retention_days} days; a rebuild would miss what is gone"
                    )


def write(folder: Path, made: Documents) -> None:
    """Write every document."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, document in made.items():
        (folder / name).write_text(json.dumps(document, indent=1, sort_keys=True) + "\n")


def main(arguments: list[str]) -> int:
    """0 where all is well; 1 with a line per difference; 2 for a call that cannot be taken."""
    if not 1 <= len(arguments) <= 2 or arguments[0] not in ("write", "check"):
        print(__doc__, file=sys.stderr)
        return 2
    folder = Path(arguments[1]) if len(arguments) > 1 else FOLDER
    made = documents()
    found = [*refusals(folder, made), *forgetful(load_services())]
    if arguments[0] == "check":
        found += stale(folder, made)
    elif not found:
        write(folder, made)
    for line in found:
        print(line, file=sys.stderr)
    return 1 if found else 0


def _kept(folder: Path) -> Documents:
    return {path.name: json.loads(path.read_text()) for path in folder.glob("*.json")}


def _differing(kept: Any, made: Any, at: str = "") -> Iterator[str]:
    """JSON Pointers (RFC 6901, unescaped) of the places that differ."""
    if isinstance(kept, dict) and isinstance(made, dict):
        for name in sorted({*kept, *made}):
            yield from _differing(kept.get(name), made.get(name), f"{at}/{name}")
    elif kept != made:
        yield at or "/"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
