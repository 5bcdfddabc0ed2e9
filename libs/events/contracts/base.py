"""What every event contract has in common: strict, frozen, owned by its publisher.

A contract says what happened, in the publisher's words, as one frozen pydantic model. It declares
its CloudEvents `type`, the topic it travels on and the field that keys it. Contracts do no I/O.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, Self
from uuid import UUID, uuid4

from pydantic import BaseModel, ConfigDict

from libs.events.contracts.marks import PERSONAL, PHI, Items, Marked, Marks, marks_of
from libs.events.contracts.values import PracticeId

__all__ = ["PERSONAL", "PHI", "Contract", "Event", "Topic", "contracts", "platform_contracts"]


@dataclass(frozen=True, slots=True)
class Topic:
    """A Kafka topic: publisher and aggregate.

    Its partition count is fixed for life, or keys would change their partition and lose their
    order; it grows by a further generation, a topic that succeeds it.
    """

    name: str
    partitions: int = 6
    retention_days: int | None = None
    """None keeps every event for good."""
    succeeds: Topic | None = None
    """The generation before, as it was declared: closed with the first event on this one."""

    def __post_init__(self) -> None:
        before = self.succeeds
        if before is None:
            return
        if before.publisher != self.publisher:
            raise TypeError(f"{self.name} succeeds {before.name}, which is another publisher's")
        if before.retention_days != self.retention_days:
            raise TypeError(f"{self.name} succeeds {before.name} and must keep events as long")
        if self.name in {topic.name for topic in before.generations}:
            raise TypeError(f"{self.name} succeeds itself; each generation has a name of its own")

    @property
    def publisher(self) -> str:
        return self.name.partition(".")[0]

    @property
    def generations(self) -> tuple[Topic, ...]:
        """This one and all before it, the newest first."""
        return (self, *(self.succeeds.generations if self.succeeds is not None else ()))

    @property
    def line(self) -> str:
        """The first generation's name: a key is the same in all of them."""
        return self.generations[-1].name

    @property
    def configuration(self) -> dict[str, str]:
        """Kafka's settings that follow (Kafka documentation, topic configs).

        Never compacted: a rebuild reads every event of a key, not its last one.
        """
        days = self.retention_days
        return {
            "cleanup.policy": "delete",
            "retention.bytes": "-1",
            "retention.ms": "-1" if days is None else str(days * 24 * 3600 * 1000),
        }


class Contract(BaseModel):
    """A strict, frozen value: unknown fields, coercions, NaN and infinity are refused.

    Only a consumer passes over fields that it does not know (`transport/payload.py`).
    """

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="forbid",
        allow_inf_nan=False,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        """A marked value is never shown: `<phi>` stands for it, and for a list that holds some."""
        marks = marks_of(type(self))
        for name, value in super().__repr_args__():
            hidden = name is not None and value is not None and _hidden(marks.get(name))
            yield name, hidden or value


class _Hidden(str):
    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{self}>"


def _hidden(marks: Marks | None) -> _Hidden | None:
    while isinstance(marks, Items):
        marks = marks.each
    return _Hidden(marks.kind) if isinstance(marks, Marked) else None


class Event(Contract):
    """A domain event. Subclasses set `type`, `topic` and `key` (the name of the keying field)."""

    type: ClassVar[str]
    topic: ClassVar[Topic]
    key: ClassVar[str]

    practice_id: PracticeId

    @property
    def event_id(self) -> UUID:
        """The CloudEvents `id`: new for a new event, the sender's for a received one."""
        event_id: UUID | bytes | None = self.__dict__.get(_EVENT_ID)
        if isinstance(event_id, UUID):
            return event_id
        made = uuid4() if event_id is None else UUID(event_id.decode())
        object.__setattr__(self, _EVENT_ID, made)
        return made

    def with_event_id(self, event_id: UUID | bytes) -> Self:
        """Give a received event the id that its sender gave it; bytes are its canonical text."""
        object.__setattr__(self, _EVENT_ID, event_id)  # frozen for everybody else
        return self

    @property
    def key_value(self) -> str:
        """The Kafka key: the aggregate's id, never data about a person."""
        return str(getattr(self, self.key))

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        other = _CONTRACTS.get(cls.type)
        if other is not None and other.__qualname__ != cls.__qualname__:
            raise TypeError(f"{cls.type} is declared twice: {other.__qualname__}, {cls.__name__}")
        if cls.key not in cls.model_fields:
            raise TypeError(f"{cls.__name__}.key names no field: {cls.key}")
        if any(isinstance(mark, Marked) for mark in cls.model_fields[cls.key].metadata):
            raise TypeError(f"{cls.__name__}.key is marked: a Kafka key stands in clear everywhere")
        name, number = name_and_version(cls.type)
        _LATEST[name] = max(number, latest_version(name))
        _CONTRACTS[cls.type] = cls


_EVENT_ID = "_event_id"
# No private attribute of pydantic's: making one costs an instance more than all of its fields.

_CONTRACTS: dict[str, type[Event]] = {}
_LATEST: dict[str, int] = {}
_TYPE = re.compile(r"([a-z][a-z0-9.-]*)\.v([1-9][0-9]*)")


@cache
def name_and_version(kind: str) -> tuple[str, int]:
    """The two parts of a CloudEvents type, as in `workshop.thing-made.v2`."""
    parts = _TYPE.fullmatch(kind)
    if parts is None:
        raise TypeError(f"{kind}: an event's type is SERVICE.NOUN-VERB.vN")
    return parts[1], int(parts[2])


def latest_version(name: str) -> int:
    """The highest version that an event of this name has; 0 where there is none."""
    return _LATEST.get(name, 0)


def platform_contracts() -> Mapping[str, type[Event]]:
    """The platform's own contracts: without those that tests declare for themselves."""
    return {t: c for t, c in _CONTRACTS.items() if c.__module__.startswith("libs.")}


def contracts() -> Mapping[str, type[Event]]:
    """Every contract by its CloudEvents type; complete once `libs.events.contracts` is imported."""
    return _CONTRACTS
