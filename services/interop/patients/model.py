"""Who a patient is: deterministic for now, by the number on the chart and who gave it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from uuid import UUID, uuid5

from libs.events.contracts.interop import PatientRegistered, PatientUpdated
from libs.events.contracts.people import Coverage, Person
from libs.events.contracts.values import PatientId, PracticeId


@dataclass(frozen=True, slots=True)
class KnownPatient:
    """What a practice knows of a patient."""

    practice_id: UUID
    patient_id: UUID
    mrn: str = field(repr=False)
    person: Person = field(repr=False)
    coverage: Coverage | None = field(repr=False)

    def registered(self) -> PatientRegistered:
        return PatientRegistered(
            practice_id=PracticeId(self.practice_id),
            patient_id=PatientId(self.patient_id),
            mrn=self.mrn,
            person=self.person,
            coverage=self.coverage,
        )

    def updated(self) -> PatientUpdated:
        return PatientUpdated(
            practice_id=PracticeId(self.practice_id),
            patient_id=PatientId(self.patient_id),
            mrn=self.mrn,
            person=self.person,
            coverage=self.coverage,
        )


@dataclass(frozen=True, slots=True)
class ToldPatient:
    """A patient as a message tells them, and what it says nothing of."""

    patient: KnownPatient
    coverage_is_told: bool
    """False: the message says nothing of who pays."""
    untold: frozenset[str] = frozenset()
    """Fields of the person that the message says nothing of."""


def decide(
    known: KnownPatient | None, told: ToldPatient
) -> tuple[KnownPatient, PatientRegistered | PatientUpdated | None]:
    """What is known after the message, and the event where that is new.

    What a message says nothing of stays as it was known.
    """
    if known is None:
        return told.patient, told.patient.registered()
    kept = {name: getattr(known.person, name) for name in told.untold}
    now_known = replace(
        told.patient,
        person=told.patient.person.model_copy(update=kept),
        coverage=told.patient.coverage if told.coverage_is_told else known.coverage,
    )
    return now_known, None if now_known == known else now_known.updated()


def patient_id_of(practice_id: UUID, authority: str, mrn: str) -> PatientId:
    """The same chart number of the same authority in the same practice is the same patient."""
    return PatientId(uuid5(practice_id, json.dumps(["patient", authority, mrn])))
