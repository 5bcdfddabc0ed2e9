"""Published by interop: what the practices' EHRs say, once understood."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints

from libs.events.contracts.base import PHI, Contract, Event, Topic
from libs.events.contracts.people import Coverage, Person, ReferringProvider
from libs.events.contracts.values import (
    AppointmentId,
    DiagnosisCode,
    EncounterId,
    Modifier,
    Npi,
    PatientId,
    PositiveCents,
    ProcedureCode,
    Short,
)

PATIENTS = Topic("interop.patients")
APPOINTMENTS = Topic("interop.appointments")
ENCOUNTERS = Topic("interop.encounters")
INGEST = Topic("interop.ingest", retention_days=7)
"""Partners write to it, with a Kafka client of their own; interop takes it from there."""

Source = Literal["hl7v2", "fhir", "cloudevents"]


class ChargeLine(Contract):
    """One service of a visit."""

    line_number: Annotated[int, Field(ge=1, le=50)]
    procedure_code: ProcedureCode
    modifiers: Annotated[tuple[Modifier, ...], Field(max_length=4)] = ()
    units: Annotated[int, Field(ge=1, le=999)] = 1
    diagnosis_pointers: Annotated[tuple[int, ...], Field(min_length=1, max_length=4)]
    """1-based positions in the encounter's diagnoses (X12 837 SV107)."""


class PatientRegistered(Event):
    """The practice knows a new patient."""

    type: ClassVar = "interop.patient-registered.v1"
    topic: ClassVar = PATIENTS
    key: ClassVar = "patient_id"

    patient_id: PatientId
    mrn: Annotated[Short, PHI]
    person: Person
    coverage: Coverage | None = None


class PatientUpdated(Event):
    """What the practice knows of a patient changed; carries the whole new state."""

    type: ClassVar = "interop.patient-updated.v1"
    topic: ClassVar = PATIENTS
    key: ClassVar = "patient_id"

    patient_id: PatientId
    mrn: Annotated[Short, PHI]
    person: Person
    coverage: Coverage | None = None


class PatientMerged(Event):
    """This chart's patient goes by another chart from now on (HL7 v2 ADT^A40, §3.3.40; FHIR R4
    Patient.link `replaced-by`).

    Keyed by the chart that was merged, so the last event of a key says where it belongs, whatever
    the order between keys. `survivor_id` is never merged itself: when it is, later, this is said
    again of every chart in it. One look-up finds the survivor; there are no chains to follow.
    """

    type: ClassVar = "interop.patient-merged.v1"
    topic: ClassVar = PATIENTS
    key: ClassVar = "patient_id"

    patient_id: PatientId
    """The chart that was merged; perhaps never registered."""
    survivor_id: PatientId


class PatientUnmerged(Event):
    """A merged chart stands for itself again (HL7 v2 ADT^A37, §3.3.37, or an operator).

    What was said of the survivor meanwhile stays the survivor's.
    """

    type: ClassVar = "interop.patient-unmerged.v1"
    topic: ClassVar = PATIENTS
    key: ClassVar = "patient_id"

    patient_id: PatientId
    survivor_id: PatientId
    """Whom it was merged into until now."""


class AppointmentBooked(Event):
    """A patient is expected at a time."""

    type: ClassVar = "interop.appointment-booked.v1"
    topic: ClassVar = APPOINTMENTS
    key: ClassVar = "appointment_id"

    appointment_id: AppointmentId
    patient_id: PatientId
    provider_npi: Npi | None = None
    starts_at: AwareDatetime
    starts_on: date
    """The day of the appointment in the practice's time zone."""


class AppointmentChanged(Event):
    """A booked appointment was moved or given to another clinician; carries the whole new state.

    HL7 v2 SIU^S13 and S14 (v2.5.1 §10.4), FHIR R4 Appointment.
    """

    type: ClassVar = "interop.appointment-changed.v1"
    topic: ClassVar = APPOINTMENTS
    key: ClassVar = "appointment_id"

    appointment_id: AppointmentId
    patient_id: PatientId
    provider_npi: Npi | None = None
    starts_at: AwareDatetime
    starts_on: date
    """The day of the appointment in the practice's time zone."""


class AppointmentCancelled(Event):
    """An appointment will not take place. The same one may be booked again.

    HL7 v2 SIU^S15 and S17 (v2.5.1 §10.4), FHIR R4 Appointment.status cancelled, entered-in-error.
    """

    type: ClassVar = "interop.appointment-cancelled.v1"
    topic: ClassVar = APPOINTMENTS
    key: ClassVar = "appointment_id"

    appointment_id: AppointmentId
    patient_id: PatientId
    starts_on: date
    reason: Literal["cancelled", "booked-in-error"]
    """booked-in-error: there never was such an appointment, it is not to be counted."""


