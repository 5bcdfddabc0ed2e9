"""What has to be in sight to tell subjects: their resources, their parts, and whom these name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from services.interop.bulk.decide import Subject, resource_of
from services.interop.fhir.known import MOST_STEPS
from services.interop.fhir.model import (
    Entry,
    Name,
    Token,
    View,
    identifier_asked,
    name_of,
    references_in,
)


class Shelf(Protocol):
    """Where the resources of an EHR are kept."""

    async def find(self, names: Iterable[Name]) -> list[Entry]: ...

    async def parts_of(self, owners: Iterable[Name]) -> list[Name]: ...

    async def find_by_identifier(self, kind: str, token: Token) -> list[str]: ...


async def look(shelf: Shelf, subjects: Iterable[Subject]) -> View:
    """A visit's parts by their ids: no order of theirs is told, so it must always be the same."""
    own = {resource_of(subject) for subject in subjects}
    parts = await shelf.parts_of(name for name in own if name[0] in ("Encounter", "Patient"))
    wanted = own | set(parts)
    seen: set[Name] = set()
    entries: list[Entry] = []
    for _ in range(MOST_STEPS):
        found = sorted(await shelf.find(wanted - seen), key=lambda one: (one.type, one.id))
        seen |= wanted
        entries += found
        wanted = await _named(shelf, found)
    mine = [entry for entry in entries if (entry.type, entry.id) in own]
    others = [entry for entry in entries if (entry.type, entry.id) not in own]
    return View(tuple(mine), tuple(others))


async def _named(shelf: Shelf, entries: Iterable[Entry]) -> set[Name]:
    told = {told for entry in entries for told in references_in(entry.resource)}
    asked = [wanted for one in sorted(told) if (wanted := identifier_asked(one)) is not None]
    by_identifier = {
        (kind, one) for kind, token in asked for one in await shelf.find_by_identifier(kind, token)
    }
    return {name for one in told if (name := name_of(one)) is not None} | by_identifier
