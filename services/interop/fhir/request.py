"""A body as what it asks for: resources to keep, each with its place, id and condition.

Sources: FHIR R4 §2.1.0 (resource ids), §3.1.0.8 (create), §3.1.0.7 (update), §2.36 (Bundle), §2.4.0
(messaging).
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from hashlib import sha256
from typing import Any, Literal, cast
from uuid import uuid5

from services.interop.connections.model import Connection
from services.interop.fhir.check import check_resource, is_resource_type
from services.interop.fhir.elements import as_object
from services.interop.fhir.model import TAKEN, Entry, Resource
from services.interop.fhir.operations import Kind, Operation, Request, asked, repeated
from services.interop.fhir.shapes import elements_of
from services.interop.fhir.strict import read_json, read_members
from services.interop.messages.model import Refusal, RefusedError

MOST_ENTRIES = 100_000
"""Of a transaction or a message."""

MOST_IN_BATCH = 1_000
"""Entries of a batch: each is a transaction of its own."""

MOST_WRONG = 1_000
"""Things that are told to be wrong: after so many, no further entry is looked at."""

_KINDS: dict[str, Kind] = {"transaction": "transaction", "batch": "batch", "message": "message"}

R4_ONLY = (
    "EffectEvidenceSynthesis",
    "MedicinalProduct",
    "RiskEvidenceSynthesis",
    "Substance",
)
"""What names of types begin with that R4 has and R4B has not."""

_UUID_URL = re.compile(r"urn:uuid:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})", re.IGNORECASE)


def read_bundle(body: bytes, connection: Connection) -> Request:
    """Raises RefusedError where it is no bundle that is taken; an entry keeps its own refusals."""
    members: dict[str, Any] = {}
    operations: list[Operation] = []
    seed = sha256(body).hexdigest()
    wrong = 0
    for name, value in read_members(body, "entry", "Bundle"):
        if name != "entry[]":
            members[name] = value
        elif len(operations) == MOST_ENTRIES:
            raise RefusedError(_too_many(MOST_ENTRIES))
        elif wrong >= MOST_WRONG:
            raise RefusedError(*(one for each in operations for one in each.refusals))
        else:
            operations.append(_operation(as_object(value), len(operations), seed, connection))
            wrong += len(operations[-1].refusals)
    kind = _kind(members)
    if not operations:
        raise RefusedError(Refusal("empty-bundle", "Bundle.entry", "send at least one entry"))
    if kind == "batch" and len(operations) > MOST_IN_BATCH:
        raise RefusedError(_too_many(MOST_IN_BATCH))
    header = _header(operations[0]) if kind == "message" else None
    operations = [_with_resource(one) if kind == "message" else asked(one) for one in operations]
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
    operation = checked(operation, resource, (None, seed, 0), connection)
    if id is not None and resource.get("id") != id:
        operation = operation.refused("id-mismatch", f"{kind}.id", "send the id of the address")
    return Request("resource", (operation,))


def _too_many(most: int) -> Refusal:
    return Refusal("too-many-entries", "Bundle.entry", f"send at most {most} entries in a bundle")


def _kind(members: dict[str, Any]) -> Kind:
    if members.get("resourceType") != "Bundle":
        raise RefusedError(Refusal("not-a-bundle", "Bundle", "send a Bundle resource as JSON"))
    around = {name: value for name, value in members.items() if name != "entry"}
    refusals = check_resource(around, "Bundle").refusals if "type" in around else []
    if refusals and {one.code for one in refusals} != {"code-unknown"}:
        raise RefusedError(*refusals)
    kind = _KINDS.get(str(members.get("type")))
    if kind is None:
        fix = "send a bundle of type transaction, batch or message"
        raise RefusedError(Refusal("bundle-type", "Bundle.type", fix))
    return kind


def read_entry(row: Resource, place: int, seed: str, connection: Connection) -> Operation:
    """An entry of a batch by itself: its place, and its batch's hash, are in the id it is given."""
    return asked(_operation(row, place, seed, connection))


def _operation(told: Resource, place: int, seed: str, connection: Connection) -> Operation:
    if not told.keys() <= _OF_AN_ENTRY:
        fix = "send nothing but fullUrl, resource, request and what only tells of them"
        operation = Operation(f"Bundle.entry[{place}].resource", sent=told)
        return operation.refused("unknown-element", "", fix)
    resource = as_object(told.get("resource"))
    asks = as_object(told.get("request"))
    kind = _text(resource, "resourceType") or ""
    is_type = kind.isalpha() and kind.isascii()
    operation = Operation(
        where=f"Bundle.entry[{place}].resource",
        type=kind if is_type and kind != "Bundle" else "",
        method=_text(asks, "method"),
        url=_text(asks, "url"),
        full_url=_text(told, "fullUrl"),
        criteria=_text(asks, "ifNoneExist"),
        if_match=_text(asks, "ifMatch"),
        if_none_match=_text(asks, "ifNoneMatch"),
        sent=told,
    )
    if operation.full_url is None and "fullUrl" in told:
        operation = operation.refused("json-type", ".fullUrl", "send a JSON string")
    if operation.method == "GET" and "resource" not in told:
        return operation
    if not is_type:
        return operation.refused("resource-missing", ".resource", _NO_RESOURCE)
    if kind == "Bundle":
        return operation.refused("nested-bundle", ".resource", "send its entries themselves")
    if not is_resource_type(kind) and not kind.startswith(R4_ONLY):
        operation = replace(operation, type="")
        return operation.refused("type-unknown", ".resource", "send a type of resource of R4")
    return checked(operation, resource, (operation.full_url, seed, place), connection)


_OF_AN_ENTRY = elements_of("BundleEntry").keys() - {"modifierExtension"}


def _text(told: Resource, name: str) -> str | None:
    value = told.get(name)
    return value if isinstance(value, str) else None


def checked(
    operation: Operation,
    resource: Resource,
    named: tuple[str | None, str, int],
    connection: Connection,
) -> Operation:
    """With its entry, where its type is taken; a message's header is looked at likewise."""
    kind = operation.type
    if kind not in TAKEN and kind != "MessageHeader":
        # Most of a large bundle may be such: nothing of them needs memory but that they were there.
        return replace(operation, sent={**operation.sent, "resource": {"resourceType": kind}})
    checked = check_resource(cast(dict[str, Any], resource), operation.where)
    entry = Entry(
        where=operation.where,
        type=kind,
        id=_id_of(resource, kind, named, connection),
        resource=resource,
        full_url=named[0],
        references=tuple(checked.references),
    )
    return replace(operation, entry=entry, refusals=(*operation.refusals, *checked.refusals))


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


_NO_RESOURCE = "send a resource with its resourceType"


def _with_resource(operation: Operation) -> Operation:
    """A message asks for nothing; each of its entries is a resource."""
    if operation.type or operation.refusals:
        return operation
    return operation.refused("resource-missing", ".resource", _NO_RESOURCE)


def _header(operation: Operation) -> Resource:
    if operation.type != "MessageHeader" or operation.entry is None:
        fix = "send the MessageHeader first"
        raise RefusedError(Refusal("message-header-missing", "Bundle.entry[0].resource", fix))
    return operation.entry.resource


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
            one = repeated(one)
        seen |= names
        found.append(one)
    return found
