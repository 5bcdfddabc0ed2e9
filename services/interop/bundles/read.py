"""What a transaction bundle tells: patients, appointments and finished visits with their charges.

Sources: FHIR R4 (4.0.1) Patient, Coverage, Appointment, Encounter, Condition, Claim. A visit's
charges are the items of the claims that name it; other resources are taken and not looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from pydantic import ValidationError

from services.interop.appointments.model import Act, ToldAppointment
from services.interop.appointments.read import AppointmentFacts, read_appointment
from services.interop.bundles.charges import (
    TAKEN_BACK,
    claims_of,
    read_insurance,
    read_visit_facts,
    taken_back,
)
from services.interop.bundles.links import is_replaced, read_merges
from services.interop.bundles.model import Bundle, Entry, as_list, as_object, as_text, refuse
from services.interop.bundles.people import read_patient_facts, read_practitioner
from services.interop.connections.model import Connection
from services.interop.encounters.model import ToldVisit, ToldVoid, encounter_id_of
from services.interop.encounters.read import read_visit
from services.interop.identity.model import Merge
from services.interop.messages.model import Refusal, RefusedError
from services.interop.messages.receive import refusals_of
from services.interop.messages.told import Told, ToldMerges
from services.interop.patients.model import KnownPatient, ToldPatient
from services.interop.patients.read import read_coverage, read_patient

T = TypeVar("T")


def read_transaction(bundle: Bundle, connection: Connection) -> list[Told]:
    """Everything that the bundle tells, or RefusedError with all that is wrong with it."""
    reading = _Reading(bundle, connection)
    told: list[Told | None] = [
        *(reading.attempt(reading.patient, entry) for entry in bundle.of_type("Patient")),
        reading.merges(),
        *(reading.attempt(reading.appointment, e) for e in bundle.of_type("Appointment")),
        *(
            reading.attempt(reading.visit, entry)
            for entry in bundle.of_type("Encounter")
            if entry.resource.get("status") in ("finished", *TAKEN_BACK)
        ),
    ]
    if reading.refusals:
        raise RefusedError(*reading.refusals)
    return [one for one in told if one is not None]


@dataclass(slots=True)
class _Reading:
    """The state of reading one bundle: the patients met so far, and what was wrong."""

    bundle: Bundle
    connection: Connection
    patients: dict[str, KnownPatient] = field(default_factory=dict[str, KnownPatient])
    refusals: list[Refusal] = field(default_factory=list[Refusal])

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
        """Synthea's bundles tell who pays in their claims only, so a patient is told without."""
        if is_replaced(entry):
            return None
        patient = read_patient(read_patient_facts(entry), None, self.connection)
        self.patients[entry.where] = patient
        return ToldPatient(patient, coverage_is_told=False)

    def merges(self) -> ToldMerges | None:
        """What the patients' links tell, all of it together: one may be named from both sides."""

        def read(entry: Entry) -> list[Merge]:
            return list(read_merges(entry, self.bundle, self.connection))

        told = [m for e in self.bundle.of_type("Patient") for m in self.attempt(read, e) or []]
        return ToldMerges(tuple(told)) if told else None

    def appointment(self, entry: Entry) -> ToldAppointment | None:
        """What its status tells; one that nobody has agreed to yet (proposed …) is no booking."""
        acts = _ACTS.get(str(entry.resource.get("status")))
        if acts is None:
            return None
        actors = [as_object(p).get("actor") for p in as_list(entry.resource.get("participant"))]
        patient = next((p for a in actors if (p := self._patient_of(a)) is not None), None)
        if patient is None:
            refuse("patient-missing", f"{entry.where}.participant", "name the bundle's patient")
        providers = (read_practitioner(actor, self.bundle) for actor in actors)
        facts = AppointmentFacts(
            reference=entry.id,
            starts_at=_instant(entry.resource.get("start"), f"{entry.where}.start")
            if "put" in acts
            else None,
            providers=tuple(p for p in providers if p is not None),
            where=entry.where,
        )
        return read_appointment(facts, acts, patient, self.connection)

    def visit(self, entry: Entry) -> ToldVisit | ToldVoid | None:
        """A finished visit, paid as its claims say, or one that is taken back."""
        reason = taken_back(entry, self.bundle)
        if reason is not None:
            over = self.connection
            named = encounter_id_of(over.practice_id, over.source_system, entry.id)
            return ToldVoid(named, reason)
        patient = self._patient_of(entry.resource.get("subject"))
        if patient is None:
            if self.bundle.follow(entry.resource.get("subject")) is not None:
                return None  # its patient was refused, which was told already
            refuse("patient-missing", f"{entry.where}.subject", "send the patient in the bundle")
        facts = read_visit_facts(entry, self.bundle, self.connection)
        insurance = read_insurance(claims_of(entry, self.bundle), self.bundle)
        if self.connection.profile.chart_number_is_member_id:
            insurance = [
                one if one.member_id else replace(one, member_id=patient.mrn) for one in insurance
            ]
        return read_visit(
            facts,
            patient,
            read_coverage(insurance, self.connection) if insurance else None,
            coverage_is_told=bool(insurance),
            connection=self.connection,
            source="fhir",
        )

    def _patient_of(self, reference: object) -> KnownPatient | None:
        entry = self.bundle.follow(reference)
        if entry is not None and entry.type == "Patient" and is_replaced(entry):
            refuse("patient-replaced", entry.where, "name the patient that replaced this one")
        return None if entry is None else self.patients.get(entry.where)


_ACTS: dict[str, tuple[Act, ...]] = {
    **dict.fromkeys(("booked", "arrived", "checked-in"), ("put",)),
    "fulfilled": ("put", "complete"),
    "cancelled": ("cancel",),
    "noshow": ("miss",),
    "entered-in-error": ("delete",),
}
"""What an Appointment.status tells (FHIR R4 value set appointmentstatus)."""


def _instant(value: object, where: str) -> datetime:
    text = as_text(value)
    try:
        return datetime.fromisoformat(text or "")
    except ValueError:
        refuse("not-a-time", where, "write the time as FHIR's instant, with its offset")
