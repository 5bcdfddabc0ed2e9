"""Is a resource FHIR R4, and is there nothing in it that must not be passed over or passed on?

Two steps: JSON types, elements, codes and what is dangerous, by the library's tables; then the
library's own validation of values. All that is wrong is told at once, by FHIRPath, without a value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from ipaddress import ip_address
from typing import Any, cast
from urllib.parse import urlsplit

from pydantic import ValidationError

from services.interop.fhir.narrative import is_harmless
from services.interop.fhir.shapes import Element, elements_of, model_of
from services.interop.fhir.uscore import false_claims
from services.interop.messages.model import Refusal

MOST_REFUSALS = 50
"""Told about one resource; a sender who has more mends these first."""

ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_RELATIVE = re.compile(r"([A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(?:/_history/[A-Za-z0-9\-.]{1,64})?")


@dataclass(frozen=True, slots=True)
class Checked:
    """What is wrong with a resource, and every reference in it with its place."""

    refusals: list[Refusal]
    references: list[tuple[str, str]] = field(repr=False)


def check_resource(resource: dict[str, Any], where: str) -> Checked:
    """`resource` has a type that R4 knows; `where` is its place as a FHIRPath expression."""
    found = _Check()
    kind = str(resource["resourceType"])
    found.resource(resource, kind, where)
    found.contained(resource, where)
    if not found.refusals:
        found.values(resource, kind, where)
        found.refusals += false_claims(resource, where)
    return Checked(found.refusals[:MOST_REFUSALS], found.references)


class _Check:
    def __init__(self) -> None:
        self.refusals: list[Refusal] = []
        self.references: list[tuple[str, str]] = []

    def refuse(self, code: str, where: str, fix: str) -> None:
        self.refusals.append(Refusal(code, where, fix))

    def resource(self, resource: dict[str, Any], kind: str, where: str) -> None:
        if "id" in resource and not _is_id(resource["id"]):
            self.refuse("id", f"{where}.id", "send an id of 1 to 64 of A-Z a-z 0-9 - .")
        self.object(
            {k: v for k, v in resource.items() if k not in ("resourceType", "id")}, kind, where
        )

    def object(self, value: dict[str, Any], kind: str, where: str) -> None:
        if not value and kind != "Element":
            self.refuse("empty-element", where, "leave out what is empty (FHIR R4 §2.6.2)")
        elements = elements_of(kind)
        for name, one in value.items():
            element = elements.get(name)
            if element is None:  # its name is the sender's, so it may hold anything
                known = ", ".join(sorted(n for n in elements if not n.startswith("_")))
                fix = f"a member of this is no element of {kind}; R4 has {known}"
                self.refuse("unknown-element", where, fix)
            elif element.many or (isinstance(one, list) and name.startswith("_")):
                self.list(one, element, f"{where}.{name}")
            else:
                self.one(one, element, f"{where}.{name}")

    def list(self, value: Any, element: Element, where: str) -> None:
        if not isinstance(value, list) or not value:
            self.refuse("not-a-list", where, "send a JSON array with at least one element")
            return
        may_be_null = element.json != "object" or element.kind == "Element"
        for place, one in enumerate(cast(list[Any], value)):
            if one is not None or not may_be_null:
                self.one(one, element, f"{where}[{place}]")

    def one(self, value: Any, element: Element, where: str) -> None:
        if element.kind == "Extension" and where.rpartition(".")[2].startswith("modifierExtension"):
            self.refuse(
                "modifier-extension",
                where,
                "this changes what the resource means and is not known here; "
                "send the resource without it, or not at all (FHIR R4 §2.5.1.2)",
            )
        elif not _FITS[element.json](value):
            self.refuse("json-type", where, f"send a JSON {_NAMES[element.json]}")
        elif element.json == "object":
            self._object(cast(dict[str, Any], value), element, where)
        elif element.json == "text":
            self._text(str(value), element, where)

    def _object(self, value: dict[str, Any], element: Element, where: str) -> None:
        if element.kind == "Resource":
            kind = value.get("resourceType")
            if not isinstance(kind, str) or not kind.isalpha() or not is_resource_type(kind):
                self.refuse("resource-missing", where, "send a resource with its resourceType")
                return
            if "contained" in value:
                self.refuse("contained-nested", f"{where}.contained", "contain one level only")
                return
            self.resource(value, kind, where)
            return
        if element.kind == "Reference":
            self._reference(value, element, where)
        assert element.model is not None
        self.object(value, element.model, where)

    def _reference(self, value: dict[str, Any], element: Element, where: str) -> None:
        told = value.get("reference")
        if not isinstance(told, str):
            return
        self.references.append((f"{where}.reference", told))
        kind = _RELATIVE.fullmatch(told)
        if kind is not None and element.targets and kind[1] not in element.targets:
            expected = " or ".join(sorted(element.targets))
            self.refuse("reference-type", f"{where}.reference", f"refer to {expected}")

    def _text(self, value: str, element: Element, where: str) -> None:
        if element.codes is not None and value not in element.codes:
            self.refuse("code-unknown", where, f"send one of {', '.join(sorted(element.codes))}")
        elif element.kind == "Xhtml" and not is_harmless(value):
            self.refuse(
                "narrative", where, "send a div with text, tables and links only, nothing that runs"
            )
        elif element.kind == "Url" and not _is_public(value):
            self.refuse("url", where, "send an http or https address of a public host, or a urn")
        elif element.kind == "EncodedBytes" and not _BASE64.fullmatch("".join(value.split())):
            self.refuse("base64", where, "send base64 with its padding (RFC 4648 §4)")

    def contained(self, resource: dict[str, Any], where: str) -> None:
        """Every `#id` is contained, and none leads back to itself."""
        rows = resource.get("contained")
        inner = cast(list[Any], rows) if isinstance(rows, list) else []
        ids: list[str] = [
            str(cast(dict[str, Any], one).get("id")) for one in inner if isinstance(one, dict)
        ]
        if len(set(ids)) != len(ids):
            self.refuse("duplicate-entry", f"{where}.contained", "give each contained its own id")
        leads: dict[str, set[str]] = {one: set() for one in ids}
        for place, told in self.references:
            if not told.startswith("#") or told == "#":
                continue
            if told[1:] not in leads:
                self.refuse("reference-unknown", place, "refer to what the resource contains")
                continue
            inside = re.match(re.escape(f"{where}.contained[") + r"(\d+)\]", place)
            if inside is not None and int(inside[1]) < len(ids):
                leads[ids[int(inside[1])]].add(told[1:])
        if _has_loop(leads):
            self.refuse("contained-loop", f"{where}.contained", "let no reference lead in a circle")

    def values(self, resource: dict[str, Any], kind: str, where: str) -> None:
        """The library's validation; its messages may hold a value, so the words are ours."""
        model = model_of(kind)
        assert model is not None
        try:
            model.model_validate(resource)
        except ValidationError as error:
            for one in error.errors(include_input=False, include_url=False, include_context=False):
                self.refusals.append(_refusal(one["type"], one["loc"], one["msg"], kind, where))


