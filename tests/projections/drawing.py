"""Draws a projection's events from the examples of its contracts: many aggregates, any values."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from random import Random
from typing import Any, TypeVar
from uuid import NAMESPACE_OID, UUID, uuid5

from pydantic import ValidationError

from libs.events.contracts import Event
from libs.events.transport import Projection
from tests.contracts.canonical import canonical

PRACTICES = [uuid5(NAMESPACE_OID, name) for name in ("one practice", "another practice")]
STORIES = 6
"""Sets of aggregates: the ids of a story's events go together as those of the examples do."""
EVENTS_OF_A_KIND = 3
"""In each story, each with values of its own."""

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")

T = TypeVar("T")
Change = Callable[[Any], Any]


def drawn_events(projection: Projection, rng: Random) -> list[Event]:
    """Every type that the projection hears, in any order: a fold must bear every history."""
    events = [
        draw(canonical(contract.type), story, rng)
        for story in range(STORIES)
        for contract in projection.by_type()
        for _ in range(EVENTS_OF_A_KIND)
    ]
    rng.shuffle(events)
    return events


def draw(example: Event, story: int, rng: Random) -> Event:
    """The example under this story's ids, with every value changed that may have another one."""
    practice = str(PRACTICES[story % len(PRACTICES)])
    ids = {str(example.practice_id): practice}

    def of_story(value: Any) -> Any:
        if isinstance(value, str) and _UUID.fullmatch(value):
            return ids.setdefault(value, str(uuid5(UUID(value), str(story))))
        return value

    month = date(2026, rng.randint(1, 4), 1)
    made = _changed(json.loads(example.model_dump_json()), of_story)
    for change in (lambda value: _in_month(value, month), lambda value: _other(value, rng)):
        made = _as_far_as_valid(type(example), made, change, kept=example.key)
    event = _read(type(example), made)
    assert event is not None, f"{example.type} bears no other ids"
    return event.with_event_id(UUID(int=rng.getrandbits(128), version=4))


def _in_month(value: Any, month: date) -> Any:
    if isinstance(value, str) and _DATE.match(value):
        return f"{month:%Y-%m}{value[7:]}"
    return value


def _other(value: Any, rng: Random) -> Any:
    if isinstance(value, bool):
        return rng.choice((True, False))
    if isinstance(value, int):
        return rng.randint(1, 30_000)
    if isinstance(value, str) and not _UUID.fullmatch(value) and not _DATE.match(value):
        return f"{value} {rng.randint(1, 9)}"
    return value


def _as_far_as_valid(
    contract: type[Event], fields: dict[str, Any], change: Change, *, kept: str
) -> dict[str, Any]:
    """All fields changed at once, or else each that the contract lets have its new value."""
    together = {name: v if name == kept else _changed(v, change) for name, v in fields.items()}
    if _read(contract, together) is not None:
        return together
    for name in fields:
        alone = {**fields, name: together[name]}
        if _read(contract, alone) is not None:
            fields = alone
    return fields


def _changed(value: Any, change: Change) -> Any:
    if isinstance(value, dict):
        return {name: _changed(one, change) for name, one in value.items()}
    if isinstance(value, list):
        return [_changed(one, change) for one in value]
    return change(value)


def _read(contract: type[Event], fields: dict[str, Any]) -> Event | None:
    try:
        return contract.model_validate_json(json.dumps(fields))
    except ValidationError:
        return None


def shuffle_between_keys(
    items: Iterable[T], key: Callable[[T], object], rng: Random
) -> Iterator[T]:
    """Any order that keeps the order within each key of a topic, as Kafka does."""
    queues: defaultdict[object, list[T]] = defaultdict(list)
    for item in items:
        queues[key(item)].append(item)
    while queues:
        chosen = rng.choice(list(queues))
        yield queues[chosen].pop(0)
        if not queues[chosen]:
            del queues[chosen]


def batches(items: Iterable[T], most: int, rng: Random) -> Iterator[list[T]]:
    """Cut into batches of any size up to `most`."""
    rest = list(items)
    while rest:
        size = rng.randint(1, most)
        yield rest[:size]
        rest = rest[size:]
