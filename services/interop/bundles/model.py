"""A FHIR R4 transaction bundle: its resources, found by the references between them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NoReturn, cast

from services.interop.messages.model import Refusal, RefusedError

Resource = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """A resource and its place, as a FHIRPath expression."""

    where: str
    resource: Resource = field(repr=False)
    full_url: str | None

    @property
    def type(self) -> str:
        return str(self.resource["resourceType"])

    @property
    def id(self) -> str:
        """The resource's own id, or what its bundle calls it."""
        return str(self.resource.get("id") or self.full_url or self.where)


@dataclass(frozen=True, slots=True)
class Bundle:
    """The entries in their order, and by every name that a reference may use."""

    entries: list[Entry] = field(repr=False)
    by_reference: dict[str, Entry] = field(repr=False)

    def of_type(self, name: str) -> Iterator[Entry]:
        return (entry for entry in self.entries if entry.type == name)

    def follow(self, reference: Any) -> Entry | None:
        """The entry that a Reference points at; None where it points out of the bundle."""
        told = as_object(reference).get("reference")
        return self.by_reference.get(told) if isinstance(told, str) else None


def read_bundle(body: bytes) -> Bundle:
    """Raises RefusedError where the body is no transaction bundle."""
    found = _json(body)
    if not isinstance(found, dict) or cast(dict[str, Any], found).get("resourceType") != "Bundle":
        refuse("not-a-bundle", "Bundle", "send a Bundle resource as JSON")
    told = cast(dict[str, Any], found)
    if told.get("type") != "transaction":
        refuse("bundle-type", "Bundle.type", "send a bundle of type transaction")
    rows = told.get("entry")
    if not isinstance(rows, list) or not rows:
        refuse("empty-bundle", "Bundle.entry", "send at least one entry")
    entries = [_entry(row, place) for place, row in enumerate(cast(list[Any], rows))]
    by_reference: dict[str, Entry] = {}
    for entry in entries:
        for name in (entry.full_url, f"{entry.type}/{entry.resource.get('id')}"):
            if name is not None and by_reference.setdefault(name, entry) is not entry:
                refuse("duplicate-entry", f"{entry.where}.fullUrl", "send each resource once")
    return Bundle(entries, by_reference)


def _entry(row: Any, place: int) -> Entry:
    where = f"Bundle.entry[{place}]"
    told = as_object(row)
    resource = told.get("resource")
    kind = as_object(resource).get("resourceType")
    if not isinstance(kind, str) or not kind.isalpha():
        refuse("resource-missing", f"{where}.resource", "send a resource with its resourceType")
    method = as_object(told.get("request")).get("method")
    if method not in ("POST", "PUT"):
        refuse("method-not-taken", f"{where}.request.method", "send POST or PUT")
    url = told.get("fullUrl")
    return Entry(
        where=f"{where}.resource",
        resource=cast(Resource, resource),
        full_url=url if isinstance(url, str) else None,
    )


# RFC 8259 section 8.2: half of a pair is no character, and no database takes it.
_LONE_SURROGATE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])"
    rb"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F]"
)


def _json(body: bytes) -> Any:
    try:
        found = json.loads(
            body.decode(),
            object_pairs_hook=_unique,
            parse_constant=_no_constant,
            parse_float=Decimal,  # amounts of money stay what was written
        )
    except RecursionError:
        refuse("too-deep", "Bundle", "nest the JSON less deeply")
    except ValueError:
        refuse("not-json", "Bundle", "send well-formed JSON in UTF-8 (RFC 8259)")
    if _LONE_SURROGATE.search(body):
        refuse("lone-surrogate", "Bundle", "write characters beyond \\uFFFF as pairs, or in UTF-8")
    if b"\\u0000" in body:
        refuse("nul-character", "Bundle", "remove the NUL characters")
    return found


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        refuse("duplicate-name", "Bundle", "name each member of an object once")
    return found


def _no_constant(_: str) -> NoReturn:
    refuse("not-json", "Bundle", "NaN and Infinity are not JSON (RFC 8259)")


def as_object(value: Any) -> Resource:
    """An object, or an empty one for anything else: what is missing is refused where it matters."""
    return cast(Resource, value) if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    return cast(list[Any], value) if isinstance(value, list) else []


def as_text(value: Any) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


def coding_of(concept: Any) -> tuple[str, str] | None:
    """(system, code) of a CodeableConcept's first coding."""
    for row in as_list(as_object(concept).get("coding")):
        coding = as_object(row)
        code = as_text(coding.get("code"))
        if code is not None:
            return as_text(coding.get("system")) or "unknown", code
    return None


def refuse(code: str, where: str, fix: str) -> NoReturn:
    raise RefusedError(Refusal(code, where, fix))
