"""JSON Schema (2020-12) of each event's data, as it stands on the wire, for those who read it.

Objects are open: within a version a publisher may come to say more, and a reader passes over what
it does not know. `closed` gives the same schema for those who write: nothing but what is listed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel

from libs.events.contracts import Event
from libs.events.contracts.base import Marked

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_of(contract: type[Event]) -> dict[str, Any]:
    """The schema of an event's data; marked fields carry `x-mainstay-marked`."""
    schema = _opened(contract.model_json_schema())
    for model in _models_of(contract):
        own = schema if model is contract else schema["$defs"][model.__name__]
        for name, field in model.model_fields.items():
            for mark in field.metadata:
                if isinstance(mark, Marked):
                    own["properties"][name]["x-mainstay-marked"] = mark.kind
    return {
        "$schema": DIALECT,
        "$id": f"urn:mainstay:{contract.type}",
        "x-mainstay-topic": contract.topic.name,
        "x-mainstay-partitions": contract.topic.partitions,
        "x-mainstay-key": contract.key,
        **schema,
    }


def closed(schema: dict[str, Any]) -> dict[str, Any]:
    """A published schema, held to what it lists: what a publisher may send of this very version."""
    made: dict[str, Any] = _each_object(schema, lambda o: {**o, "additionalProperties": False})
    return made


def _opened(schema: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = _each_object(
        schema, lambda o: {k: v for k, v in o.items() if (k, v) != ("additionalProperties", False)}
    )
    return made


def _each_object(node: Any, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    """Change every schema in it that lists properties."""
    if isinstance(node, list):
        return [_each_object(inner, change) for inner in node]
    if not isinstance(node, dict):
        return node
    made = {name: _each_object(inner, change) for name, inner in node.items()}
    return change(made) if isinstance(made.get("properties"), dict) else made


def _models_of(model: type[BaseModel]) -> list[type[BaseModel]]:
    """A model and every model nested in it."""
    found: list[type[BaseModel]] = [model]
    for field in model.model_fields.values():
        for nested in _nested(field.annotation):
            found += [m for m in _models_of(nested) if m not in found]
    return found


def _nested(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    arguments: tuple[Any, ...] = getattr(annotation, "__args__", ())
    return [model for argument in arguments for model in _nested(argument)]
