"""What a request does to the resources that are kept: new ones, new versions, or nothing.

Sources: FHIR R4 §3.1.0.7.1 (conditional update), §3.1.0.8.1 (conditional create), §3.1.0.5
(versions and If-Match), §3.1.0.11.2 (references within a transaction).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Literal, cast

import orjson

from services.interop.connections.model import Connection
from services.interop.fhir.model import (
    TAKEN,
    Entry,
    Name,
    Resource,
    Token,
    Untold,
    View,
    identifiers_of,
    name_of,
    owner_references,
)
from services.interop.fhir.operations import Operation, Request
from services.interop.fhir.read import patients_met, read_view
from services.interop.messages.model import Refusal, RefusedError
from services.interop.messages.told import Told

Effect = Literal["created", "updated", "unchanged", "matched", "passed over", "read"]
_ETAG = re.compile(r'(?:W/)?"(\d{1,18})"')
_RELATIVE = re.compile(r"[A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64}")


@dataclass(frozen=True, slots=True)
class Kept:
    """A resource as it was sent last; `content` is its JSON in the one spelling that is kept."""

    type: str
    id: str
    version: int
    changed_at: datetime
    content: bytes = field(repr=False)
    sent_at: datetime
    """When its EHR sent it; earlier than `changed_at` where it was refused first."""


@dataclass(frozen=True, slots=True)
class Known:
    """What was sent before, as far as a request needs it."""

    kept: Mapping[Name, Kept] = field(repr=False)
    entries: tuple[Entry, ...] = field(repr=False)
    """The same, readable."""
    matches: Mapping[tuple[str, str], tuple[str, ...]] = field(repr=False)
    """The ids that (type, query) finds."""
    untold: Untold = field(default_factory=dict[Name, date])
    """Of those, what an import has kept and not told."""


@dataclass(frozen=True, slots=True)
class Change:
    """What one operation comes to."""

    operation: Operation
    effect: Effect
    type: str = ""
    id: str = ""
    version: int = 0
    content: bytes = field(default=b"", repr=False)
    owners: tuple[Name, ...] = ()
    identifiers: tuple[Token, ...] = field(default=(), repr=False)

    @property
    def is_saved(self) -> bool:
        return self.effect in ("created", "updated")


@dataclass(frozen=True, slots=True)
class Decided:
    """All that a request comes to."""

    changes: tuple[Change, ...]
    told: tuple[Told, ...] = field(repr=False)
    met: tuple[Name, ...] = ()
    """Patients that were only kept until now, and are told with it."""


def decide_request(
    request: Request, known: Known, connection: Connection, sent_at: datetime | None = None
) -> Decided:
    """All of it, or RefusedError with everything that is wrong.

    `sent_at`: of a request that is taken again, when it came first.
    """
    if request.refusals:
        raise RefusedError(*request.refusals)
    placed: list[Operation] = []
    aliases: dict[str, str] = {}
    refusals: list[Refusal] = []
    for operation in request.operations:
        try:
            placed.append(_placed(operation, known, aliases))
        except RefusedError as refused:
            refusals += refused.refusals
    if refusals:
        raise RefusedError(*refusals)
    entries = tuple(one.entry for one in placed if one.entry and one.type in TAKEN)
    view = View(entries, known.entries, aliases)
    told = read_view(
        view,
        connection,
        is_whole=request.kind in ("transaction", "message"),
        passed_over=request.passed_over,
        untold=known.untold,
    )
    changes = tuple(change_of(one, view, known) for one in placed)
    if sent_at is not None:
        _refuse_superseded(changes, known, sent_at)
    return Decided(changes, tuple(told), tuple(patients_met(entries, known.untold)))


def _refuse_superseded(changes: tuple[Change, ...], known: Known, sent_at: datetime) -> None:
    """A resource that was sent anew since is not set back to what it was to be before."""
    fix = "this resource was sent anew since, with other content; its sender sends this again"
    found = [
        Refusal("superseded", one.operation.where, fix)
        for one in changes
        if one.effect == "updated" and known.kept[one.type, one.id].sent_at > sent_at
    ]
    if found:
        raise RefusedError(*found)


def _placed(operation: Operation, known: Known, aliases: dict[str, str]) -> Operation:
    """With the id that its condition decides; without an entry where nothing is to be done."""
    entry = operation.entry
    if entry is None or operation.type not in TAKEN:
        return operation
    if operation.criteria is not None:
        found = known.matches.get((operation.type, operation.criteria), ())
        if len(found) > 1:
            fix = "this query finds more than one resource; send one that finds the one you mean"
            raise RefusedError(Refusal("matches-several", operation.where, fix))
        if found and operation.method == "POST":
            if operation.full_url is not None:
                aliases[operation.full_url] = f"{operation.type}/{found[0]}"
            return replace(operation, entry=None, found=found[0])
        if found:
            if entry.resource.get("id") not in (None, found[0]):
                fix = "leave out the id, or send that of the resource that the query finds"
                raise RefusedError(Refusal("id-mismatch", f"{operation.where}.id", fix))
            operation = replace(operation, entry=replace(entry, id=found[0]))
    _check_version(operation, known)
    return operation


def _check_version(operation: Operation, known: Known) -> None:
    entry = operation.entry
    if operation.if_match is None or entry is None:
        return
    kept = known.kept.get((entry.type, entry.id))
    found = _ETAG.fullmatch(operation.if_match.strip())
    if found is None or kept is None or int(found[1]) != kept.version:
        fix = "read the resource again, and send your change with If-Match and its ETag"
        raise RefusedError(Refusal("version-stale", operation.where, fix))


def change_of(operation: Operation, view: View, known: Known) -> Change:
    entry = operation.entry
    if operation.found is not None:
        kept = known.kept[operation.type, operation.found]
        return Change(operation, "matched", kept.type, kept.id, kept.version, kept.content)
    if operation.reads is not None:
        return Change(operation, "read", operation.type)
    if entry is None or operation.type not in TAKEN:
        return Change(operation, "passed over", operation.type)
    resource = settled(entry, view)
    content = write_json(resource)
    kept = known.kept.get((entry.type, entry.id))
    if kept is not None and kept.content == content:
        return Change(operation, "unchanged", entry.type, entry.id, kept.version, content)
    owners = (_owner(told, view) for told in owner_references(entry.type, resource))
    return Change(
        operation,
        "created" if kept is None else "updated",
        entry.type,
        entry.id,
        1 if kept is None else kept.version + 1,
        content,
        tuple({one: None for one in owners if one is not None}),
        tuple(identifiers_of(resource)),
    )


def _owner(told: str, view: View) -> Name | None:
    """Whose part it is; in an import also of what was not heard of yet."""
    found = view.find(told)
    return name_of(told) if found is None else (found.type, found.id)


def settled(entry: Entry, view: View) -> Resource:
    """The resource as it is kept: with its id, without a version, its references by type and id."""
    meta = {
        name: value
        for name, value in cast(dict[str, Any], entry.resource.get("meta", {})).items()
        if name not in ("versionId", "lastUpdated")
    }
    told = {name: value for name, value in entry.resource.items() if name not in ("id", "meta")}
    resource = {**told, "id": entry.id} | ({"meta": meta} if meta else {})
    names: dict[str, str] = {}
    for _, reference, _ in entry.references:
        if not _RELATIVE.fullmatch(reference) and not reference.startswith("#"):
            found = view.find(reference)
            if found is not None:
                names[reference] = f"{found.type}/{found.id}"
    return cast(Resource, renamed(resource, names)) if names else resource


def renamed(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [renamed(one, names) for one in cast(list[Any], value)]
    if not isinstance(value, dict):
        return value
    return {
        name: names.get(one, one)
        if name == "reference" and isinstance(one, str)
        else renamed(one, names)
        for name, one in cast(dict[str, Any], value).items()
    }


def write_json(value: Any) -> bytes:
    """In one spelling; a decimal is written with the digits that it was read with."""
    written = orjson.dumps(value, default=_number, option=orjson.OPT_SORT_KEYS)
    return bytes(memoryview(written))  # a copy: orjson's own keeps its buffer, kilobytes, alive


def _number(value: Any) -> orjson.Fragment:
    return orjson.Fragment(str(value))
