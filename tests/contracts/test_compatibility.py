"""A change that breaks a reader is refused with its reason; a harmless one is not."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from libs.events.catalogue.__main__ import FOLDER, differences, documents, main, write
from libs.events.catalogue.breaking import breaking_changes

OLD: dict[str, Any] = {
    "x-mainstay-topic": "a.things",
    "x-mainstay-key": "thing_id",
    "type": "object",
    "required": ["thing_id", "color"],
    "properties": {
        "thing_id": {"type": "string", "format": "uuid"},
        "color": {"enum": ["red", "blue"], "type": "string"},
        "count": {"type": "integer", "minimum": 0, "default": 0},
        "part": {"$ref": "#/$defs/Part"},
        "note": {"anyOf": [{"type": "string", "maxLength": 9}, {"type": "null"}]},
        "tags": {"type": "array", "items": {"type": "string", "pattern": "^[a-z]$"}},
    },
    "$defs": {
        "Part": {
            "type": "object",
            "required": ["size"],
            "properties": {"size": {"type": "integer"}},
        }
    },
}


def at(schema: dict[str, Any], *path: str) -> dict[str, Any]:
    for name in path:
        schema = schema[name]
    return schema


CHANGES: dict[str, tuple[tuple[str, ...], Any, str]] = {
    "another topic": (("x-mainstay-topic",), "a.others", "x-mainstay-topic changed"),
    "another key": (("x-mainstay-key",), "color", "x-mainstay-key changed"),
    "a field removed": (("properties", "count"), None, "count: was removed"),
    "a type changed": (("properties", "count", "type"), "string", "count: type changed"),
    "a bound narrowed": (("properties", "count", "minimum"), 1, "count: minimum changed"),
    "a choice removed": (("properties", "color", "enum"), ["red"], "no longer allows blue"),
    "a field required": (("required",), ["thing_id", "color", "count"], "count: became required"),
    "a field optional": (("required",), ["thing_id"], "color: may now be missing"),
    "nested type": (("$defs", "Part", "properties", "size", "type"), "number", "part.size: type"),
    "nested field gone": (("$defs", "Part", "properties", "size"), None, "part.size: was removed"),
    "an item's pattern": (("properties", "tags", "items", "pattern"), "^x$", "tags[]: pattern"),
    "an alternative gone": (("properties", "note", "anyOf"), [{"type": "null"}], "alternatives"),
}


@pytest.mark.parametrize(("path", "value", "reason"), CHANGES.values(), ids=CHANGES.keys())
def test_a_breaking_change_is_refused_with_its_reason(
    path: tuple[str, ...], value: Any, reason: str
) -> None:
    new = deepcopy(OLD)
    parent = at(new, *path[:-1])
    if value is None:
        del parent[path[-1]]
    else:
        parent[path[-1]] = value
    assert any(reason in found for found in breaking_changes(OLD, new))


def test_a_new_field_with_a_default_and_a_new_choice_are_harmless() -> None:
    new = deepcopy(OLD)
    new["properties"]["weight"] = {"type": "integer", "default": 1}
    new["properties"]["color"]["enum"].append("green")
    new["properties"]["color"]["description"] = "said better"
    assert list(breaking_changes(OLD, new)) == []


def test_the_committed_schemas_are_fresh() -> None:
    assert list(differences(FOLDER, documents())) == []


def test_a_stale_schema_and_a_removed_event_are_found(tmp_path: Path) -> None:
    made = documents()
    write(tmp_path, made)
    assert main(["check", str(tmp_path)]) == 0
    name = "billing.claim-paid.v1.json"
    removed = {n: d for n, d in made.items() if n != name}
    assert any("was removed" in line for line in differences(tmp_path, removed))
    (tmp_path / name).write_text((tmp_path / name).read_text().replace('"integer"', '"string"'))
    assert main(["check", str(tmp_path)]) == 1
    assert main(["write", str(tmp_path)]) == 1, "writing does not hide a breaking change"
