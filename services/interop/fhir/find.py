"""What was sent is found again: a resource by its id, or a page of a search."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from libs.events.transport import UnitOfWork
from services.interop.fhir import store
from services.interop.fhir.criteria import Search
from services.interop.fhir.model import refuse
from services.interop.fhir.operations import Operation
from services.interop.fhir.versions import Kept


@dataclass(frozen=True, slots=True)
class Page:
    """One resource more than the search asks for, where there are more; `total` of all pages."""

    search: Search = field(repr=False)
    kept: list[Kept] = field(repr=False)
    total: int


Found = Kept | Page


async def find_one(uow: UnitOfWork, source: str, kind: str, id: str, where: str) -> Kept:
    """Raises RefusedError where there is none."""
    found = await store.find_resources(uow, source, [(kind, id)])
    if not found:
        refuse("not-found", where, "this connection's system has sent no such resource")
    return found[0]


async def find_page(uow: UnitOfWork, source: str, kind: str, wanted: Search) -> Page:
    if wanted.id is None and wanted.token is None:
        found = await store.list_resources(
            uow, source, kind, after=wanted.after, limit=wanted.count + 1
        )
        return Page(wanted, found, await store.count_resources(uow, source, kind))
    ids = None if wanted.id is None else {wanted.id}
    if wanted.token is not None:
        by_identifier = set(await store.find_by_identifier(uow, source, kind, wanted.token))
        ids = by_identifier if ids is None else ids & by_identifier
    names = sorted((kind, one) for one in ids or ())
    total = len(await store.find_resources(uow, source, names))
    later = [name for name in names if name[1] > wanted.after]
    found = await store.find_resources(uow, source, later[: wanted.count + 1])
    found.sort(key=lambda one: one.id)
    return Page(wanted, found, total)


async def find_asked(uow: UnitOfWork, source: str, operations: Iterable[Operation]) -> list[Found]:
    """What the GETs among the operations ask for, in their order; raises RefusedError."""
    found: list[Found] = []
    for one in operations:
        if isinstance(one.reads, str):
            place = f"{one.place}.request.url"
            found.append(await find_one(uow, source, one.type, one.reads, place))
        elif one.reads is not None:
            found.append(await find_page(uow, source, one.type, one.reads))
    return found
