"""Is a resource FHIR R4, and is there nothing in it that must not be passed over or passed on?

One walk by the tables of shapes.py: elements, JSON types, values, and what is dangerous. All that
is wrong is told at once, by FHIRPath, without a value. A resource that is right costs no more than
the walk: places are written out where something is wrong, or refers.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from sys import intern
from typing import Any, cast

from services.interop.fhir.elements import as_object
from services.interop.fhir.model import Told
from services.interop.fhir.shapes import Element, model_of, shape_of
from services.interop.fhir.uscore import false_claims
from services.interop.fhir.values import ID
from services.interop.messages.model import Refusal

MOST_REFUSALS = 50
"""Told about one resource; a sender who has more mends these first."""

MOST_REPEATS = 1_000
"""Of an element; the longest claims have a few dozen items."""

_INSIDE = re.compile(r"contained\[(\d+)\]")
_RELATIVE = re.compile(r"([A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(?:/_history/[A-Za-z0-9\-.]{1,64})?")


@dataclass(frozen=True, slots=True)
class Checked:
    """What is wrong with a resource, and every reference in it."""

    refusals: list[Refusal]
    references: list[Told] = field(repr=False)


def check_resource(resource: dict[str, Any], where: str) -> Checked:
    """`resource` has a type that R4 knows; `where` is its place as a FHIRPath expression."""
    found = _Check(where)
    kind = str(resource["resourceType"])
    found.resource(resource, kind)
    if "contained" in resource or any(told.startswith("#") for _, told, _ in found.references):
        found.contained(resource, where)
    if not found.refusals:
        found.refusals += false_claims(resource, where)
    return Checked(found.refusals[:MOST_REFUSALS], found.references)


class _Check:
    def __init__(self, where: str) -> None:
        self.refusals: list[Refusal] = []
        self.references: list[Told] = []
        self._steps: list[str] = [where]
        """The place of the walk: each step with its mark, as `.name` or `[0]`."""

    def refuse(self, code: str, fix: str, step: str = "") -> None:
        """At the walk's place, or a step below it."""
        self.refusals.append(Refusal(code, "".join(self._steps) + step, fix))

    def resource(self, resource: dict[str, Any], kind: str) -> None:
        if "implicitRules" in resource:
            self.refuse("modifier-extension", _RULES, ".implicitRules")
        own = resource.get("id")
        if "id" in resource and not (isinstance(own, str) and ID.fullmatch(own)):
            self.refuse("id", _FIXES["Id"], ".id")
        self.object({k: v for k, v in resource.items() if k not in ("resourceType", "id")}, kind)

    def object(self, value: dict[str, Any], kind: str) -> None:
        shape = shape_of(kind)
        if not value and kind != "Element":
            self.refuse("empty-element", "leave out what is empty (FHIR R4 §2.6.2)")
            return
        elements = shape.elements
        for name, one in value.items():
            element = elements.get(name)
            if element is None:  # its name is the sender's, so it may hold anything
                self._unknown(elements, kind)
            elif element.many or (type(one) is list and name.startswith("_")):
                self._steps.append(f".{name}")
                self._list(one, element, name)
                self._steps.pop()
            else:
                self._one(one, element, f".{name}")
        for name in shape.required:
            if name not in value and not _says_why(value.get(f"_{name}")):
                self.refuse("element-missing", "send this element, R4 requires it", f".{name}")
        for choice in shape.choices:
            found = value.keys() & choice.names
            if len(found) > 1:  # null, which is refused by itself, is no value
                found = {name for name in found if value[name] is not None}
            if len(found) > 1 or (choice.required and not found):
                code = "several-values" if found else "element-missing"
                self.refuse(code, f"send one of {', '.join(sorted(choice.names))}")

    def _unknown(self, elements: dict[str, Element], kind: str) -> None:
        known = ", ".join(sorted(name for name in elements if not name.startswith("_")))
        fix = f"a member of this is no element of {kind}; R4 has {known}"
        self.refuse("unknown-element", fix)

    def _list(self, value: Any, element: Element, name: str) -> None:
        if not isinstance(value, list) or not value:
            self.refuse("not-a-list", "send a JSON array with at least one element")
            return
        if len(cast(list[Any], value)) > MOST_REPEATS:
            self.refuse("too-many-repeats", f"send at most {MOST_REPEATS} of an element")
            return
        may_be_null = element.json != "object" or element.kind == "Element"
        for place, one in enumerate(cast(list[Any], value)):
            if one is None and may_be_null:
                continue
            if name == "modifierExtension":
                self.refuse("modifier-extension", _MODIFIES, f"[{place}]")
            else:
                self._one(one, element, f"[{place}]")

    def _one(self, value: Any, element: Element, step: str) -> None:
        if type(value) not in element.types:
            self._wrong_type(element, step)
        elif element.model is not None:
            self._steps.append(step)
            self._object(value, element)
            self._steps.pop()
        elif element.accepts is not None and not element.accepts(value):
            self._wrong_value(value, element, step)

    def _wrong_type(self, element: Element, step: str) -> None:
        self.refuse("json-type", f"send a JSON {_NAMES[element.json]}", step)

    def _wrong_value(self, value: Any, element: Element, step: str) -> None:
        if element.json == "text" and not value.strip():
            self._wrong_type(element, step)
        elif element.codes is not None:
            self.refuse("code-unknown", f"send one of {', '.join(sorted(element.codes))}", step)
        else:
            code = _CODES.get(element.kind, "value-not-accepted")
            self.refuse(code, _FIXES.get(element.kind, "send a value that R4 allows here"), step)

    def _object(self, value: Any, element: Element) -> None:
        if element.kind == "Resource":
            kind = value.get("resourceType")
            if not isinstance(kind, str) or not kind.isalpha() or not is_resource_type(kind):
                self.refuse("resource-missing", "send a resource with its resourceType")
                return
            if "contained" in value:
                self.refuse("contained-nested", "contain one level only", ".contained")
                return
            self.resource(value, kind)
            return
        if element.kind == "Reference":
            self._reference(value, element)
        assert element.model is not None
        self.object(value, element.model)

    def _reference(self, value: dict[str, Any], element: Element) -> None:
        told = value.get("reference")
        if not isinstance(told, str):
            return
        # The places repeat from entry to entry: each is kept once.
        place = intern("".join(self._steps[1:])[1:] + ".reference")
        self.references.append((place, told, element.targets))
        kind = _RELATIVE.fullmatch(told) if element.targets else None
        if kind is not None and element.targets and kind[1] not in element.targets:
            where = "".join(self._steps) + ".reference"
            self.refusals.append(wrong_target(where, element.targets))

    def contained(self, resource: dict[str, Any], where: str) -> None:
        """Every `#id` is contained, and none leads back to itself."""
        rows = resource.get("contained")
        inner = cast(list[Any], rows) if isinstance(rows, list) else []
        ids: list[str] = [
            str(cast(dict[str, Any], one).get("id")) for one in inner if isinstance(one, dict)
        ]
        if len(set(ids)) != len(ids):
            self.refuse("duplicate-entry", "give each contained its own id", ".contained")
        kinds = {str(as_object(one).get("id")): as_object(one).get("resourceType") for one in inner}
        leads: dict[str, set[str]] = {one: set() for one in ids}
        for place, told, targets in self.references:
            if not told.startswith("#"):
                continue
            kind = resource["resourceType"] if told == "#" else kinds.get(told[1:])
            if kind is None:
                fix = "refer to what the resource contains"
                self.refusals.append(Refusal("reference-unknown", f"{where}.{place}", fix))
            elif targets is not None and kind not in targets:
                self.refusals.append(wrong_target(f"{where}.{place}", targets))
            inside = _INSIDE.match(place)
            if kind is not None and inside is not None and int(inside[1]) < len(ids):
                leads[ids[int(inside[1])]].add(told[1:])
        if _has_loop(leads):
            self.refuse("contained-loop", "let no reference lead in a circle", ".contained")