def is_resource_type(name: str) -> bool:
    """True for a type of resource of R4, such as Patient; not for a data type."""
    model = model_of(name)
    return model is not None and any(base.__name__ == "Resource" for base in model.__mro__[1:])


def _is_id(value: object) -> bool:
    return isinstance(value, str) and ID.fullmatch(value) is not None


def _is_decimal(value: object) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


_FITS = {
    "object": lambda value: isinstance(value, dict),
    "text": lambda value: isinstance(value, str) and value.strip() != "",
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "decimal": _is_decimal,
}
_NAMES = {
    "object": "object",
    "text": "string that is not empty",
    "boolean": "true or false",
    "integer": "whole number",
    "decimal": "number",
}


def _is_public(url: str) -> bool:
    """Nothing is fetched from it here, but others may follow it: no file, no host of our own."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    if parts.scheme not in ("http", "https"):
        return parts.scheme in ("", "urn") and not url.startswith(("/", "\\", "."))
    try:
        return ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith((".localhost", ".internal", ".local"))


def _has_loop(leads: dict[str, set[str]]) -> bool:
    left = {name: set(targets) for name, targets in leads.items()}
    while done := [name for name, targets in left.items() if not targets & left.keys()]:
        for name in done:
            del left[name]
    return bool(left)


_FIXES = {
    "Date": "write the date as YYYY, YYYY-MM or YYYY-MM-DD, a day of the calendar",
    "DateTime": "write YYYY, YYYY-MM, YYYY-MM-DD or the time with its seconds and zone",
    "Instant": "write the time with its seconds and its zone, as in 2026-03-02T15:04:05Z",
    "Time": "write the time of day as hh:mm:ss",
    "PositiveInt": "send a whole number, 1 or more",
    "UnsignedInt": "send a whole number, 0 or more",
    "Uri": "send a URI without spaces",
    "Id": "send an id of 1 to 64 of A-Z a-z 0-9 - .",
    "Code": "send a code without spaces around it",
}


def _refusal(rule: str, loc: tuple[int | str, ...], message: str, kind: str, where: str) -> Refusal:
    place = where + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in loc)
    if rule in ("missing", "model_field_validation.missing"):
        return Refusal("element-missing", place, "send this element, R4 requires it")
    if "field value" in message:  # of a choice, such as deceased[x]
        several = "multiple" in message
        names = ", ".join(re.findall(r"'([A-Za-z]+)'", message))
        code, fix = ("several-values", "one") if several else ("element-missing", "one of them")
        return Refusal(code, place, f"send {fix} of {names}")
    element = _element_at(loc, kind)
    fix = _FIXES.get(element.kind if element else "", "send a value that R4 allows here")
    is_date = element is not None and element.kind in ("Date", "DateTime", "Instant")
    code = ("not-a-date" if element.kind == "Date" else "not-a-time") if element and is_date else ""
    return Refusal(code or "value-not-accepted", place, fix)


def _element_at(loc: tuple[int | str, ...], kind: str) -> Element | None:
    element: Element | None = None
    for step in _names(loc):
        element = elements_of(kind).get(step)
        if element is None:
            return None
        kind = element.model or kind
    return element


def _names(loc: tuple[int | str, ...]) -> Iterator[str]:
    return (step for step in loc if isinstance(step, str))
