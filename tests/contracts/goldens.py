"""Every kind of message ever sent, as it stood on the wire: `goldens/TYPE/N.json`, only added to.

`python -m tests.contracts.goldens` adds a golden for each event whose shape none shows yet. What is
there stays as it is: SHA256SUMS (as `sha256sum -c` reads it) tells an edit.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tests.contracts.canonical import canonical, kinds, wire_of

FOLDER = Path(__file__).parent / "goldens"
SUMS = "SHA256SUMS"


class Golden(NamedTuple):
    """One message that was sent."""

    kind: str
    number: int
    message: dict[str, Any]


def goldens(folder: Path = FOLDER) -> list[Golden]:
    """All of them, the oldest of each type first."""
    found = [
        Golden(path.parent.name, int(path.stem), json.loads(path.read_text()))
        for path in folder.glob("*/*.json")
    ]
    return sorted(found, key=lambda golden: golden[:2])


def unshown(folder: Path = FOLDER) -> list[str]:
    """The events that are sent in a shape, headers or data, which no golden of theirs shows."""
    shown: dict[str, set[str]] = {kind: set() for kind in kinds()}
    for golden in goldens(folder):
        shown.setdefault(golden.kind, set()).update(_shape(golden.message))
    return [kind for kind in kinds() if not _shape(wire_of(canonical(kind))) <= shown[kind]]


def changed(folder: Path = FOLDER) -> list[str]:
    """The goldens that were edited, removed, or never entered in the sums."""
    entered: dict[str, str] = {}
    for line in (folder / SUMS).read_text().splitlines():
        digest, _, name = line.partition("  ")
        entered[name] = digest
    there = {str(path.relative_to(folder)): _digest(path) for path in folder.glob("*/*.json")}
    return sorted(n for n in {*entered, *there} if entered.get(n) != there.get(n))


def add_missing(folder: Path = FOLDER) -> list[str]:
    """Add a golden for each event that needs one, and enter it; returns the names."""
    added: list[str] = []
    for kind in unshown(folder):
        number = 1 + len(list((folder / kind).glob("*.json")))
        path = folder / kind / f"{number}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(wire_of(canonical(kind)), indent=1) + "\n")
        added.append(f"{kind}/{number}.json")
    with (folder / SUMS).open("a") as sums:
        sums.writelines(f"{_digest(folder / name)}  {name}\n" for name in added)
    return added


def _shape(message: dict[str, Any]) -> set[str]:
    """What there is to parse: each header's name, and each place in the data with its JSON type."""
    return {*message["headers"], *_places("data", json.loads(message["data"]))}


def _places(at: str, value: Any) -> Iterator[str]:
    yield f"{at}: {type(value).__name__}"
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _places(f"{at}.{name}", inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _places(f"{at}[]", inner)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    print("\n".join(add_missing()) or "every shape has its golden")
