"""What an HL7 v2 message tells: ADT, SIU, DFT^P03, and MDM and ORU in passing (v2.3 to v2.8).

Sources: HL7 v2.5.1 chapters 3 (PID, PV1), 6 (FT1, DG1, IN1) and 10 (SCH, AIP).
"""

from __future__ import annotations

from collections.abc import Callable

from pydantic import ValidationError

from services.interop.appointments.read import read_appointment
from services.interop.appointments.schedule import ToldVisitEnd
from services.interop.connections.model import Connection
from services.interop.encounters.model import encounter_id_of
from services.interop.encounters.read import Insurance, insurance_of, read_visit
from services.interop.messages.model import RefusedError
from services.interop.messages.receive import refusals_of
from services.interop.messages.told import Told
from services.interop.mllp.charges import read_charges
from services.interop.mllp.mapped import find
from services.interop.mllp.merges import read_merges, read_parting
from services.interop.mllp.people import read_chart, read_insurance, read_pid
from services.interop.mllp.places import in_message
from services.interop.mllp.schedule import TRIGGERS, VISIT_NUMBER, acts_of, read_schedule
from services.interop.mllp.segments import Hl7Message, read_day_in, refuse
from services.interop.patients.model import KnownPatient, ToldPatient, patient_id_of
from services.interop.patients.read import read_patient


def read_message(message: Hl7Message, connection: Connection) -> list[Told]:
    """What the message tells; raises RefusedError."""
    code, trigger = message.msh.get(9, 1), message.msh.get(9, 2)
    reader = _READERS.get(f"{code}^{trigger}")
    if reader is None:
        fix = f"types taken here: {', '.join(_READERS)}; do not send others to this port"
        if trigger and any(kind.startswith(f"{code}^") for kind in _READERS):
            refuse("trigger-event-not-taken", "MSH-9.2", fix)
        refuse("message-type-not-taken", "MSH-9", fix)
    if not message.msh.get(10):
        refuse("control-id-missing", "MSH-10", "give each message an id of its own")
    try:
        return reader(message, connection)
    except ValidationError as error:
        fields = connection.profile.fields
        raise RefusedError(*in_message(refusals_of(error), fields)) from None


def _registration(message: Hl7Message, connection: Connection) -> list[Told]:
    """A person is told: with a visit (A01, A04, A05), or without (A08, A28, A31).

    Each registers a patient who is not known yet: an update is what a feed begins with that was
    opened after the patient came (HL7 v2.5.1 §3.3.1, .4, .5, .8, .28, .31).
    """
    told, _, _ = _patient(message, connection)
    return [told]


def _merge(message: Hl7Message, connection: Connection) -> list[Told]:
    told, patient, _ = _patient(message, connection)
    return [told, read_merges(message, patient.patient_id, connection)]


def _appointment(message: Hl7Message, connection: Connection) -> list[Told]:
    told, patient, _ = _patient(message, connection)
    acts = acts_of(message, connection.profile)
    facts = read_schedule(message, acts, connection.profile.fields)
    return [told, read_appointment(facts, acts, patient, connection)]


def _visit_end(message: Hl7Message, connection: Connection) -> list[Told]:
    """ADT^A03, the end of a visit (HL7 v2.5.1 §3.3.3): what was booked for it took place.

    The visit is named by its number; without one, nothing is told. Its day is that of its
    beginning (PV1-44), its end (PV1-45) or the event. Of the patient, the message holds what is
    needed to tell the event; what changed in it is told by an A08 (§3.3.8), and only taken so.
    """
    pv1 = message.required("PV1")
    fields = connection.profile.fields
    mrn, authority = read_chart(message.required("PID"), fields)
    number = find(message, fields.visit_number or VISIT_NUMBER)
    if number is None:
        return []
    evn = message.first("EVN")
    places = ((pv1, 44), (pv1, 45), (evn, 6), (evn, 2))
    day = next(
        (
            read_day_in(connection.zone, segment.get(number), f"{segment.name}-{number}")
            for segment, number in places
            if segment is not None and segment.get(number)
        ),
        None,
    )
    if day is None:
        refuse("visit-date-missing", "PV1-44", "send when the visit began, in PV1-44")
    visit_id = encounter_id_of(connection.practice_id, connection.source_system, number.value)
    patient_id = patient_id_of(connection.practice_id, authority or connection.source_system, mrn)
    return [ToldVisitEnd(visit_id, patient_id, day)]


def _visit_undone(message: Hl7Message, connection: Connection) -> list[Told]:
    """ADT^A11 and A13: a visit's beginning or its end is taken back (HL7 v2.5.1 §3.3.11, §3.3.13).

    Neither tells anything here. A11: the patient was not checked in, or by mistake. They stay
    known, because an admission or registration told two things, the person and the visit, and only
    the visit is taken back; whether what was booked is cancelled or missed, the schedule says
    (S15, S26). A13: the visit goes on, so its patient came and what was booked does take place. As
    in A03, what changed of the patient is told by an A08.
    """
    return []


def _passed(message: Hl7Message, connection: Connection) -> list[Told]:
    """Documents and results are acknowledged and kept, sealed as they came: nothing is read."""
    return []


def _charges(message: Hl7Message, connection: Connection) -> list[Told]:
    told, patient, insurance = _patient(message, connection)
    visit = read_visit(
        read_charges(message, connection.profile.fields),
        patient,
        insurance,
        connection=connection,
        source="hl7v2",
    )
    return [told, visit]


_READERS: dict[str, Callable[[Hl7Message, Connection], list[Told]]] = {
    **dict.fromkeys(
        ("ADT^A01", "ADT^A04", "ADT^A05", "ADT^A08", "ADT^A28", "ADT^A31"), _registration
    ),
    "ADT^A03": _visit_end,
    **dict.fromkeys(("ADT^A11", "ADT^A13"), _visit_undone),
    "ADT^A37": lambda message, connection: [read_parting(message, connection)],
    "ADT^A40": _merge,
    **dict.fromkeys((f"SIU^{trigger}" for trigger in TRIGGERS), _appointment),
    "DFT^P03": _charges,
    **dict.fromkeys((f"MDM^T{number:02}" for number in range(1, 12)), _passed),
    "ORU^R01": _passed,
}


def _patient(
    message: Hl7Message, connection: Connection
) -> tuple[ToldPatient, KnownPatient, Insurance]:
    told = read_insurance(message, connection.profile.fields)
    insurance = insurance_of(told, connection)
    facts = read_pid(message.required("PID"), connection.profile)
    patient = read_patient(facts, insurance.first, connection)
    return ToldPatient(patient, insurance.is_told, untold=facts.untold), patient, insurance
