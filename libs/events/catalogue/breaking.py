"""Which changes of a schema may be made within a version of an event, and why the others not.

Within a version everybody reads everybody (FULL_TRANSITIVE): a reader of any schema that a version
ever had reads what a publisher of any other of them wrote, and takes it to mean the same. Readers
pass over fields that they do not know and fill in the defaults of those that are missing; they know
nothing else to forgive. So this may change: words, and a new field with a default. A new choice in
a closed list may not: an old reader does not know it. A topic may grow: what succeeds it is read
after it.

Compared with the last schema alone, and yet transitive: what is allowed only ever adds optional
fields and touches none that is there, so any two schemas of a version are alike but for optional
fields that one of them lacks, however many steps lie between. A field cannot go and come back as
something else, because it cannot go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from libs.events.catalogue.schemas import PLAINTEXT

Schema = dict[str, Any]

_WORDS = {"title", "description", "examples", "deprecated", "$comment"}
_FOLLOWED = {
    "$ref", "$defs", "type", "format", "properties", "required", "items", "anyOf", "oneOf", "enum",
    "const", PLAINTEXT,
}  # fmt: skip
_PLACE = {"x-mainstay-topic", "x-mainstay-partitions", "x-mainstay-succeeds"}
_UPPER = {"maximum", "exclusiveMaximum", "maxLength", "maxItems"}
_LOWER = {"minimum", "exclusiveMinimum", "minLength", "minItems"}
_ALTERNATIVES = ("anyOf", "oneOf")


class Hurt(StrEnum):
    """Whom a change would hurt."""

    OLD_READER = "an old reader could not read the new events"
    NEW_READER = "a new reader could not read the old events"
    EITHER = "one of both could not read what the other wrote"
    MEANING = "all could be read, but would no longer mean the same"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A change that may not be made within a version; `where` is the field's dotted path."""

    where: str
    what: str
    hurt: Hurt

    def __str__(self) -> str:
        return f"{self.where or 'the event'}: {self.what}: {self.hurt}"


def breaking_changes(old: Schema, new: Schema) -> Iterator[Refusal]:
    """Each change that may not be made within a version."""
    comparison = _Comparison(old.get("$defs", {}), new.get("$defs", {}))
    yield from comparison.compare("", old, new)


@dataclass
class _Comparison:
    old_definitions: Schema
    new_definitions: Schema
    seen: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])

    def compare(self, at: str, old: Schema, new: Schema) -> Iterator[Refusal]:
        """`at` is the dotted path of what the two schemas describe; empty for the event itself."""
        followed = (old.get("$ref", ""), new.get("$ref", ""))
        if all(followed):
            if followed in self.seen:
                return  # a value that holds its own kind
            self.seen.add(followed)
        old, new = _follow(old, self.old_definitions), _follow(new, self.new_definitions)
        yield from _compare_keywords(at, old, new, _is_meaning)
        shape = list(_compare_shapes(at, old, new))
        yield from shape
        if not shape:
            yield from _compare_keywords(at, old, new, lambda keyword: not _is_meaning(keyword))
            yield from _compare_choices(at, old, new)
            yield from self._compare_fields(at, old, new)
            if "items" in old:
                yield from self.compare(f"{at}[]", old["items"], new["items"])
            yield from self._compare_alternatives(at, old, new)
            if PLAINTEXT in old and PLAINTEXT in new:  # else the mark itself has changed
                yield from self.compare(at, old[PLAINTEXT], new[PLAINTEXT])
        self.seen.discard(followed)

    def _compare_fields(self, at: str, old: Schema, new: Schema) -> Iterator[Refusal]:
        before, after = old.get("properties", {}), new.get("properties", {})
        needed, needs = set(old.get("required", [])), set(new.get("required", []))
        for name in sorted(before):
            path = f"{at}.{name}".lstrip(".")
            if name in after:
                yield from self.compare(path, before[name], after[name])
            else:
                hurt = Hurt.OLD_READER if name in needed else Hurt.MEANING
                yield Refusal(path, "was removed", hurt)
        for name in sorted(needs - needed):
            path = f"{at}.{name}".lstrip(".")
            yield Refusal(path, "became required; give it a default instead", Hurt.NEW_READER)
        for name in sorted((needed - needs) & set(after)):
            path = f"{at}.{name}".lstrip(".")
            yield Refusal(path, "may now be missing", Hurt.OLD_READER)

    def _compare_alternatives(self, at: str, old: Schema, new: Schema) -> Iterator[Refusal]:
        """`T | None`: each alternative is compared with its counterpart."""
        for keyword in _ALTERNATIVES:
            for one, other in zip(old.get(keyword, []), new.get(keyword, []), strict=True):
                yield from self.compare(at, one, other)


