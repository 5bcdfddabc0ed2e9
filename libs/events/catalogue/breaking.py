"""Which changes of a schema would break somebody who reads or has stored the old events.

The rule is full compatibility within a version: every old event parses by the new contract, and
whoever reads by the old one understands the new events. What is more goes into a new version.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]
_BOUNDS = (
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength",
    "minItems", "maxItems", "pattern", "format", "type", "const",
)  # fmt: skip


def breaking_changes(old: Schema, new: Schema) -> Iterator[str]:
    """A reason for each change that may not be made within a version."""
    for mark in ("x-mainstay-topic", "x-mainstay-key"):
        if old.get(mark) != new.get(mark):
            yield f"{mark} changed from {old.get(mark)} to {new.get(mark)}"
    yield from _compare("", old, new, old.get("$defs", {}), new.get("$defs", {}))


def _compare(
    at: str, old: Schema, new: Schema, old_defs: Schema, new_defs: Schema
) -> Iterator[str]:
    old, new = _resolve(old, old_defs), _resolve(new, new_defs)
    where = at or "the event"
    for bound in _BOUNDS:
        if old.get(bound) != new.get(bound):
            yield f"{where}: {bound} changed from {old.get(bound)} to {new.get(bound)}"
    if "enum" in old or "enum" in new:
        if removed := set(old.get("enum", [])) - set(new.get("enum", [])):
            yield f"{where}: no longer allows {', '.join(sorted(map(str, removed)))}"
        if "enum" in new and "enum" not in old:
            yield f"{where}: became a closed list"
    yield from _compare_fields(at, old, new, old_defs, new_defs)
    if "items" in old and "items" in new:
        yield from _compare(f"{at}[]", old["items"], new["items"], old_defs, new_defs)
    yield from _compare_choices(at, old, new, old_defs, new_defs)


def _compare_fields(
    at: str, old: Schema, new: Schema, old_defs: Schema, new_defs: Schema
) -> Iterator[str]:
    before, after = old.get("properties", {}), new.get("properties", {})
    for name in before:
        path = f"{at}.{name}".lstrip(".")
        if name not in after:
            yield f"{path}: was removed"
        else:
            yield from _compare(path, before[name], after[name], old_defs, new_defs)
    for name in sorted(set(new.get("required", [])) - set(old.get("required", []))):
        yield f"{f'{at}.{name}'.lstrip('.')}: became required; give it a default instead"
    for name in sorted(set(old.get("required", [])) - set(new.get("required", []))):
        yield f"{f'{at}.{name}'.lstrip('.')}: may now be missing, which old readers do not expect"


def _compare_choices(
    at: str, old: Schema, new: Schema, old_defs: Schema, new_defs: Schema
) -> Iterator[str]:
    """`T | None`: the alternatives stay the same; each is compared with its counterpart."""
    before, after = old.get("anyOf", []), new.get("anyOf", [])
    if len(before) != len(after):
        yield f"{at or 'the event'}: the alternatives changed"
        return
    for one, other in zip(before, after, strict=True):
        yield from _compare(at, one, other, old_defs, new_defs)


def _resolve(schema: Schema, definitions: Schema) -> Schema:
    reference = schema.get("$ref")
    return definitions[reference.rpartition("/")[2]] if reference else schema
