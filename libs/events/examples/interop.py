"""One canonical instance of each event of interop; tests override what they are about."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from libs.events.contracts.interop import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentChanged,
    AppointmentCompleted,
    AppointmentMissed,
    ChargeLine,
    EncounterCorrected,
    EncounterPosted,
    EncounterReplaced,
    EncounterVoided,
    PatientMerged,
    PatientRegistered,
    PatientUnmerged,
    PatientUpdated,
)
from libs.events.contracts.interop_connections import InterfaceDown, InterfaceUp
from libs.events.contracts.interop_queries import (
    QueryAnswered,
    QueryOpened,
    QueryOpenedV1,
    QueryOverdue,
    QueryWithdrawn,
)
from libs.events.contracts.people import Coverage, Person

NAMESPACE = uuid5(NAMESPACE_URL, "https://mainstay.example/examples")
PRACTICE = uuid5(NAMESPACE, "practice")
CONNECTION = uuid5(NAMESPACE, "connection")
PATIENT = uuid5(NAMESPACE, "patient")
OTHER_CHART = uuid5(NAMESPACE, "the patient's other chart")
APPOINTMENT = uuid5(NAMESPACE, "appointment")
ENCOUNTER = uuid5(NAMESPACE, "encounter")
QUERY = uuid5(NAMESPACE, "query")

NPI = "1234567893"
"""The example number of 45 CFR 162.406's check digit rule."""

PERSON = Person(
    family="Rivera",
    given="Alma",
    birth_on=date(1984, 5, 17),
    sex="F",
    address_line="12 Orchard Street",
    city="Columbus",
    state="OH",
    postal_code="43004",
    phone="+16145550142",
    email="alma.rivera@mail.example",
    language="en",
)

COVERAGE = Coverage(
    payer_id="BUCKEYE01",
    payer_name="Buckeye Mutual",
    member_id="BM4471",
    group_number="G100",
)


def line(**changes: Any) -> ChargeLine:
    """An annual wellness visit, pointing at the first diagnosis."""
    fields: dict[str, Any] = {
        "line_number": 1,
        "procedure_code": "G0439",
        "diagnosis_pointers": (1,),
    }
    return ChargeLine(**{**fields, **changes})


def patient_registered(**changes: Any) -> PatientRegistered:
    return PatientRegistered(**{**_PATIENT, **changes})


def patient_updated(**changes: Any) -> PatientUpdated:
    moved = PERSON.model_copy(update={"address_line": "7 Mill Lane"})
    fields: dict[str, Any] = {**_PATIENT, "person": moved, **changes}
    return PatientUpdated(**fields)


_PATIENT: dict[str, Any] = {
    "practice_id": PRACTICE,
    "patient_id": PATIENT,
    "mrn": "MRN-1001",
    "person": PERSON,
    "coverage": COVERAGE,
}


def patient_merged(**changes: Any) -> PatientMerged:
    return PatientMerged(**{**_MERGE, **changes})


def patient_unmerged(**changes: Any) -> PatientUnmerged:
    return PatientUnmerged(**{**_MERGE, **changes})


_MERGE: dict[str, Any] = {
    "practice_id": PRACTICE,
    "patient_id": OTHER_CHART,
    "survivor_id": PATIENT,
}


def appointment_booked(**changes: Any) -> AppointmentBooked:
    fields: dict[str, Any] = {
        "practice_id": PRACTICE,
        "appointment_id": APPOINTMENT,
        "patient_id": PATIENT,
        "provider_npi": NPI,
        "starts_at": datetime(2026, 3, 5, 14, 30, tzinfo=UTC),
        "starts_on": date(2026, 3, 5),
    }
    return AppointmentBooked(**{**fields, **changes})


def appointment_changed(**changes: Any) -> AppointmentChanged:
    fields: dict[str, Any] = {
        "practice_id": PRACTICE,
        "appointment_id": APPOINTMENT,
        "patient_id": PATIENT,
        "provider_npi": NPI,
        "starts_at": datetime(2026, 3, 12, 15, tzinfo=UTC),
        "starts_on": date(2026, 3, 12),
    }
    return AppointmentChanged(**{**fields, **changes})


def appointment_cancelled(**changes: Any) -> AppointmentCancelled:
    fields: dict[str, Any] = {
        "practice_id": PRACTICE,
        "appointment_id": APPOINTMENT,
        "patient_id": PATIENT,
        "starts_on": date(2026, 3, 5),
        "reason": "cancelled",
    }
    return AppointmentCancelled(**{**fields, **changes})


