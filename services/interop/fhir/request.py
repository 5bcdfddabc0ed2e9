"""A body as what it asks for: resources to keep, each with its place, id and condition.

Sources: FHIR R4 §2.1.0 (resource ids), §3.1.0.8 (create), §3.1.0.7 (update), §3.1.0.11 (batch and
transaction), §2.36 (Bundle), §2.4.0 (messaging).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, Literal, cast
from uuid import uuid5

from services.interop.connections.model import Connection
from services.interop.fhir.check import check_resource, is_resource_type
from services.interop.fhir.model import TAKEN, Entry, Resource, as_object
from services.interop.fhir.strict import read_json, read_members
from services.interop.messages.model import Refusal, RefusedError

MOST_ENTRIES = 100_000
"""Of a transaction or a message."""

MOST_IN_BATCH = 1_000
"""Entries of a batch: each is a transaction of its own."""

Kind = Literal["transaction", "batch", "message", "resource"]
_KINDS: dict[str, Kind] = {"transaction": "transaction", "batch": "batch", "message": "message"}

_R4_ONLY = (
    "EffectEvidenceSynthesis",
    "MedicinalProduct",
    "RiskEvidenceSynthesis",
    "Substance",
)
"""What names of types begin with that R4 has and R4B has not."""

_URL = re.compile(r"([A-Z][A-Za-z]+)(?:/([A-Za-z0-9\-.]{1,64}))?(?:\?(.+))?")
_UUID_URL = re.compile(r"urn:uuid:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Operation:
    """One resource to create or update; `entry` None: its type is passed over, or it is refused."""

    where: str
    """Of the resource, as a FHIRPath expression."""
    type: str = ""
    method: str | None = None
    url: str | None = field(default=None, repr=False)
    entry: Entry | None = None
    full_url: str | None = None
    criteria: str | None = field(default=None, repr=False)
    """Of a conditional create or update: the query that decides which resource is meant."""
    if_match: str | None = None
    found: str | None = None
    """The id of the resource that a conditional create found: nothing is to be done."""
    refusals: tuple[Refusal, ...] = ()

    @property
    def is_passed_over(self) -> bool:
        return not self.refusals and self.type not in TAKEN

    def refused(self, code: str, place: str, fix: str) -> Operation:
        """The same, also refused for this; `place` is below the entry, or the whole place."""
        where = self.where.removesuffix(".resource") + place if place[0] == "." else place
        return replace(self, refusals=(*self.refusals, Refusal(code, where, fix)))


@dataclass(frozen=True, slots=True)
class Request:
    """What a body asks for, in its order."""

    kind: Kind
    operations: tuple[Operation, ...]
    header: Resource | None = field(default=None, repr=False)
    """The MessageHeader of a message, which is the first of its operations."""

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        return tuple(one for operation in self.operations for one in operation.refusals)

    @property
    def passed_over(self) -> frozenset[str]:
        """The full URLs of what is not taken; others may refer to it."""
        return frozenset(
            one.full_url for one in self.operations if one.full_url and one.type not in TAKEN
        )

    @property
    def entries(self) -> tuple[Entry, ...]:
        """What is taken of it: not refused, and not passed over."""
        found = (one.entry for one in self.operations if not one.refusals)
        return tuple(one for one in found if one is not None and one.type in TAKEN)


def read_bundle(body: bytes, connection: Connection) -> Request:
    """Raises RefusedError where it is no bundle that is taken; an entry keeps its own refusals."""
    members: dict[str, Any] = {}
    operations: list[Operation] = []
    seed = sha256(body).hexdigest()
    for name, value in read_members(body, "entry", "Bundle"):
        if name != "entry[]":
            members[name] = value
        elif len(operations) < MOST_ENTRIES:
            operations.append(_operation(value, len(operations), seed, connection))
        else:
            raise RefusedError(_too_many(MOST_ENTRIES))
    kind = _kind(members)
    if not operations:
        raise RefusedError(Refusal("empty-bundle", "Bundle.entry", "send at least one entry"))
    if kind == "batch" and len(operations) > MOST_IN_BATCH:
        raise RefusedError(_too_many(MOST_IN_BATCH))
    header = _header(operations[0]) if kind == "message" else None
    if kind != "message":
        operations = [_asked(one) for one in operations]
    return Request(kind, tuple(_each_once(operations)), header)


def read_one(
    body: bytes,
    kind: str,
    connection: Connection,
    *,
    method: Literal["POST", "PUT"],
    id: str | None = None,
    criteria: str | None = None,
    if_match: str | None = None,
) -> Request:
    """One resource, of the type and id that its address names; raises RefusedError."""
    found = read_json(body, kind)
    resource = as_object(found)
    told = resource.get("resourceType")
    if told != kind:
        code = "resource-missing" if told is None else "type-mismatch"
        raise RefusedError(Refusal(code, kind, f"send a {kind} resource, as the address says"))
    operation = Operation(kind, kind, method, criteria=criteria, if_match=if_match)
    seed = sha256(body).hexdigest()
    operation = _checked(operation, resource, (None, seed, 0), connection)
    if id is not None and resource.get("id") != id:
        operation = operation.refused("id-mismatch", f"{kind}.id", "send the id of the address")
    return Request("resource", (operation,))


def _too_many(most: int) -> Refusal:
    return Refusal("too-many-entries", "Bundle.entry", f"send at most {most} entries in a bundle")


def _kind(members: dict[str, Any]) -> Kind:
    if members.get("resourceType") != "Bundle":
        raise RefusedError(Refusal("not-a-bundle", "Bundle", "send a Bundle resource as JSON"))
    kind = _KINDS.get(str(members.get("type")))
    if kind is None:
        fix = "send a bundle of type transaction, batch or message"
        raise RefusedError(Refusal("bundle-type", "Bundle.type", fix))
    return kind


def _operation(row: Any, place: int, seed: str, connection: Connection) -> Operation:
    told = as_object(row)
    asked = as_object(told.get("request"))
    resource = as_object(told.get("resource"))
    texts = {name: value for name, value in asked.items() if isinstance(value, str)}
    url = told.get("fullUrl")
    operation = Operation(
        where=f"Bundle.entry[{place}].resource",
        method=texts.get("method"),
        url=texts.get("url"),
        full_url=url if isinstance(url, str) else None,
        criteria=texts.get("ifNoneExist"),
        if_match=texts.get("ifMatch"),
    )
    kind = resource.get("resourceType")
    if not isinstance(kind, str) or not kind.isalpha() or not kind.isascii():
        fix = "send a resource with its resourceType"
        return operation.refused("resource-missing", ".resource", fix)
    if kind == "Bundle":
        return operation.refused("nested-bundle", ".resource", "send its entries themselves")
    if not is_resource_type(kind) and not kind.startswith(_R4_ONLY):
        return operation.refused("type-unknown", ".resource", "send a type of resource of R4")
    operation = replace(operation, type=kind)
    return _checked(operation, resource, (operation.full_url, seed, place), connection)


def _checked(
    operation: Operation,
    resource: Resource,
    named: tuple[str | None, str, int],
    connection: Connection,
) -> Operation:
    """With its entry, where its type is taken; a message's header is looked at likewise."""
    kind = operation.type
    if kind not in TAKEN and kind != "MessageHeader":
        return operation
    checked = check_resource(cast(dict[str, Any], resource), operation.where)
    entry = Entry(
        where=operation.where,
        type=kind,
        id=_id_of(resource, kind, named, connection),
        resource=resource,
        full_url=named[0],
        references=tuple(checked.references),
    )
    return replace(operation, entry=entry, refusals=tuple(checked.refusals))


