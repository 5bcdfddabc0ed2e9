"""FHIR R4 resources in sight of one another: those of a request, and those sent before."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, NoReturn, cast

from services.interop.fhir.elements import Resource, as_list, as_object, as_rows, as_text
from services.interop.messages.model import Refusal, RefusedError

TAKEN = frozenset(
    {
        "Account",
        "Appointment",
        "ChargeItem",
        "Claim",
        "Condition",
        "Coverage",
        "Encounter",
        "Location",
        "Organization",
        "Patient",
        "Practitioner",
        "PractitionerRole",
        "Procedure",
        "RelatedPerson",
        "ServiceRequest",
    }
)
"""The types that are checked, kept and understood; others are passed over."""

_OWNERS: Mapping[str, tuple[str, ...]] = {
    "Claim": ("item.encounter",),
    "ChargeItem": ("context",),
    "Condition": ("encounter",),
    "Coverage": ("beneficiary",),
    "Procedure": ("encounter",),
    "ServiceRequest": ("encounter",),
}
"""The elements by which a resource says what it is a part of: a visit, or a patient."""

_RELATIVE = re.compile(r"([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/.{1,64})?")

Name = tuple[str, str]
"""(type, id) of a resource."""

Untold = Mapping[Name, date]
"""Patients and visits that an import has kept and not told, with the day from which on it tells."""

Token = tuple[str | None, str]
"""An identifier: (system, value); None: of whatever system."""


Told = tuple[str, str, frozenset[str] | None]
"""A reference in a resource: its place below the resource, what it says, and the types that it may
lead to; None: any."""


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A resource and its place, as a FHIRPath expression."""

    where: str
    type: str
    id: str
    """The resource's own id, or the one that it is given here."""
    resource: Resource = field(repr=False)
    full_url: str | None = None
    references: tuple[Told, ...] = field(default=(), repr=False)
    container: Entry | None = field(default=None, repr=False)
    """Of a contained resource, the one that contains it; its id is a name within that one only."""


@dataclass(frozen=True)
class View:
    """The entries of a request, and `known` ones that were sent before, by every name they have."""

    entries: tuple[Entry, ...] = field(repr=False)
    known: tuple[Entry, ...] = field(default=(), repr=False)
    aliases: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """Full URLs of the request that mean a known resource."""

    def of_type(self, name: str) -> Iterator[Entry]:
        """Of the request."""
        return (entry for entry in self.entries if entry.type == name)

    def follow(self, reference: Any, within: Entry) -> Entry | None:
        """What a Reference of the entry points at; None where it points at nothing in sight."""
        told = as_object(reference).get("reference")
        if not isinstance(told, str):
            return None
        if not told.startswith("#"):
            return self.find(told)
        whole = within.container or within
        return self._contained_in(whole).get(told[1:]) if told != "#" else whole

    def _contained_in(self, whole: Entry) -> dict[str, Entry]:
        """What `#id` means in a resource and in all that it contains (FHIR R4 §2.3.0.3)."""
        found = self._contained.get(id(whole))
        if found is None:
            rows = enumerate(map(as_object, as_list(whole.resource.get("contained"))))
            places = ((f"{whole.where}.contained[{number}]", one) for number, one in rows)
            inner = (
                Entry(where, str(one["resourceType"]), str(one.get("id")), one, container=whole)
                for where, one in places
            )
            found = self._contained[id(whole)] = {one.id: one for one in inner}
        return found

    @cached_property
    def _contained(self) -> dict[int, dict[str, Entry]]:
        return {}

    def find(self, told: str) -> Entry | None:
        """By a full URL, by type and id, or by an identifier that only one has."""
        told = self.aliases.get(told, told)
        found = self._by_name.get(told)
        if found is not None:
            return found
        relative = _RELATIVE.fullmatch(told)
        if relative is not None:
            return self._by_name.get(f"{relative[1]}/{relative[2]}")
        wanted = identifier_asked(told)
        if wanted is None:
            return None
        matches = self._by_identifier.get(wanted, [])
        return matches[0] if len(matches) == 1 else None

    def parts_of(self, owner: Entry, kind: str) -> list[Entry]:
        """The resources of a type that say that they belong to it, in their order."""
        return self._parts.get((id(owner), kind), [])

    def owners_of(self, part: Entry) -> list[Entry]:
        return self._owners.get(id(part), [])

    def items_of(self, claim: Entry, visit: Entry | None) -> list[tuple[int, Resource]]:
        """A claim's items with their places that are of a visit; None: of nobody knows which.

        One that names several visits is of the first, because it is charged once.
        """
        found = self._items.get(id(claim))
        if found is None:
            found = self._items[id(claim)] = self._grouped(claim)
        return found.get(id(visit) if visit is not None else None, [])

    def _grouped(self, claim: Entry) -> dict[int | None, list[tuple[int, Resource]]]:
        visits = self.owners_of(claim)
        only = id(visits[0]) if len(visits) == 1 else None
        found: dict[int | None, list[tuple[int, Resource]]] = defaultdict(list)
        for place, item in enumerate(map(as_object, as_list(claim.resource.get("item")))):
            named = [self.follow(one, claim) for one in as_list(item.get("encounter"))]
            owner = next((id(one) for one in named if one is not None), only)
            found[owner].append((place, item))
        return found

    @cached_property
    def _items(self) -> dict[int, dict[int | None, list[tuple[int, Resource]]]]:
        return {}

    @cached_property
    def _all(self) -> list[Entry]:
        """The request's, and the known ones that it does not replace."""
        replaced = {(entry.type, entry.id) for entry in self.entries}
        known = (entry for entry in self.known if (entry.type, entry.id) not in replaced)
        return [*self.entries, *known]

    @cached_property
    def _by_name(self) -> dict[str, Entry]:
        found: dict[str, Entry] = {}
        for entry in self._all:
            for name in (entry.full_url, f"{entry.type}/{entry.id}"):
                if name is not None:
                    found.setdefault(name, entry)
        return found

    @cached_property
    def _by_identifier(self) -> dict[tuple[str, Token], list[Entry]]:
        found: dict[tuple[str, Token], list[Entry]] = defaultdict(list)
        for entry in self._all:
            for token in identifiers_of(entry.resource):
                found[entry.type, token].append(entry)
        return found

    @cached_property
    def _parts(self) -> dict[tuple[int, str], list[Entry]]:
        found: dict[tuple[int, str], list[Entry]] = defaultdict(list)
        for entry in self._all:
            for owner in self.owners_of(entry):
                found[id(owner), entry.type].append(entry)
        return found

    @cached_property
    def _owners(self) -> dict[int, list[Entry]]:
        found: dict[int, list[Entry]] = {}
        for entry in self._all:
            if entry.type in _OWNERS:
                owners = map(self.find, owner_references(entry.type, entry.resource))
                named = {id(one): one for one in owners if one is not None}
                found[id(entry)] = list(named.values())
        return found


