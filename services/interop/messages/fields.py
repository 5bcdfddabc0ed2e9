"""A kept message as fields with their places: HL7 v2 by segment, JSON by resource and path."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, cast

from services.interop.connections.model import Kind
from services.interop.mllp.tree import FieldView, SegmentView, tree_of

LARGEST_JSON_BYTES = 2 * 1024 * 1024
MOST_FIELDS = 2_000
"""Of JSON; a person looks at them."""

MOST_LEVELS = 32

_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_-]{0,63}")
_OTHER = "…"
"""In place of a member's name that no standard has: it may be a value."""


class _Written(str):
    """A decimal with the digits that it was written with."""

    __slots__ = ()


def fields_of(raw: bytes, kind: Kind, *, values: bool) -> tuple[SegmentView, ...]:
    """What it fills, in its order; nothing where it cannot be read."""
    if kind == "hl7v2":
        return tree_of(raw, values=values)
    if len(raw) > LARGEST_JSON_BYTES:
        return (SegmentView(segment=_OTHER, name="too large to be shown by fields", fields=()),)
    try:
        return _segments(_parts(json.loads(raw, parse_float=_Written)), values)
    except (ValueError, RecursionError):
        return ()


def _parts(found: Any) -> Iterator[tuple[str, str, Any]]:
    """Name, place and content of each resource, or of the whole."""
    if not isinstance(found, dict):
        yield "JSON", "", found
        return
    whole = cast(dict[str, Any], found)
    entries = whole.get("entry") if whole.get("resourceType") == "Bundle" else None
    if not isinstance(entries, list):
        yield _kind_of(whole), "", whole
        return
    yield "Bundle", "", {name: value for name, value in whole.items() if name != "entry"}
    for place, entry in enumerate(cast(list[Any], entries)):
        resource = cast(dict[str, Any], entry).get("resource") if isinstance(entry, dict) else None
        yield _kind_of(resource), f"entry[{place}]", resource


def _kind_of(resource: Any) -> str:
    told = cast(dict[str, Any], resource).get("resourceType") if isinstance(resource, dict) else 0
    return told if isinstance(told, str) and _NAME.fullmatch(told) else "JSON"


def _segments(parts: Iterator[tuple[str, str, Any]], values: bool) -> tuple[SegmentView, ...]:
    found: list[SegmentView] = []
    left = MOST_FIELDS
    for name, place, content in parts:
        if left <= 0:
            found.append(SegmentView(segment=_OTHER, name="more is not shown", fields=()))
            break
        fields: list[FieldView] = []
        for path, value in _leaves(content, ""):
            if len(fields) >= left:
                break
            fields.append(FieldView(place=path, name="", value=_shown(value) if values else None))
        left -= len(fields)
        found.append(SegmentView(segment=name, name=place, fields=tuple(fields)))
    return tuple(found)


def _shown(value: Any) -> str:
    return value if isinstance(value, _Written) else json.dumps(value, ensure_ascii=False)


def _leaves(content: Any, path: str, level: int = 0) -> Iterator[tuple[str, Any]]:
    if level > MOST_LEVELS:
        yield f"{path}{_OTHER}", _Written(_OTHER)
    elif isinstance(content, dict):
        for name, value in cast(dict[str, Any], content).items():
            step = name if _NAME.fullmatch(name) else _OTHER
            yield from _leaves(value, f"{path}.{step}" if path else step, level + 1)
    elif isinstance(content, list):
        for place, value in enumerate(cast(list[Any], content)):
            yield from _leaves(value, f"{path}[{place}]", level + 1)
    else:
        yield path, content