def _id_of(
    resource: Resource, kind: str, named: tuple[str | None, str, int], connection: Connection
) -> str:
    """Its own; else its bundle's name for it; else one that the same content always gets.

    So a resource that is sent again, because its answer was lost, is the same resource.
    """
    own = resource.get("id")
    if isinstance(own, str):
        return own
    full_url, seed, place = named
    found = _UUID_URL.fullmatch(full_url or "")
    if found is not None:
        return found[1].lower()
    name = json.dumps([connection.source_system, kind, seed, place])
    return str(uuid5(connection.practice_id, name))


def _header(operation: Operation) -> Resource:
    if operation.type != "MessageHeader" or operation.entry is None:
        fix = "send the MessageHeader first"
        raise RefusedError(Refusal("message-header-missing", "Bundle.entry[0].resource", fix))
    return operation.entry.resource


def _asked(operation: Operation) -> Operation:
    """What `request` asks for, checked."""
    if operation.method not in ("POST", "PUT"):
        return operation.refused("method-not-taken", ".request.method", "send POST or PUT")
    if not operation.type:
        return operation
    url = operation.url or ""
    if "://" in url or url.startswith("//"):
        fix = "send an address relative to this server, such as Patient"
        return operation.refused("url-foreign", ".request.url", fix)
    found = _URL.fullmatch(url)
    if found is None or found[1] != operation.type:
        fix = f"send {_EXPECTED[operation.method].format(operation.type)}"
        return operation.refused("url-mismatch", ".request.url", fix)
    return _addressed(operation, found[2], found[3])


_EXPECTED = {"POST": "{0}", "PUT": "{0}/ID, or {0}?identifier=SYSTEM|VALUE"}


def _addressed(operation: Operation, id: str | None, query: str | None) -> Operation:
    fix = f"send {_EXPECTED[operation.method or ''].format(operation.type)}"
    if operation.method == "POST":
        if id is not None or query is not None:
            return operation.refused("url-mismatch", ".request.url", fix)
        return operation
    if (id is None) == (query is None):
        return operation.refused("url-mismatch", ".request.url", fix)
    if query is not None:
        return replace(operation, criteria=query)
    if operation.entry is not None and operation.entry.resource.get("id") != id:
        return operation.refused("id-mismatch", ".resource.id", "send the id of the address")
    return operation


def _each_once(operations: list[Operation]) -> list[Operation]:
    """A resource comes once in a bundle, and each full URL names one (FHIR R4 §3.1.0.11.2)."""
    seen: set[str] = set()
    found: list[Operation] = []
    for one in operations:
        entry = one.entry
        names = {one.full_url} if one.full_url else set[str]()
        if entry is not None:
            names.add(f"{entry.type}/{entry.id}")
        if names & seen:
            one = one.refused("duplicate-entry", ".fullUrl", "send each resource once")
        seen |= names
        found.append(one)
    return found