def owner_references(kind: str, resource: Resource) -> list[str]:
    """The references by which a resource says what it is a part of."""
    found: list[str] = []
    for path in _OWNERS.get(kind, ()):
        rows: list[Any] = [resource]
        for step in path.split("."):
            values = [as_object(row).get(step) for row in rows]
            rows = [one for v in values for one in (as_list(v) if isinstance(v, list) else [v])]
        found += [told for row in rows if isinstance(told := as_object(row).get("reference"), str)]
    return list(dict.fromkeys(found))


def identifiers_of(resource: Resource) -> Iterator[Token]:
    """What a search finds a resource by: each identifier with its system, and without."""
    for row in map(as_object, as_rows(resource.get("identifier"))):
        value = as_text(row.get("value"))
        if value is not None:
            yield as_text(row.get("system")) or "", value
            yield None, value


def identifier_asked(told: str) -> tuple[str, Token] | None:
    """(type, identifier) of a conditional reference: Patient?identifier=system|value."""
    found = re.fullmatch(r"([A-Z][A-Za-z]+)\?identifier=([^&]+)", told)
    return None if found is None else (found[1], read_token(found[2]))


def references_in(value: Any) -> Iterator[str]:
    """Every reference in a resource, wherever it stands."""
    if isinstance(value, dict):
        for name, one in cast(dict[str, Any], value).items():
            if name == "reference" and isinstance(one, str):
                yield one
            else:
                yield from references_in(one)
    elif isinstance(value, list):
        for one in cast(list[Any], value):
            yield from references_in(one)


def name_of(reference: str) -> Name | None:
    """(type, id) of a relative reference to what is taken; None for any other."""
    found = _RELATIVE.fullmatch(reference)
    return (found[1], found[2]) if found is not None and found[1] in TAKEN else None


def read_token(text: str) -> Token:
    """system|value, |value (without a system) or value (of any)."""
    system, bar, value = text.rpartition("|")
    return (system, value) if bar else (None, text)


def refuse(code: str, where: str, fix: str) -> NoReturn:
    raise RefusedError(Refusal(code, where, fix))
