"""JSON Schema (2020-12) of each event's data, as it stands on the wire."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from libs.events.contracts import Event
from libs.events.contracts.base import Marked

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_of(contract: type[Event]) -> dict[str, Any]:
    """The schema of an event's data; marked fields carry `x-mainstay-marked`."""
    schema = contract.model_json_schema()
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
