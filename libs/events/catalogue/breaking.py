"""Which changes of a schema would break somebody who reads or has stored the old events.

Within a version, every event ever sent parses by the new contract and means the same; what was
never promised to be wider does not become wider either. What may change: words, a new field with a
default, and a new choice in a closed list. Readers of ours are strict, so they are deployed before
the publisher that says something new; until then they park it. All else is a new version.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Schema = dict[str, Any]

_WORDS = {"title", "description", "examples", "deprecated", "$comment"}
_FOLLOWED = {"$ref", "$defs", "properties", "required", "items", "anyOf", "oneOf", "enum", "const"}


def breaking_changes(old: Schema, new: Schema) -> Iterator[str]:
    """A reason for each change that may not be made within a version."""
    comparison = _Comparison(old.get("$defs", {}), new.get("$defs", {}))
    yield from comparison.compare("", old, new)


@dataclass
class _Comparison:
    old_definitions: Schema
    new_definitions: Schema
    seen: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])

    def compare(self, at: str, old: Schema, new: Schema) -> Iterator[str]:
        """`at` is the dotted path of what the two schemas describe; empty for the event itself."""
        followed = (old.get("$ref", ""), new.get("$ref", ""))
        if all(followed):
            if followed in self.seen:
                return  # a value that holds its own kind
            self.seen.add(followed)
        old, new = _follow(old, self.old_definitions), _follow(new, self.new_definitions)
        where = at or "the event"
        yield from _compare_keywords(where, old, new)
        yield from _compare_choices(where, old, new)
        yield from self._compare_fields(at, old, new)
        if "items" in old and "items" in new:
            yield from self.compare(f"{at}[]", old["items"], new["items"])
        yield from self._compare_alternatives(at, old, new)
        self.seen.discard(followed)

    def _compare_fields(self, at: str, old: Schema, new: Schema) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        needed, needs = set(old.get("required", [])), set(new.get("required", []))
        for name in sorted(before):
            path = f"{at}.{name}".lstrip(".")
            if name in after:
                yield from self.compare(path, before[name], after[name])
            else:
                yield f"{path}: was removed"
        for name in sorted(needs - needed):
            path = f"{at}.{name}".lstrip(".")
            yield f"{path}: became required; give it a default instead"
        for name in sorted((needed - needs) & set(after)):
            path = f"{at}.{name}".lstrip(".")
            yield f"{path}: may now be missing, which readers do not expect"

    def _compare_alternatives(self, at: str, old: Schema, new: Schema) -> Iterator[str]:
        """`T | None`: the alternatives stay the same; each is compared with its counterpart."""
        for keyword in ("anyOf", "oneOf"):
            before, after = old.get(keyword, []), new.get(keyword, [])
            if len(before) != len(after):
                yield f"{at or 'the event'}: the alternatives changed"
                continue
            for one, other in zip(before, after, strict=True):
                yield from self.compare(at, one, other)


def _compare_keywords(where: str, old: Schema, new: Schema) -> Iterator[str]:
    """Whatever is neither words nor followed further must stay as it is: bounds, marks, topic."""
    for keyword in sorted((set(old) | set(new)) - _WORDS - _FOLLOWED):
        if keyword == "default" and not (keyword in old and keyword in new):
            continue  # it is then required, or no longer: said by that
        if old.get(keyword) != new.get(keyword):
            yield f"{where}: {keyword} changed from {old.get(keyword)} to {new.get(keyword)}"
    if ("items" in old) != ("items" in new):
        yield f"{where}: became {'a list' if 'items' in new else 'no list'}"


def _compare_choices(where: str, old: Schema, new: Schema) -> Iterator[str]:
    """A constant is a closed list of one."""
    before, after = _choices(old), _choices(new)
    if after is None:
        if before is not None:
            yield f"{where}: is no longer a closed list"
    elif before is None:
        yield f"{where}: became a closed list"
    elif removed := before - after:
        yield f"{where}: no longer allows {', '.join(sorted(removed))}"


def _choices(schema: Schema) -> set[str] | None:
    if "const" in schema:
        return {str(schema["const"])}
    return {str(choice) for choice in schema["enum"]} if "enum" in schema else None


def _follow(schema: Schema, definitions: Schema) -> Schema:
    """The schema that a `$ref` names, with the marks that stand beside it."""
    reference = schema.get("$ref")
    return {**definitions[reference.rpartition("/")[2]], **schema} if reference else schema
