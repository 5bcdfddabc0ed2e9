"""A visit as its EHR told it, and whether it says all that a claim needs.

It is complete when its charges, diagnoses, clinician, place and coverage are there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Literal
from uuid import UUID, uuid5

from pydantic import Field

from libs.events.contracts import PHI, Contract
from libs.events.contracts.interop import ChargeLine, EncounterPosted, Source
from libs.events.contracts.people import Coverage, ReferringProvider
from libs.events.contracts.values import (
    EncounterId,
    Modifier,
    Npi,
    PatientId,
    PositiveCents,
    PracticeId,
    QueryId,
    Short,
)
from services.interop.connections.model import PlaceOfService
from services.interop.patients.model import KnownPatient

Reason = Literal[
    "unmapped-diagnosis",
    "unmapped-procedure",
    "missing-diagnosis",
    "missing-charge",
    "missing-provider",
    "unmapped-place",
    "missing-coverage",
]
Asked = Literal["clinician", "front-desk"]
VoidReason = Literal["entered-in-error", "cancelled", "credited"]
SELF_PAY = "self-pay"
"""The front desk's answer to `missing-coverage`; a coverage itself comes with its registration."""

MOST_POINTERS = 4
"""A service line points at no more diagnoses (X12 837 SV107)."""


class SourceCode(Contract):
    """A code as the EHR wrote it."""

    system: Short
    code: Short


class SourceLine(Contract):
    """A charge as the EHR wrote it; `diagnoses` are 1-based places in the visit's diagnoses."""

    procedure: SourceCode
    modifiers: Annotated[tuple[Modifier, ...], Field(max_length=4)] = ()
    units: Annotated[int, Field(ge=1, le=999)] = 1
    diagnoses: tuple[int, ...] = ()
    transaction_id: Short | None = None
    """The EHR's own number of the charge (HL7 v2 FT1-2): by it, one sent again is recognised."""
    charge_cents: PositiveCents | None = None


class Visit(Contract):
    """A visit as its EHR told it: codes are the EHR's own, translated only when it is posted.

    Its limits are those of the event that it becomes, so that what cannot be posted is refused
    while its sender listens, not when a query about it is answered.
    """

    service_on: date
    place_of_service: PlaceOfService | None
    """None: the practice's map of places does not have the visit's class."""
    provider_npi: Npi | None
    """None: the EHR named no clinician whose NPI we know."""
    diagnoses: Annotated[tuple[SourceCode, ...], PHI, Field(max_length=12)]
    lines: Annotated[tuple[SourceLine, ...], Field(max_length=50)]
    coverage: Annotated[Coverage | None, PHI]
    coverage_is_told: bool
    """False: the message says nothing of it, the visit is paid as the patient is covered."""
    other_coverages: Annotated[tuple[Coverage, ...], PHI, Field(max_length=2)] = ()
    """What pays after `coverage`, in order."""
    prior_authorization: Annotated[Short | None, PHI] = None
    referring: ReferringProvider | None = None
    source: Source
    ehr_charge_cents: PositiveCents | None = None
    visit_class: Short | None = None
    """The EHR's class of the visit, where the map of places does not have it."""
    settled: Annotated[tuple[Short, ...], Field(max_length=500)] = ()
    """Transaction ids of credits and of what they took back: sent again, they change nothing."""


@dataclass(frozen=True, slots=True)
class Question:
    """What only the visit's clinician, or the front desk, can say; a code is a public one."""

    reason: Reason
    system: str | None = None
    code: str | None = None

    @property
    def asked(self) -> Asked:
        """What a visit was is the clinician's to say; where it was and who pays is not clinical."""
        is_clinical = self.reason not in ("unmapped-place", "missing-coverage")
        return "clinician" if is_clinical else "front-desk"

    def id_for(self, encounter_id: UUID) -> QueryId:
        """One query a visit and question, however often the visit is sent."""
        return QueryId(uuid5(encounter_id, json.dumps([self.reason, self.system, self.code])))


Answers = Mapping[Question, str]
Translate = Callable[[Literal["diagnosis", "procedure"], SourceCode], str | None]
"""The practice's signed value map: the code to bill, or None where it has none."""


@dataclass(frozen=True, slots=True)
class Credit:
    """A charge that is taken back (HL7 v2 FT1-6 CR); `where` is its place in the message."""

    line: SourceLine
    where: str


@dataclass(frozen=True, slots=True)
class ToldVisit:
    """A visit and whose it is; `where` is its place in the message, for refusals."""

    encounter_id: UUID
    patient_id: UUID
    visit: Visit
    where: str
    reference: str = field(repr=False)
    """The EHR's own number of the visit."""
    credits: tuple[Credit, ...] = ()
    is_whole: bool = True
    """False: it changes what is known of the visit, adding charges and taking credits off."""


