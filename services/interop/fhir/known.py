"""What was sent before, as far as a request needs it: whom it refers to, and whose parts it has."""

from __future__ import annotations

from libs.events.transport import UnitOfWork
from services.interop.connections.model import Connection
from services.interop.fhir import store
from services.interop.fhir.criteria import read_criteria
from services.interop.fhir.model import (
    TAKEN,
    Entry,
    Name,
    identifier_asked,
    name_of,
    owner_references,
    references_in,
)
from services.interop.fhir.operations import Request
from services.interop.fhir.strict import read_json
from services.interop.fhir.versions import Kept, Known

MOST_STEPS = 4
"""From a charge to its visit, its claim, the coverage of that, the payer of that."""


async def load_known(request: Request, connection: Connection, uow: UnitOfWork) -> Known:
    """The resources that the request replaces or refers to, and theirs in turn."""
    source = connection.source_system
    matches = await _matches(request, source, uow)
    found = {(kind, one) for (kind, _), ids in matches.items() for one in ids}
    owners = {
        name
        for entry in request.entries
        for told in owner_references(entry.type, entry.resource)
        if (name := name_of(told)) is not None
    }
    own = {(entry.type, entry.id) for entry in request.entries}
    told = {t for entry in request.entries for _, t, _ in entry.references}
    named = own | owners | found | _names(told)
    untold = await store.find_untold(uow, source, sorted(filter(_has_parts, named)))
    met = {name for name in untold if name[0] == "Patient"}  # to be told, whoever they belong to
    visits = {*filter(_has_parts, own | owners | found), *met}
    parts = await store.find_parts(uow, source, visits)
    wanted = named | set(parts)
    kept: dict[Name, Kept] = {}
    entries: list[Entry] = []
    for _ in range(MOST_STEPS):
        new = await store.find_resources(uow, source, wanted - kept.keys())
        read = [_entry(one) for one in new]
        kept |= {(one.type, one.id): one for one in new}
        entries += read
        wanted = _names({told for entry in read for told in references_in(entry.resource)})
    return Known(kept, tuple(entries), matches, untold)


async def _matches(
    request: Request, source: str, uow: UnitOfWork
) -> dict[tuple[str, str], tuple[str, ...]]:
    """What the conditions of operations find, and the conditional references."""
    asked = {
        (one.type, one.criteria): read_criteria(one.criteria, one.where).token
        for one in request.operations
        if one.criteria is not None and one.type in TAKEN and not one.refusals
    }
    for entry in request.entries:
        for _, told, _ in entry.references:
            wanted = identifier_asked(told)
            if wanted is not None:
                asked[wanted[0], told] = wanted[1]
    return {
        (kind, query): tuple(await store.find_by_identifier(uow, source, kind, token))
        for (kind, query), token in asked.items()
    }


def _has_parts(name: Name) -> bool:
    return name[0] in ("Encounter", "Patient")


def _names(references: set[str]) -> set[Name]:
    return {name for told in references if (name := name_of(told)) is not None}


def _entry(kept: Kept) -> Entry:
    """Its place is its type: what is wrong with it is told as of any resource of that type."""
    return Entry(kept.type, kept.type, kept.id, read_json(kept.content, kept.type))
