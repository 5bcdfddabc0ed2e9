"""What FHIR resources tell: patients, appointments and finished visits with their charges.

Sources: FHIR R4 (4.0.1) Patient, Coverage, Appointment, Encounter, Condition, Claim, ChargeItem. A
visit's charges are the items of the claims that name it, and the charge items of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from pydantic import ValidationError

from services.interop.appointments.model import Act, ToldAppointment
from services.interop.appointments.read import AppointmentFacts, read_appointment
from services.interop.connections.model import Connection
from services.interop.encounters.model import ToldVisit, ToldVoid, encounter_id_of
from services.interop.encounters.read import insurance_of, read_visit
from services.interop.fhir.charges import (
    TAKEN_BACK,
    charge_items_of,
    claims_of,
    read_visit_facts,
    taken_back,
)
from services.interop.fhir.elements import as_list, as_object, as_text
from services.interop.fhir.history import is_kept_only
from services.interop.fhir.insurance import coverages_of, read_insurance
from services.interop.fhir.links import is_replaced, read_merges
from services.interop.fhir.model import Entry, Name, Untold, View, name_of, refuse
from services.interop.fhir.people import (
    had_died_by,
    read_patient_facts,
    read_practitioner,
)
from services.interop.fhir.references import unresolved
from services.interop.identity.model import Merge
from services.interop.messages.model import Refusal, RefusedError
from services.interop.messages.receive import refusals_of
from services.interop.messages.told import Told, ToldMerges
from services.interop.patients.model import KnownPatient, ToldPatient
from services.interop.patients.read import CoverageFacts, read_patient

T = TypeVar("T")

MOST_MERGES = 1_000
"""In a request; each is looked at beside all the others."""


def read_view(
    view: View,
    connection: Connection,
    *,
    is_whole: bool,
    passed_over: frozenset[str] = frozenset(),
    untold: Untold | None = None,
) -> list[Told]:
    """Everything that the request's entries tell, or RefusedError with all that is wrong.

    `is_whole`: the request says all there is of its visits. Otherwise a finished visit is told once
    it has a charge, because its parts come one by one. `untold`: what an import has kept only.
    """
    kept = untold or {}
    reading = Reading(view, connection, refusals=unresolved(view, passed_over))
    known = (view.find("/".join(name)) for name in patients_met(view.entries, kept))
    patients = {id(e): e for e in (*_with_owners("Patient", view), *known) if e is not None}

    def visit(entry: Entry) -> ToldVisit | ToldVoid | None:
        if is_kept_only(entry, view, connection, kept):
            return None
        return reading.visit(entry) if is_told(entry, view, is_whole=is_whole) else None

    told: list[Told | None] = [
        *(reading.attempt(reading.patient, entry) for entry in patients.values()),
        reading.merges(),
        *(reading.attempt(reading.appointment, e) for e in view.of_type("Appointment")),
        *(reading.attempt(visit, entry) for entry in _with_owners("Encounter", view)),
    ]
    if reading.refusals:
        raise RefusedError(*reading.refusals)
    return [one for one in told if one is not None]


def patients_met(entries: Iterable[Entry], untold: Untold) -> list[Name]:
    """Whom a request is or refers to, and who was only kept until now: nobody knows them yet."""
    names = {name_of(told) for entry in entries for _, told, _ in entry.references}
    names |= {(entry.type, entry.id) for entry in entries}
    return sorted(one for one in untold if one in names and one[0] == "Patient")


def is_told(visit: Entry, view: View, *, is_whole: bool) -> bool:
    """Is it over and charged, or taken back?"""
    if visit.resource.get("status") != "finished" or is_whole:
        return visit.resource.get("status") in ("finished", *TAKEN_BACK)
    charges = claims_of(visit, view) or charge_items_of(visit, view)
    return bool(charges) or taken_back(visit, view) is not None


def _with_owners(kind: str, view: View) -> Iterable[Entry]:
    """The request's own of a type, then the ones sent before that it has parts for."""
    own = list(view.of_type(kind))
    others = [owner for part in view.entries for owner in view.owners_of(part)]
    return {id(e): e for e in (*own, *(o for o in others if o.type == kind))}.values()


