"""Every message ever sent still parses. The files are only ever added to.

`python -m tests.contracts.test_goldens` writes goldens for events that have none.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from libs.events.transport.envelope import read_envelope, read_event
from tests.contracts.canonical import canonical, kinds, wire_of

GOLDENS = Path(__file__).parent / "goldens"


def goldens() -> list[tuple[str, int, dict[str, Any]]]:
    """(type, number, message) of every golden."""
    return [
        (path.stem, number, message)
        for path in sorted(GOLDENS.glob("*.json"))
        for number, message in enumerate(json.loads(path.read_text()), 1)
    ]


@pytest.mark.parametrize(
    ("kind", "number", "message"), goldens(), ids=[f"{k}-{n}" for k, n, _ in goldens()]
)
def test_what_was_sent_is_still_understood(kind: str, number: int, message: dict[str, Any]) -> None:
    headers = [(name, text.encode()) for name, text in message["headers"].items()]
    envelope = read_envelope(
        headers, topic="any", partition=0, offset=number, key=message["key"].encode()
    )
    event = read_event(envelope, message["data"].encode())
    assert event.type == kind
    sent = json.loads(message["data"])
    said = json.loads(event.model_dump_json())
    assert {name: said[name] for name in sent} == sent, "nothing that was sent is lost"


def test_every_event_has_a_golden() -> None:
    assert {kind for kind, _, _ in goldens()} >= set(kinds())


def write_missing() -> None:
    """Write a golden for each event that has none; what is there stays as it is."""
    GOLDENS.mkdir(exist_ok=True)
    for kind in kinds():
        path = GOLDENS / f"{kind}.json"
        if not path.exists():
            path.write_text(json.dumps([wire_of(canonical(kind))], indent=1) + "\n")


if __name__ == "__main__":
    write_missing()