def _compare_shapes(at: str, old: Schema, new: Schema) -> Iterator[Refusal]:
    """Where a value became one of another kind, its bounds and fields say nothing any more."""
    for keyword in ("type", "format"):
        before, after = old.get(keyword), new.get(keyword)
        if before != after:
            yield Refusal(at, f"{keyword} changed from {before} to {after}", Hurt.EITHER)
    if ("items" in old) != ("items" in new):
        yield Refusal(at, f"became {'a list' if 'items' in new else 'no list'}", Hurt.EITHER)
    if any(len(old.get(k, [])) != len(new.get(k, [])) for k in _ALTERNATIVES):
        yield Refusal(at, "the alternatives changed", Hurt.EITHER)
    before, after = _choices(old), _choices(new)
    if before is not None and after is None:
        yield Refusal(at, "is no longer a closed list", Hurt.OLD_READER)
    if before is None and after is not None:
        yield Refusal(at, "became a closed list", Hurt.NEW_READER)


def _compare_keywords(
    at: str, old: Schema, new: Schema, chosen: Callable[[str], bool]
) -> Iterator[Refusal]:
    """Whatever is neither words nor followed further must stay as it is: bounds, marks, topic."""
    grown = _PLACE if _has_grown(old, new) else set[str]()
    for keyword in sorted((set(old) | set(new)) - _WORDS - _FOLLOWED - grown):
        if keyword == "default" and not (keyword in old and keyword in new):
            continue  # it is then required, or no longer: said by that
        before, after = _bound(old, keyword), _bound(new, keyword)
        if chosen(keyword) and before != after:
            what = f"{keyword} changed from {before} to {after}"
            yield Refusal(at, what, _hurt_by(keyword, before, after))


def _has_grown(old: Schema, new: Schema) -> bool:
    """Whether the topic succeeds the one that it was, with all that this succeeded."""
    before, after = _generations(old), _generations(new)
    return bool(before) and after[-len(before) :] == before


def _generations(schema: Schema) -> list[Any]:
    if "x-mainstay-topic" not in schema:
        return []
    here = {"topic": schema["x-mainstay-topic"], "partitions": schema["x-mainstay-partitions"]}
    return [here, *schema.get("x-mainstay-succeeds", [])]


def _is_meaning(keyword: str) -> bool:
    """These change no instance, only what it means, where it stands or who may see it."""
    return keyword == "default" or keyword.startswith("x-mainstay-")


def _bound(schema: Schema, keyword: str) -> Any:
    """At least none is no bound."""
    value = schema.get(keyword)
    return None if keyword in ("minLength", "minItems") and value == 0 else value


def _hurt_by(keyword: str, before: Any, after: Any) -> Hurt:
    if _is_meaning(keyword):
        return Hurt.MEANING
    if keyword not in _UPPER | _LOWER:
        return Hurt.EITHER
    if before is None or after is None:
        return Hurt.OLD_READER if after is None else Hurt.NEW_READER
    wider = after > before if keyword in _UPPER else after < before
    return Hurt.OLD_READER if wider else Hurt.NEW_READER


def _compare_choices(at: str, old: Schema, new: Schema) -> Iterator[Refusal]:
    """A constant is a closed list of one."""
    before, after = _choices(old) or set(), _choices(new) or set()
    if removed := before - after:
        yield Refusal(at, f"no longer allows {', '.join(sorted(removed))}", Hurt.NEW_READER)
    if added := after - before:
        yield Refusal(at, f"now allows {', '.join(sorted(added))}", Hurt.OLD_READER)


def _choices(schema: Schema) -> set[str] | None:
    if "const" in schema:
        return {str(schema["const"])}
    return {str(choice) for choice in schema["enum"]} if "enum" in schema else None


def _follow(schema: Schema, definitions: Schema) -> Schema:
    """The schema that a `$ref` names, with the marks that stand beside it."""
    reference = schema.get("$ref")
    return {**definitions[reference.rpartition("/")[2]], **schema} if reference else schema