class AppointmentCompleted(Event):
    """The visit that was booked took place, also where it was told as missed before.

    HL7 v2 SIU^S14 with filler status Complete (table 0278), ADT^A03 or DFT^P03 of the booked visit,
    FHIR R4 Appointment.status fulfilled.
    """

    type: ClassVar = "interop.appointment-completed.v1"
    topic: ClassVar = APPOINTMENTS
    key: ClassVar = "appointment_id"

    appointment_id: AppointmentId
    patient_id: PatientId
    starts_on: date


class AppointmentMissed(Event):
    """The patient did not come (HL7 v2 SIU^S26)."""

    type: ClassVar = "interop.appointment-missed.v1"
    topic: ClassVar = APPOINTMENTS
    key: ClassVar = "appointment_id"

    appointment_id: AppointmentId
    patient_id: PatientId
    starts_on: date


class EncounterPosted(Event):
    """A visit is complete and may be billed: it says all that a claim needs."""

    type: ClassVar = "interop.encounter-posted.v1"
    topic: ClassVar = ENCOUNTERS
    key: ClassVar = "encounter_id"

    encounter_id: EncounterId
    patient_id: PatientId
    provider_npi: Npi
    """The rendering clinician."""
    service_on: date
    place_of_service: Annotated[str, StringConstraints(pattern=r"^[0-9]{2}$")]
    """CMS place of service code."""
    diagnoses: Annotated[tuple[DiagnosisCode, ...], Field(min_length=1, max_length=12)]
    lines: Annotated[tuple[ChargeLine, ...], Field(min_length=1, max_length=50)]
    person: Person
    coverage: Coverage | None = None
    """None: the patient pays."""
    other_coverages: Annotated[tuple[Coverage, ...], Field(max_length=2)] = ()
    """What pays after `coverage`, in order: the secondary, the tertiary."""
    prior_authorization: Annotated[Short | None, PHI] = None
    """The payer's number for a service it agreed to beforehand (X12 837 2300 REF*G1)."""
    referring: ReferringProvider | None = None
    source: Source
    ehr_charge_cents: PositiveCents | None = None
    """What the EHR asked, where it said so; the fee schedule decides."""


class EncounterReplaced(Contract):
    """What a corrected or voided visit said before, as far as a count of visits needs it."""

    event_id: UUID
    """The event that said it."""
    service_on: date
    provider_npi: Npi


class EncounterCorrected(Event):
    """A visit that was posted is otherwise; carries the whole new state, and what that replaces.

    A visit that was voided and is sent again after all is corrected too: it then replaces nothing.
    """

    type: ClassVar = "interop.encounter-corrected.v1"
    topic: ClassVar = ENCOUNTERS
    key: ClassVar = "encounter_id"

    encounter_id: EncounterId
    patient_id: PatientId
    provider_npi: Npi
    """The rendering clinician."""
    service_on: date
    place_of_service: Annotated[str, StringConstraints(pattern=r"^[0-9]{2}$")]
    """CMS place of service code."""
    diagnoses: Annotated[tuple[DiagnosisCode, ...], Field(min_length=1, max_length=12)]
    lines: Annotated[tuple[ChargeLine, ...], Field(min_length=1, max_length=50)]
    person: Person
    coverage: Coverage | None = None
    """None: the patient pays."""
    other_coverages: Annotated[tuple[Coverage, ...], Field(max_length=2)] = ()
    """What pays after `coverage`, in order: the secondary, the tertiary."""
    prior_authorization: Annotated[Short | None, PHI] = None
    """The payer's number for a service it agreed to beforehand (X12 837 2300 REF*G1)."""
    referring: ReferringProvider | None = None
    source: Source
    ehr_charge_cents: PositiveCents | None = None
    """What the EHR asked, where it said so; the fee schedule decides."""
    replaces: EncounterReplaced | None = None
    """None: the visit was voided. Interop fills it in, also of what a partner sends."""

    def as_posted(self) -> EncounterPosted:
        """The visit as it is now, as if it had been posted so; under this event's id."""
        told = {name: getattr(self, name) for name in EncounterPosted.model_fields}
        return EncounterPosted(**told).with_event_id(self.event_id)


class EncounterVoided(Event):
    """A visit that was posted is taken back: it was entered in error, or all of it was credited.

    FHIR R4 Encounter.status and Claim.status `entered-in-error` and `cancelled`; HL7 v2 FT1-6 CR.
    """

    type: ClassVar = "interop.encounter-voided.v1"
    topic: ClassVar = ENCOUNTERS
    key: ClassVar = "encounter_id"

    encounter_id: EncounterId
    patient_id: PatientId
    reason: Literal["entered-in-error", "cancelled", "credited"]
    replaces: EncounterReplaced | None = None
    """Never None where interop says it; a partner may leave it out, interop fills it in."""
