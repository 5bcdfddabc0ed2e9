"""What one line of an export is, and what of that which was kept is told: decisions, without I/O.

Every line is kept by itself, whatever it refers to and in whatever order; what the kept resources
mean is told afterwards, patients first. So the order inside an export decides nothing.

Sources: FHIR Bulk Data Access 2.0, Bulk Data Kick-off Request (references are by type and id, or
absolute URLs of the exported server, and are looked for in the files) and Output File Request (one
resource a line, in its latest version).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from pydantic import ValidationError

from services.interop.bulk.lines import LONGEST_LINE, Line
from services.interop.connections.model import Connection
from services.interop.fhir.charges import service_on, taken_back
from services.interop.fhir.check import is_resource_type
from services.interop.fhir.elements import as_object
from services.interop.fhir.history import whole_of
from services.interop.fhir.links import is_linked
from services.interop.fhir.model import (
    TAKEN,
    Entry,
    Name,
    Resource,
    View,
    name_of,
    owner_references,
    references_in,
    refuse,
)
from services.interop.fhir.operations import Operation
from services.interop.fhir.read import Reading, instant, is_told
from services.interop.fhir.references import is_needed, missing_of
from services.interop.fhir.request import R4_ONLY, checked
from services.interop.fhir.strict import read_json
from services.interop.fhir.versions import renamed
from services.interop.messages.model import Refusal, RefusedError
from services.interop.messages.receive import refusals_of
from services.interop.messages.told import Told, ToldMerges

Kind = Literal["Patient", "Link", "Appointment", "Encounter"]
KINDS: tuple[Kind, ...] = ("Patient", "Link", "Appointment", "Encounter")
"""What is told, in its order; Link: the merges that a patient's links tell."""

Subject = tuple[Kind, str]
"""What is told, by its resource's id."""


_ABSOLUTE = re.compile(r"https?://[^?#]+/(([A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(?:/_history/.+)?)")


@dataclass(frozen=True, slots=True)
class ReadLine:
    """A line and its resource. Neither `operation` nor `refusals`: its type is passed over."""

    number: int
    type: str
    raw: bytes = field(repr=False)
    operation: Operation | None = None
    refusals: tuple[Refusal, ...] = ()

    @property
    def entry(self) -> Entry:
        assert self.operation is not None
        assert self.operation.entry is not None
        return self.operation.entry


def read_line(line: Line, connection: Connection) -> ReadLine:
    if line.raw is None:
        fix = f"send at most {LONGEST_LINE} bytes a line"
        return ReadLine(line.number, "", b"", refusals=(Refusal("too-long", "Resource", fix),))
    kind = ""
    try:
        resource = read_resource(line.raw)
        kind = _kind_of(resource.get("resourceType"))
        if kind not in TAKEN:
            return ReadLine(line.number, kind, line.raw)
        if "id" not in resource:
            refuse("id-missing", f"{kind}.id", "send the id by which others refer to it")
        operation = checked(Operation(kind, kind, "PUT"), resource, (None, "", 0), connection)
        entry = operation.entry
        assert entry is not None
        refusals = (*operation.refusals, *_misaddressed(entry))
    except RefusedError as refused:
        return ReadLine(line.number, kind, line.raw, refusals=refused.refusals)
    if refusals:
        return ReadLine(line.number, kind, line.raw, refusals=refusals)
    return ReadLine(line.number, kind, line.raw, operation)


def read_resource(raw: bytes) -> Resource:
    """An absolute reference is to the server that was exported, so it is read by type and id."""
    resource = as_object(read_json(raw, "Resource"))
    found = ((told, _ABSOLUTE.fullmatch(told)) for told in references_in(resource))
    names = {told: own[1] for told, own in found if own is not None and own[2] in TAKEN}
    return as_object(renamed(resource, names)) if names else resource


def _kind_of(told: Any) -> str:
    if not isinstance(told, str) or not told.isalpha() or not told.isascii():
        refuse("resource-missing", "Resource", "send one resource a line, with its resourceType")
    if told == "Bundle":
        refuse("nested-bundle", "Bundle", "send its entries' resources, one a line")
    if not is_resource_type(told) and not told.startswith(R4_ONLY):
        refuse("type-unknown", "Resource", "send a type of resource of R4")
    return told


