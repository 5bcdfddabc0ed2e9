"""What stands in an element, or nothing where something else does: that the walk has told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

Resource = Mapping[str, Any]


def as_object(value: Any) -> Resource:
    """An object, or an empty one for anything else: what is missing is refused where it matters."""
    return cast(Resource, value) if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    return cast(list[Any], value) if isinstance(value, list) else []


def as_rows(value: Any) -> list[Any]:
    """A repeating element's values; of one that does not repeat, its value."""
    return as_list(value) if isinstance(value, list) else [value]


def as_text(value: Any) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


def coding_of(concept: Any) -> tuple[str, str] | None:
    """(system, code) of a CodeableConcept's first coding."""
    return next(codings_of(concept), None)


def codings_of(concept: Any) -> Iterator[tuple[str, str]]:
    """(system, code) of each of a CodeableConcept's codings that has a code."""
    for row in as_list(as_object(concept).get("coding")):
        coding = as_object(row)
        code = as_text(coding.get("code"))
        if code is not None:
            yield as_text(coding.get("system")) or "unknown", code


def has_code(concept: Any, codes: Iterable[str]) -> bool:
    """True where one of the concept's codes is among `codes`, of whatever system."""
    return any(code in codes for _, code in codings_of(concept))
