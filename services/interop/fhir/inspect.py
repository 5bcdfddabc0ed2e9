"""What a body of FHIR JSON comes to, without a database: for `mainstay fhir inspect`, and tests."""

from __future__ import annotations

from dataclasses import dataclass, field

from services.interop.connections.model import Connection
from services.interop.fhir.elements import as_object
from services.interop.fhir.model import TAKEN, Entry, View
from services.interop.fhir.operations import Operation, Request
from services.interop.fhir.read import read_view
from services.interop.fhir.request import read_bundle, read_one
from services.interop.fhir.strict import read_json
from services.interop.fhir.uscore import warnings_of
from services.interop.identity.model import decide_merges
from services.interop.messages.model import Refusal, RefusedError
from services.interop.messages.told import Told, ToldMerges
from services.interop.patients.model import ToldPatient


@dataclass(frozen=True, slots=True)
class ReadResource:
    """One resource of the body. `is_taken` False: refused, or of a type that is passed over."""

    where: str
    type: str
    id: str | None
    is_taken: bool
    refusals: tuple[Refusal, ...] = ()
    warnings: tuple[Refusal, ...] = ()
    """What US Core looks for and does not find; nothing is refused for it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a body comes to where nothing was sent before it."""

    kind: str
    """transaction, batch, message, or resource for a single one; empty where it cannot be read."""
    resources: tuple[ReadResource, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    """Everything that is wrong, in the order of the body."""
    told: tuple[Told, ...] = field(default=(), repr=False)
    """What is understood; of a transaction or message with refusals, nothing."""


def read_resources(body: bytes, connection: Connection) -> Reading:
    """Never raises for what the body holds: all that is wrong with it is in the reading."""
    try:
        request = _request(body, connection)
    except RefusedError as refused:
        return Reading(kind="", refusals=refused.refusals)
    if request.kind == "batch":
        return _batch(request, connection)
    try:
        told = read_request(request, connection)
    except RefusedError as refused:
        return _reading(request, refused.refusals, [])
    return _reading(request, (), told)


def read_request(request: Request, connection: Connection) -> list[Told]:
    """All of it, or RefusedError: what a transaction, a message or a single resource tells."""
    if request.refusals:
        raise RefusedError(*request.refusals)
    view = View(request.entries)
    is_whole = request.kind in ("transaction", "message")
    told = read_view(view, connection, is_whole=is_whole, passed_over=request.passed_over)
    _check_merges(told)
    return told


def _check_merges(told: list[Told]) -> None:
    """Raises RefusedError where charts are merged in a loop, or into one that is not told of."""
    known = {one.patient.patient_id for one in told if isinstance(one, ToldPatient)}
    merges = [merge for one in told if isinstance(one, ToldMerges) for merge in one.merges]
    decide_merges({}, merges, known)


def _request(body: bytes, connection: Connection) -> Request:
    try:
        return read_bundle(body, connection)
    except RefusedError as refused:
        if refused.refusals[0].code != "not-a-bundle":
            raise
        kind = as_object(read_json(body, "Bundle")).get("resourceType")
        if not isinstance(kind, str) or kind not in TAKEN:
            raise
        return read_one(body, kind, connection, method="POST")


def _batch(request: Request, connection: Connection) -> Reading:
    """Each entry on its own, in its order; it sees those that were taken before it."""
    known: list[Entry] = []
    told: list[Told] = []
    refusals: list[Refusal] = []
    for operation in request.operations:
        alone = Request("resource", (operation,))
        try:
            if alone.refusals:
                raise RefusedError(*alone.refusals)
            view = View(alone.entries, tuple(known))
            found = read_view(view, connection, is_whole=False)
            _check_merges([*told, *found])
        except RefusedError as refused:
            refusals += refused.refusals
        else:
            known += alone.entries
            told += found
    return _reading(request, tuple(refusals), told)


def _reading(request: Request, refusals: tuple[Refusal, ...], told: list[Told]) -> Reading:
    resources = tuple(_resource(one, refusals, request.kind) for one in request.operations)
    return Reading(request.kind, resources, refusals, tuple(told))


def _resource(operation: Operation, refusals: tuple[Refusal, ...], kind: str) -> ReadResource:
    place = operation.place
    own = tuple(r for r in refusals if r.where == place or r.where.startswith(f"{place}."))
    entry = operation.entry
    is_known_type = entry is not None and operation.type in TAKEN
    return ReadResource(
        where=operation.where,
        type=operation.type,
        id=None if entry is None else entry.id,
        is_taken=is_known_type and not (own if kind == "batch" else refusals),
        refusals=own,
        warnings=() if entry is None else tuple(warnings_of(entry.resource, entry.where)),
    )