def _misaddressed(entry: Entry) -> Iterator[Refusal]:
    """What a resource is not understood without is named by type and id, as an export does."""
    fix = "refer by type and id, such as Patient/ID: nothing else can be found in an export"
    for place, told, _ in entry.references:
        is_named = name_of(told) is not None or told.startswith("#")
        if not is_named and is_needed(entry, place, told):
            yield Refusal("reference-form", f"{entry.where}.{place}", fix)


def touched_by(entry: Entry) -> list[Subject]:
    """What there is to tell because of a resource: itself, and what it is a part of."""
    names = [(entry.type, entry.id)]
    names += filter(None, map(name_of, owner_references(entry.type, entry.resource)))
    if entry.type == "Patient" and is_linked(entry):
        names.append(("Link", entry.id))
    found: dict[Subject, None] = {
        (kind, one): None for told, one in names for kind in KINDS if kind == told
    }
    return list(found)


def resource_of(subject: Subject) -> Name:
    kind, one = subject
    return ("Patient" if kind == "Link" else kind), one


@dataclass(frozen=True, slots=True)
class Tale:
    """What a kept subject comes to: it is told, or is history, or is refused, and why."""

    told: tuple[Told, ...] = ()
    is_history: bool = False
    refusals: tuple[Refusal, ...] = ()
    awaited: tuple[Name, ...] = ()
    """Of a refused one: what it refers to that is not here, and its patient; when that comes, or
    that one is told, it is told."""

    def refused(self, *refusals: Refusal) -> Tale:
        return Tale(refusals=refusals, awaited=self.awaited)


class Teller:
    """Tells subjects that are in sight of one another."""

    def __init__(self, view: View, connection: Connection) -> None:
        self._view = view
        self._connection = connection
        self._reading = Reading(view, connection)

    def tell(self, subject: Subject, visits_from: date) -> Tale:
        kind, one = subject
        entry = self._view.find("/".join(resource_of(subject)))
        if entry is None:
            fix = f"send this {kind}, in any file; what belongs to it is taken then"
            unknown = Refusal("reference-unknown", kind, fix)
            return Tale(refusals=(unknown,), awaited=((kind, one),))
        whole = whole_of(entry, self._view)
        lacking = missing_of(whole, self._view)
        awaited = _awaited(whole, self._view)
        try:
            if _is_history(kind, entry, self._view, self._connection, visits_from):
                return Tale(is_history=True)
            if lacking:
                return Tale(refusals=tuple(lacking), awaited=awaited)
            return Tale(told=tuple(self._told(kind, entry)), awaited=awaited)
        except RefusedError as refused:
            return Tale(refusals=refused.refusals, awaited=awaited)
        except ValidationError as error:
            return Tale(refusals=refusals_of(error, entry.where), awaited=awaited)

    def _told(self, kind: Kind, entry: Entry) -> Sequence[Told]:
        reading = self._reading
        match kind:
            case "Patient":
                found = reading.patient(entry)
            case "Link":
                merges = reading.merges_of(entry)
                found = ToldMerges(tuple(merges)) if merges else None
            case "Appointment":
                found = reading.appointment(entry)
            case "Encounter":
                is_over = is_told(entry, self._view, is_whole=False)
                found = reading.visit(entry) if is_over else None
        return () if found is None else (found,)


def _is_history(
    kind: Kind, entry: Entry, view: View, connection: Connection, visits_from: date
) -> bool:
    """A visit or an appointment before the day; one that is taken back is no history."""
    if kind == "Encounter" and taken_back(entry, view) is None:
        return service_on(entry, connection) < visits_from
    if kind == "Appointment" and entry.resource.get("start") is not None:
        starts_at = instant(entry.resource["start"], f"{entry.where}.start")
        return starts_at.astimezone(connection.zone).date() < visits_from
    return False


def _awaited(whole: Sequence[Entry], view: View) -> tuple[Name, ...]:
    told = dict.fromkeys(one for entry in whole for one in references_in(entry.resource))
    names = ((name_of(one), view.find(one) is None) for one in told)
    return tuple(
        {name: None for name, is_missing in names if name and (is_missing or name[0] == "Patient")}
    )


NOT_REGISTERED = "take what is wrong with this patient out of the way first, then it is told"


def unregistered(where: str) -> Refusal:
    """Of a visit or an appointment whose patient was refused."""
    return Refusal("patient-unknown", where, NOT_REGISTERED)
