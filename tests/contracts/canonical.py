"""One canonical instance of every event, found in `libs/events/examples` by its return type."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module
from inspect import getmembers, isfunction
from pathlib import Path
from typing import Any, get_type_hints
from uuid import UUID

from libs.events.contracts import Event, platform_contracts
from libs.events.transport.envelope import Origin, write_headers, write_sequence
from libs.events.transport.protection import seal_marked
from tests.keys import FIXED_KEYS

EXAMPLES = Path(__file__).parents[2] / "libs" / "events" / "examples"
AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
ORIGIN = Origin(
    UUID("6f6a1a51-3c1b-4b53-8a55-0000000000c0"),
    UUID("6f6a1a51-3c1b-4b53-8a55-0000000000c1"),
    TRACEPARENT,
)
EVENT_ID = UUID("6f6a1a51-3c1b-4b53-8a55-0000000000e0")


def example_functions() -> dict[str, Callable[[], Event]]:
    """By event type: the function that makes its canonical instance."""
    found: dict[str, Callable[[], Event]] = {}
    for path in sorted(EXAMPLES.glob("[a-z]*.py")):
        module = import_module(f"libs.events.examples.{path.stem}")
        for name, function in getmembers(module, isfunction):
            if name.startswith("_") or function.__module__ != module.__name__:
                continue
            made = get_type_hints(function).get("return")
            if isinstance(made, type) and issubclass(made, Event):
                found[made.type] = function
    return found


def canonical(kind: str) -> Event:
    """The canonical instance of an event type, under a fixed id."""
    return example_functions()[kind]().with_event_id(EVENT_ID)


def wire_of(event: Event) -> dict[str, Any]:
    """A message as it stands on the wire: key, headers and data, as texts."""
    headers = write_headers(event, source=event.topic.publisher, time=AT, origin=ORIGIN)
    headers["ce_sequence"] = write_sequence(1, 1)
    data = seal_marked(event, event.model_dump_json().encode(), FIXED_KEYS)
    return {"key": event.key_value, "headers": headers, "data": data.decode()}


def kinds() -> list[str]:
    """Every event type that the platform's own contracts declare."""
    return sorted(platform_contracts())