@dataclass(slots=True)
class Reading:
    """The state of reading: the patients met so far, and what was wrong."""

    view: View
    connection: Connection
    patients: dict[int, KnownPatient | None] = field(default_factory=dict[int, KnownPatient | None])
    refusals: list[Refusal] = field(default_factory=list[Refusal])
    _unresolved: frozenset[str] = frozenset()
    """The places of the references that lead nowhere, or to what they may not lead to."""
    reasons: frozenset[tuple[str, str]] = frozenset()
    """The codes that the practice's map takes for a diagnosis."""

    def __post_init__(self) -> None:
        self._unresolved = frozenset(one.where for one in self.refusals)
        codes = self.connection.profile.codes
        self.reasons = frozenset((r.system, r.code) for r in codes if r.kind == "diagnosis")

    def attempt(self, read: Callable[[Entry], T], entry: Entry) -> T | None:
        """Read on after a refusal, so that the sender hears of everything at once."""
        try:
            return read(entry)
        except RefusedError as refused:
            self.refusals.extend(refused.refusals)
        except ValidationError as error:
            self.refusals.extend(refusals_of(error, entry.where))
        return None

    def patient(self, entry: Entry) -> ToldPatient | None:
        """With the coverages that name the patient; Synthea tells who pays in claims only."""
        self.patients[id(entry)] = None
        if is_replaced(entry):
            return None
        told = coverages_of(entry, self.view)
        facts = read_patient_facts(entry)
        insurance = insurance_of(self._with_members(told, facts.mrn), self.connection)
        patient = read_patient(facts, insurance.first, self.connection)
        self.patients[id(entry)] = patient
        return ToldPatient(patient, coverage_is_told=insurance.is_told)

    def merges(self) -> ToldMerges | None:
        """What the patients' links tell, all of it together: one may be named from both sides."""

        found = [self.attempt(self.merges_of, entry) for entry in self.view.of_type("Patient")]
        told = [merge for merges in found for merge in merges or ()]
        if len(told) > MOST_MERGES:
            fix = f"tell of at most {MOST_MERGES} merged records in a bundle"
            raise RefusedError(*self.refusals, Refusal("too-many-entries", "Bundle.entry", fix))
        return ToldMerges(tuple(told)) if told else None

    def merges_of(self, entry: Entry) -> list[Merge]:
        return list(read_merges(entry, self.view, self.connection))

    def appointment(self, entry: Entry) -> ToldAppointment | None:
        """What its status tells; one that nobody has agreed to yet (proposed …) is no booking."""
        acts = _ACTS.get(str(entry.resource.get("status")))
        if acts is None:
            return None
        where = f"{entry.where}.participant"
        actors = [as_object(p).get("actor") for p in as_list(entry.resource.get("participant"))]
        followed = (self.view.follow(actor, entry) for actor in actors)
        patients = (one for one in followed if one and one.type == "Patient" and not one.container)
        found = next(patients, None)
        patient = None if found is None else self._known(found, where)
        if found is None:
            places = [f"{where}[{number}].actor" for number in range(len(actors))]
            return self._nobody(places, where, "name the patient")
        if patient is None:
            return None  # what is wrong with the patient is told already
        starts_at = None
        if "put" in acts:
            starts_at = instant(entry.resource.get("start"), f"{entry.where}.start")
            if had_died_by(starts_at, found):
                fix = "this patient is told to have died; cancel it, or mend the Patient"
                refuse("patient-deceased", where, fix)
        providers = (read_practitioner(actor, entry, self.view) for actor in actors)
        facts = AppointmentFacts(
            reference=entry.id,
            starts_at=starts_at,
            providers=tuple(p for p in providers if p is not None),
            where=entry.where,
        )
        return read_appointment(facts, acts, patient, self.connection)

    def visit(self, entry: Entry) -> ToldVisit | ToldVoid | None:
        """A finished visit, paid as its claims say, or one that is taken back."""
        over, where = self.connection, f"{entry.where}.subject"
        reason = taken_back(entry, self.view)
        if reason is not None:
            named = encounter_id_of(over.practice_id, over.source_system, entry.id)
            return ToldVoid(named, reason)
        subject = self.view.follow(entry.resource.get("subject"), entry)
        if subject is None or subject.type != "Patient" or subject.container is not None:
            return self._nobody([where], where, "say whose visit it is")
        patient = self._known(subject, where)
        if patient is None:
            return None  # what is wrong with the patient is told already
        facts = read_visit_facts(entry, self.view, over, self.reasons)
        told = read_insurance(claims_of(entry, self.view), self.view)
        insurance = insurance_of(self._with_members(told, patient.mrn), over)
        return read_visit(facts, patient, insurance, connection=over, source="fhir")

    def _known(self, entry: Entry, where: str) -> KnownPatient | None:
        """The patient of an entry; one that was sent before is read when it is first met."""
        if is_replaced(entry):
            refuse("patient-replaced", where, "name the patient that replaced this one")
        if id(entry) not in self.patients:
            self.patients[id(entry)] = read_patient(
                read_patient_facts(entry), None, self.connection
            )
        return self.patients[id(entry)]

    def _nobody(self, references: list[str], where: str, fix: str) -> None:
        """Refuse what names no patient; that a name leads to nobody in sight was told already."""
        if not any(f"{one}.reference" in self._unresolved for one in references):
            refuse("patient-missing", where, fix)

    def _with_members(self, insurance: list[CoverageFacts], mrn: str) -> list[CoverageFacts]:
        """For an EHR that names a payer without the member's number."""
        if not self.connection.profile.chart_number_is_member_id:
            return insurance
        return [one if one.member_id else replace(one, member_id=mrn) for one in insurance]


_ACTS: dict[str, tuple[Act, ...]] = {
    **dict.fromkeys(("booked", "arrived", "checked-in"), ("put",)),
    "fulfilled": ("put", "complete"),
    "cancelled": ("cancel",),
    "noshow": ("miss",),
    "entered-in-error": ("delete",),
}
"""What an Appointment.status tells (FHIR R4 value set appointmentstatus)."""


def instant(value: object, where: str) -> datetime:
    text = as_text(value)
    try:
        return datetime.fromisoformat(text or "")
    except ValueError:
        refuse("not-a-time", where, "write the time as FHIR's instant, with its offset")
