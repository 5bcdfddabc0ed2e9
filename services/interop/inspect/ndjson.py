"""A file of an export, one resource a line, answered as `POST /fhir/$import` would.

The file is read twice: line by line, and then what belongs to one another, from its places. So
memory holds where each resource is and what a practice would know, never the file.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import BinaryIO

from pydantic import ValidationError

from libs.events.contracts import Event
from services.interop.appointments.model import ToldAppointment
from services.interop.bulk.decide import (
    KINDS,
    ReadLine,
    Subject,
    Tale,
    Teller,
    read_line,
    read_resource,
    touched_by,
    unregistered,
)
from services.interop.bulk.lines import Lines, trimmed
from services.interop.bulk.report import Issue as LineIssue
from services.interop.bulk.report import Report
from services.interop.bulk.sight import look
from services.interop.bulk.tell import AT_ONCE
from services.interop.connections.model import Connection, Profile
from services.interop.encounters.model import ToldVisit
from services.interop.fhir.model import Entry, Name, Token, identifiers_of, name_of
from services.interop.fhir.model import owner_references as owners_told
from services.interop.inspect.fhir import FhirInspection
from services.interop.inspect.model import InspectedFhir, Issue, UnreadableError
from services.interop.inspect.practice import Practice
from services.interop.inspect.sandbox import sandbox
from services.interop.messages.model import Refusal, RefusedError
from services.interop.messages.receive import refusals_of

_PIECE = 256 * 1024
_NAMED_OTHERWISE = ("Location", "Organization", "Practitioner", "PractitionerRole")
"""The types that an export may refer to by an identifier; what a visit needs it names by id."""


def inspect_ndjson(
    path: Path, *, profile: Profile | None, time_zone: str, visits_from: date | None
) -> FhirInspection:
    """As for a practice that knows nothing before the file; raises UnreadableError, OSError."""
    used = sandbox("fhir", profile, time_zone)
    with path.open("rb") as file:
        inspection = _Inspection(used.connection, visits_from or date.min, _FileShelf(file))
        inspection.read(file)
        if not inspection.report.lines:
            raise UnreadableError("empty: give a file with one FHIR resource a line")
        asyncio.run(inspection.tell())
    report = inspection.report
    found = InspectedFhir(
        file=str(path),
        resources=dict(inspection.types),
        accepted=report.lines - len(inspection.refused_lines),
        refused=tuple(map(_issue, report.issues)),
        events=dict(Counter(event.type for event in inspection.events)),
    )
    return FhirInspection(found, used.to_map(inspection.events), used, report.counts["history"])


def _issue(told: LineIssue) -> Issue:
    found = told.refusal
    where = f"line {told.line}: {found.where}"
    return Issue.of(Refusal(found.code, where, found.fix))


class _FileShelf:
    """The resources of the file, by their places in it; of one that comes again, the last."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._places: dict[Name, int] = {}
        self._owners: dict[Name, list[Name]] = {}
        self._parts: dict[Name, dict[Name, None]] = defaultdict(dict)
        self._by_identifier: dict[tuple[str, Token], dict[str, None]] = defaultdict(dict)

    def keep(self, entry: Entry, at: int) -> None:
        name = entry.type, entry.id
        for owner in self._owners.pop(name, ()):
            del self._parts[owner][name]
        told = map(name_of, owners_told(entry.type, entry.resource))
        owners = list(dict.fromkeys(one for one in told if one is not None))
        if owners:
            self._owners[name] = owners
        for owner in owners:
            self._parts[owner][name] = None
        if entry.type in _NAMED_OTHERWISE:
            for token in identifiers_of(entry.resource):
                self._by_identifier[entry.type, token][entry.id] = None
        self._places[name] = at

    async def find(self, names: Iterable[Name]) -> list[Entry]:
        return [self._read(name) for name in names if name in self._places]

    async def parts_of(self, owners: Iterable[Name]) -> list[Name]:
        return [part for owner in owners for part in self._parts.get(owner, ())]

    async def find_by_identifier(self, kind: str, token: Token) -> list[str]:
        return list(self._by_identifier.get((kind, token), ()))

    def _read(self, name: Name) -> Entry:
        self._file.seek(self._places[name])
        resource = read_resource(trimmed(self._file.readline()))
        return Entry(name[0], name[0], name[1], resource)


@dataclass(slots=True)
class _Inspection:
    connection: Connection
    visits_from: date
    shelf: _FileShelf
    practice: Practice = field(default_factory=Practice)
    report: Report = field(default_factory=Report)
    types: Counter[str] = field(default_factory=Counter[str])
    subjects: dict[Subject, int] = field(default_factory=dict[Subject, int])
    """What is to be told, with the last line that it is touched by."""
    refused_lines: set[int] = field(default_factory=set[int])
    events: list[Event] = field(default_factory=list[Event])

    def read(self, file: BinaryIO) -> None:
        lines = Lines()
        while piece := file.read(_PIECE):
            for line in lines.feed(piece):
                self._line(read_line(line, self.connection), line.at)
        for line in lines.end():
            self._line(read_line(line, self.connection), line.at)

    def _line(self, line: ReadLine, at: int) -> None:
        self.report.lines += 1
        if line.type:
            self.types[line.type] += 1
        if line.refusals:
            self._refuse(line.number, line.refusals)
        elif line.operation is not None:
            self.shelf.keep(line.entry, at)
            for subject in touched_by(line.entry):
                self.subjects[subject] = line.number

    def _refuse(self, line: int, refusals: tuple[Refusal, ...]) -> None:
        self.refused_lines.add(line)
        self.report.refuse(line, refusals)

    async def tell(self) -> None:
        for subjects in self._batches():
            teller = Teller(await look(self.shelf, subjects), self.connection)
            for subject in subjects:
                tale = self._take(teller.tell(subject, self.visits_from))
                if tale.refusals:
                    self._refuse(self.subjects[subject], tale.refusals)
                self.report.count("history", tale.is_history)

    def _batches(self) -> Iterator[Sequence[Subject]]:
        """In the order in which the service tells them."""
        for kind in KINDS:
            of_kind = [subject for subject in self.subjects if subject[0] == kind]
            for start in range(0, len(of_kind), AT_ONCE):
                yield of_kind[start : start + AT_ONCE]

    def _take(self, tale: Tale) -> Tale:
        try:
            for one in tale.told:
                needs_patient = isinstance(one, ToldVisit | ToldAppointment)
                if needs_patient and not self.practice.knows(one.patient_id):
                    return tale.refused(unregistered(one.where))
            self.events += self.practice.take(list(tale.told), self.connection)
        except RefusedError as refused:
            return tale.refused(*refused.refusals)
        except ValidationError as error:
            return tale.refused(*refusals_of(error))
        return tale