def appointment_completed(**changes: Any) -> AppointmentCompleted:
    fields: dict[str, Any] = {
        "practice_id": PRACTICE,
        "appointment_id": APPOINTMENT,
        "patient_id": PATIENT,
        "starts_on": date(2026, 3, 5),
    }
    return AppointmentCompleted(**{**fields, **changes})


def appointment_missed(**changes: Any) -> AppointmentMissed:
    fields: dict[str, Any] = {
        "practice_id": PRACTICE,
        "appointment_id": APPOINTMENT,
        "patient_id": PATIENT,
        "starts_on": date(2026, 3, 5),
    }
    return AppointmentMissed(**{**fields, **changes})


def encounter_posted(**changes: Any) -> EncounterPosted:
    fields: dict[str, Any] = {
        "practice_id": PRACTICE,
        "encounter_id": ENCOUNTER,
        "patient_id": PATIENT,
        "provider_npi": NPI,
        "service_on": date(2026, 3, 2),
        "place_of_service": "11",
        "diagnoses": ("Z00.00",),
        "lines": (line(),),
        "person": PERSON,
        "coverage": COVERAGE,
        "source": "hl7v2",
    }
    return EncounterPosted(**{**fields, **changes})


REPLACED = EncounterReplaced(
    event_id=uuid5(NAMESPACE, "posted"), service_on=date(2026, 3, 2), provider_npi=NPI
)


def encounter_corrected(**changes: Any) -> EncounterCorrected:
    """The visit of `encounter_posted` with a second unit, a day later."""
    told = encounter_posted(
        service_on=date(2026, 3, 3), lines=(line(units=2),), ehr_charge_cents=17_800
    )
    fields: dict[str, Any] = {name: getattr(told, name) for name in type(told).model_fields}
    fields |= {"replaces": REPLACED, **changes}
    return EncounterCorrected(**fields)


def encounter_voided(**changes: Any) -> EncounterVoided:
    fields: dict[str, Any] = {
        "practice_id": PRACTICE,
        "encounter_id": ENCOUNTER,
        "patient_id": PATIENT,
        "reason": "entered-in-error",
        "replaces": REPLACED,
    }
    return EncounterVoided(**{**fields, **changes})


_QUESTION: dict[str, Any] = {
    "practice_id": PRACTICE,
    "query_id": QUERY,
    "encounter_id": ENCOUNTER,
    "connection_id": CONNECTION,
    "reason": "unmapped-diagnosis",
    "code_system": "http://snomed.info/sct",
    "code": "29857009",
    "service_on": date(2026, 3, 2),
}
_ABOUT_QUERY: dict[str, Any] = {
    "practice_id": PRACTICE,
    "query_id": QUERY,
    "encounter_id": ENCOUNTER,
}


def query_opened_v1(**changes: Any) -> QueryOpenedV1:
    return QueryOpenedV1(**{**_QUESTION, **changes})


def query_opened(**changes: Any) -> QueryOpened:
    fields: dict[str, Any] = {
        **_QUESTION,
        "asked": "clinician",
        "due_on": date(2026, 3, 16),
        **changes,
    }
    return QueryOpened(**fields)


def query_answered(**changes: Any) -> QueryAnswered:
    fields: dict[str, Any] = {**_ABOUT_QUERY, **changes}
    return QueryAnswered(**fields)


def query_withdrawn(**changes: Any) -> QueryWithdrawn:
    fields: dict[str, Any] = {**_ABOUT_QUERY, **changes}
    return QueryWithdrawn(**fields)


def query_overdue(**changes: Any) -> QueryOverdue:
    fields: dict[str, Any] = {**_ABOUT_QUERY, "due_on": date(2026, 3, 16), **changes}
    return QueryOverdue(**fields)


def interface_down(**changes: Any) -> InterfaceDown:
    fields: dict[str, Any] = {
        "practice_id": PRACTICE,
        "connection_id": CONNECTION,
        "kind": "hl7v2",
        "source_system": "ehr",
        "reason": "silent",
        "last_seen_at": datetime(2026, 3, 2, 14, 5, tzinfo=UTC),
        "down_on": date(2026, 3, 2),
    }
    return InterfaceDown(**{**fields, **changes})


def interface_up(**changes: Any) -> InterfaceUp:
    fields: dict[str, Any] = {
        "practice_id": PRACTICE,
        "connection_id": CONNECTION,
        "because": "heard",
    }
    return InterfaceUp(**{**fields, **changes})
