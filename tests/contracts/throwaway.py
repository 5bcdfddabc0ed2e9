"""A contract made for one test, so that a change of it can be judged."""

from __future__ import annotations

from datetime import date
from types import new_class
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from libs.events.catalogue.schemas import schema_of
from libs.events.contracts import PHI, Contract, Event, Topic


def text(most: int, pattern: str | None = None) -> Any:
    """A short text."""
    return Annotated[str, StringConstraints(max_length=most, pattern=pattern)]


TOPIC = Topic("workshop.parts", 6)


class Part(Contract):
    """Something inside."""

    size: int
    maker: str = "unknown"


FIELDS: dict[str, Any] = {
    "thing_id": UUID,
    "color": Literal["red", "blue"],
    "grade": Literal["a"],
    "count": (Annotated[int, Field(ge=0, le=9)], 0),
    "name": text(9, "^[a-z]+$"),
    "note": (text(9) | None, None),
    "part": Annotated[Part, PHI],
    "tags": tuple[Annotated[str, StringConstraints(pattern="^[a-z]$")], ...],
    "made_on": date,
}
"""The contract's fields: a type, or a type and its default."""

GONE = object()


def schema_with(*, topic: Topic = TOPIC, key: str = "thing_id", **changes: Any) -> dict[str, Any]:
    """The schema of the contract with some fields changed, added or GONE."""
    fields = {name: kind for name, kind in (FIELDS | changes).items() if kind is not GONE}
    annotations: dict[str, Any] = {}
    defaults: dict[str, Any] = {}
    for name, kind in fields.items():
        if isinstance(kind, tuple):
            annotations[name], defaults[name] = kind
        else:
            annotations[name] = kind
    attributes = {"type": "workshop.thing-made.v1", "topic": topic, "key": key}
    contract = made("ThingMade", Event, annotations, attributes | defaults)
    assert issubclass(contract, Event)
    return schema_of(contract)


def made(
    name: str, base: type, annotations: dict[str, Any], body: dict[str, Any], doc: str | None = ""
) -> type:
    """A class of this name, made anew; pydantic reads it as if it stood in a file."""
    names = {"__module__": __name__, "__qualname__": name, "__doc__": doc}
    full = {"__annotations__": annotations} | body | names
    return new_class(name, (base,), exec_body=lambda space: space.update(full))