def wrong_target(where: str, targets: frozenset[str]) -> Refusal:
    return Refusal("reference-type", where, f"refer to {' or '.join(sorted(targets))}")


@cache
def is_resource_type(name: str) -> bool:
    """True for a type of resource of R4, such as Patient; not for a data type."""
    model = model_of(name)
    return model is not None and any(base.__name__ == "Resource" for base in model.__mro__[1:])


def _says_why(sibling: Any) -> bool:
    """True where an extension stands in for a value that is not there (FHIR R4 §2.5.1.1)."""
    return isinstance(sibling, dict) and bool(cast(dict[str, Any], sibling).get("extension"))


def _has_loop(leads: dict[str, set[str]]) -> bool:
    """True where not all of them can be taken away, each once nothing leads to it any more."""
    counts = Counter(target for targets in leads.values() for target in targets)
    free = [name for name in leads if not counts[name]]
    for name in free:  # grows as it goes
        for target in leads[name]:
            counts[target] -= 1
            if not counts[target] and target in leads:
                free.append(target)
    return len(free) < len(leads)


_NAMES = {
    "object": "object",
    "text": "string that is not empty",
    "boolean": "true or false",
    "integer": "whole number",
    "decimal": "number",
}
_MODIFIES = (
    "this changes what the resource means and is not known here; "
    "send the resource without it, or not at all (FHIR R4 §2.5.1.2)"
)
_RULES = "no rules beyond FHIR's own are known here; leave them out (FHIR R4 §2.26.3.2)"
_CODES = {
    "Date": "not-a-date",
    "DateTime": "not-a-time",
    "EncodedBytes": "base64",
    "Instant": "not-a-time",
    "Url": "url",
    "Xhtml": "narrative",
}
_FIXES = {
    "Canonical": "send a URI without spaces",
    "Code": "send a code without spaces around it",
    "Date": "write the date as YYYY, YYYY-MM or YYYY-MM-DD, a day of the calendar",
    "DateTime": "write YYYY, YYYY-MM, YYYY-MM-DD or the time with its seconds and zone",
    "EncodedBytes": "send base64 with its padding (RFC 4648 §4)",
    "Id": "send an id of 1 to 64 of A-Z a-z 0-9 - .",
    "Instant": "write the time with its seconds and its zone, as in 2026-03-02T15:04:05Z",
    "PositiveInt": "send a whole number, 1 or more",
    "Time": "write the time of day as hh:mm:ss",
    "UnsignedInt": "send a whole number, 0 or more",
    "Uri": "send a URI without spaces",
    "Url": "send an http or https address of a public host, or a urn",
    "Xhtml": "send a div with text, tables and links only, nothing that runs",
}