@dataclass(frozen=True, slots=True)
class ToldVoid:
    """A visit that is taken back whole."""

    encounter_id: UUID
    reason: VoidReason


@dataclass(frozen=True, slots=True)
class Complete:
    """All that a claim needs."""

    provider_npi: str
    place_of_service: str
    diagnoses: tuple[str, ...]
    lines: tuple[ChargeLine, ...]


def complete(
    visit: Visit, translate: Translate, answers: Answers, *, is_coverage_known: bool = True
) -> Complete | list[Question]:
    """The visit in billable codes, or everything that somebody has to say first.

    Nothing is guessed: a code is the EHR's own, the practice's map's, or the clinician's answer.
    `is_coverage_known`: who pays is known of the patient, for a visit that says nothing of it.
    """
    open_questions: list[Question] = []

    def ask(question: Question) -> str:
        answer = answers.get(question)
        if answer is None and question not in open_questions:
            open_questions.append(question)
        return answer or ""

    def coded(kind: Literal["diagnosis", "procedure"], code: SourceCode) -> str:
        unmapped = _UNMAPPED[kind]
        return translate(kind, code) or ask(Question(unmapped, code.system, code.code))

    provider = visit.provider_npi or ask(Question("missing-provider"))
    diagnoses = [coded("diagnosis", code) for code in visit.diagnoses]
    if not diagnoses:
        diagnoses = [ask(Question("missing-diagnosis"))]
    procedures = [coded("procedure", line.procedure) for line in visit.lines]
    lines = visit.lines
    if not procedures:
        procedures = [ask(Question("missing-charge"))]
        lines = (SourceLine(procedure=SourceCode(system="answer", code="answer")),)
    place = visit.place_of_service or ask(_place_question(visit))
    if not (visit.coverage_is_told or is_coverage_known):
        ask(Question("missing-coverage"))
    if open_questions:
        return open_questions
    billed = tuple(dict.fromkeys(diagnoses))
    places = [billed.index(diagnosis) + 1 for diagnosis in diagnoses]
    return Complete(
        provider_npi=provider,
        place_of_service=place,
        diagnoses=billed,
        lines=tuple(
            _charge_line(number, line, procedure, places)
            for number, (line, procedure) in enumerate(zip(lines, procedures, strict=True), 1)
        ),
    )


_UNMAPPED: Mapping[Literal["diagnosis", "procedure"], Reason] = {
    "diagnosis": "unmapped-diagnosis",
    "procedure": "unmapped-procedure",
}


def _place_question(visit: Visit) -> Question:
    return Question("unmapped-place", _CLASSES[visit.source], visit.visit_class)


_CLASSES: Mapping[Source, str] = {
    "hl7v2": "http://terminology.hl7.org/CodeSystem/v2-0004",
    "fhir": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
    "cloudevents": "visit-class",
}
"""The code systems of PV1-2 (HL7 v2.5.1 §3.4.3.2) and of Encounter.class (FHIR R4 §8.11)."""


def _charge_line(number: int, line: SourceLine, procedure: str, places: list[int]) -> ChargeLine:
    """A line that names no diagnosis is for the visit's own, in their order."""
    told = line.diagnoses or range(1, len(places) + 1)
    pointers = dict.fromkeys(places[place - 1] for place in told)
    return ChargeLine(
        line_number=number,
        procedure_code=procedure,
        modifiers=line.modifiers,
        units=line.units,
        diagnosis_pointers=tuple(pointers)[:MOST_POINTERS],
    )


def posted(
    visit: Visit,
    found: Complete,
    *,
    practice_id: UUID,
    encounter_id: UUID,
    patient: KnownPatient,
) -> EncounterPosted:
    return EncounterPosted(
        practice_id=PracticeId(practice_id),
        encounter_id=EncounterId(encounter_id),
        patient_id=PatientId(patient.patient_id),
        provider_npi=found.provider_npi,
        service_on=visit.service_on,
        place_of_service=found.place_of_service,
        diagnoses=found.diagnoses,
        lines=found.lines,
        person=patient.person,
        coverage=visit.coverage if visit.coverage_is_told else patient.coverage,
        other_coverages=visit.other_coverages,
        prior_authorization=visit.prior_authorization,
        referring=visit.referring,
        source=visit.source,
        ehr_charge_cents=visit.ehr_charge_cents,
    )


def encounter_id_of(practice_id: UUID, source_system: str, reference: str) -> EncounterId:
    """The same visit of the same EHR in the same practice is the same encounter."""
    return EncounterId(uuid5(practice_id, json.dumps(["encounter", source_system, reference])))
