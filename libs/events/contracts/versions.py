"""Versions of one event: `.v2` says what `.v1` could not, and `.v1` is read for ever.

The contract of an old version stays as it is, and beside it stands an upcaster, which lifts one of
its events to the next version: a pure function of what the old event says. Whoever reads events
goes up the chain at once, so handlers and projections know the latest version only.

    @upcaster
    def name_the_color(old: ThingMadeV1) -> ThingMade: ...
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from typing import Any, TypeVar, get_type_hints

from libs.events.contracts.base import Event, Topic, contracts, latest_version, name_and_version

Old = TypeVar("Old", bound=Event)
New = TypeVar("New", bound=Event)
Upcaster = Callable[[Any], Event]

_UPCASTERS: dict[str, Upcaster] = {}


def upcasters() -> Mapping[str, Upcaster]:
    """By the CloudEvents type that each lifts to the next version."""
    return _UPCASTERS


def upcaster(function: Callable[[Old], New]) -> Callable[[Old], New]:
    """Register a function from one version of an event to the next.

    It keeps the practice and the key, and the lifted event keeps its id. Raises TypeError for one
    that is not annotated so, leads anywhere else than to the next version, or is the second one.
    """
    old, new = _annotated(function)
    (name, number), (led_to, reached) = name_and_version(old.type), name_and_version(new.type)
    if led_to != name or reached != number + 1:
        raise TypeError(
            f"{function.__qualname__} leads from {old.type} to {new.type}; "
            f"an upcaster leads to the next version, {name}.v{number + 1}"
        )
    other = _UPCASTERS.get(old.type)
    if other is not None and other.__qualname__ != function.__qualname__:
        raise TypeError(
            f"{old.type} has two upcasters: {other.__qualname__}, {function.__qualname__}"
        )
    _UPCASTERS[old.type] = function
    return function


def with_older(heard: Iterable[type[Event]]) -> set[type[Event]]:
    """These contracts and their older versions: what a reader of them must take from the log.

    Raises TypeError where a version between the first and the latest is missing, or nothing lifts
    it: events of it stand on the log.
    """
    return {version for contract in heard for version in _versions(contract)}


def topics_of(heard: Iterable[type[Event]]) -> list[Topic]:
    """The topics that these events stand on, in any of their versions and generations, by name."""
    found = {topic for version in with_older(heard) for topic in version.topic.generations}
    return sorted(found, key=lambda topic: topic.name)


def check_topics(declared: Iterable[type[Event]]) -> None:
    """Raises TypeError where an event is published to a topic that another one has succeeded, which
    nobody may write to any more, or where two topics succeed one."""
    published = {c.type: c.topic for c in declared if is_latest(c)}
    after: dict[str, str] = {}
    for topic in {topic for newest in published.values() for topic in newest.generations}:
        if topic.succeeds is not None:
            other = after.setdefault(topic.succeeds.name, topic.name)
            if other != topic.name:
                raise TypeError(f"{topic.succeeds.name} is succeeded by {other} and {topic.name}")
    for kind, topic in published.items():
        if topic.name in after:
            raise TypeError(
                f"{kind} is published to {topic.name}, which {after[topic.name]} succeeds; "
                "all events of a topic move together"
            )


def is_latest(contract: type[Event]) -> bool:
    """Only the latest version of an event is published, and heard by handlers."""
    name, number = name_and_version(contract.type)
    return number == latest_version(name)


def _versions(contract: type[Event]) -> list[type[Event]]:
    name, _ = name_and_version(contract.type)
    last = latest_version(name)
    kinds = [f"{name}.v{number}" for number in range(1, last + 1)]
    if gone := [kind for kind in kinds if kind not in contracts()]:
        raise TypeError(
            f"{', '.join(gone)} has no contract, but {kinds[-1]} has; keep the old ones"
        )
    for kind, following in pairwise(kinds):
        if kind not in _UPCASTERS:
            raise TypeError(f"{kind} has no upcaster; one must lift it to {following}")
    return [contracts()[kind] for kind in kinds]


def _annotated(function: Callable[..., Any]) -> tuple[type[Event], type[Event]]:
    hints = get_type_hints(function)
    kinds = [hints.get(name) for name in (next(iter(hints), ""), "return")]
    old, new = (k if isinstance(k, type) and issubclass(k, Event) else None for k in kinds)
    if old is None or new is None or len(hints) != 2:
        raise TypeError(
            f"{function.__qualname__}: an upcaster is annotated with an event and what it becomes"
        )
    return old, new
