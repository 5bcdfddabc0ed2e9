"""JSON Schema (2020-12) of each event's data, as it stands on the wire, for those who read it.

Objects are open: within a version a publisher may come to say more, and a reader passes over what
it does not know. `closed` gives the same schema for those who write: nothing but what is listed.

A marked field is an encrypted value; `x-mainstay-plaintext` beside it is the schema of what is
inside, for those who hold the practice's key.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel

from libs.events.contracts import Event
from libs.events.contracts.marks import Items, Marked, Marks, marks_of
from libs.events.transport.protection import ALGORITHM

DIALECT = "https://json-schema.org/draft/2020-12/schema"
PLAINTEXT = "x-mainstay-plaintext"
MARKED = "x-mainstay-marked"
SEALED = "EncryptedValue"

_WORDS = ("title", "description", "default")
_BASE64URL = "[A-Za-z0-9_-]"
ENCRYPTED_VALUE: dict[str, Any] = {
    "title": SEALED,
    "description": "AES-256-GCM with the practice's data key; see docs/integrators.md.",
    "type": "object",
    "additionalProperties": False,
    "required": ["alg", "ct", "iv", "kid"],
    "properties": {
        "alg": {"const": ALGORITHM},
        "kid": {"type": "string", "pattern": f"^{_BASE64URL}{{1,64}}$"},
        "iv": {"type": "string", "pattern": f"^{_BASE64URL}{{16}}$"},
        "ct": {"type": "string", "pattern": f"^{_BASE64URL}{{23,}}$"},
    },
}


def schema_of(contract: type[Event]) -> dict[str, Any]:
    """The schema of an event's data in its wire form.

    Raises TypeError for a field that is marked inside a marked one: the outer mark is enough.
    """
    schema = _opened(contract.model_json_schema())
    for model in _models_of(contract):
        own = schema if model is contract else schema["$defs"][model.__name__]
        for name, marks in marks_of(model).items():
            own["properties"][name] = _on_the_wire(own["properties"][name], marks)
    if marks_of(contract):
        _refuse_double_marks(contract)
        schema["$defs"] = {**schema.get("$defs", {}), SEALED: ENCRYPTED_VALUE}
    topic, *earlier = contract.topic.generations
    succeeds = [{"topic": before.name, "partitions": before.partitions} for before in earlier]
    return {
        "$schema": DIALECT,
        "$id": f"urn:mainstay:{contract.type}",
        "x-mainstay-topic": topic.name,
        "x-mainstay-partitions": topic.partitions,
        **({"x-mainstay-succeeds": succeeds} if succeeds else {}),
        "x-mainstay-key": contract.key,
        **schema,
    }


def _on_the_wire(schema: dict[str, Any], marks: Marks) -> dict[str, Any]:
    """A field's schema with what is marked sealed; nested models are changed by themselves."""
    if isinstance(marks, Items):
        if "anyOf" in schema:
            return {**schema, "anyOf": [_on_the_wire(one, marks) for one in schema["anyOf"]]}
        if "items" in schema:
            return {**schema, "items": _on_the_wire(schema["items"], marks.each)}
    if not isinstance(marks, Marked):
        return schema
    words = {word: schema[word] for word in _WORDS if word in schema}
    plaintext = {name: value for name, value in schema.items() if name not in words}
    sealed: dict[str, Any] = {"$ref": f"#/$defs/{SEALED}"}
    if {"type": "null"} in schema.get("anyOf", []):
        sealed = {"anyOf": [sealed, {"type": "null"}]}
    return {**words, **sealed, MARKED: marks.kind, PLAINTEXT: plaintext}


def _refuse_double_marks(contract: type[Event]) -> None:
    for model in _models_of(contract):
        for name, marks in marks_of(model).items():
            if isinstance(marks, Marked):
                inside = _models_in(model.model_fields[name].annotation)
                if any(marks_of(nested) for nested in inside):
                    raise TypeError(f"{model.__name__}.{name} is marked and holds marked fields")


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
        for nested in _models_in(field.annotation):
            found += [m for m in _models_of(nested) if m not in found]
    return found


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    arguments: tuple[Any, ...] = getattr(annotation, "__args__", ())
    return [model for argument in arguments for model in _models_in(argument)]
