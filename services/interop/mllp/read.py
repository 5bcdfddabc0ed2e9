"""What an HL7 v2 message tells: ADT^A04/A08, SIU^S12/S26, DFT^P03 (v2.3 to v2.8).

Sources: HL7 v2.5.1 chapters 3 (PID, PV1), 6 (FT1, DG1, IN1) and 10 (SCH, AIP).
"""

from __future__ import annotations

from collections.abc import Callable

from libs.events.contracts.interop import Coverage
from services.interop.appointments.read import AppointmentFacts, read_appointment
from services.interop.connections.model import Connection
from services.interop.encounters.read import ProviderFacts, read_visit
from services.interop.messages.told import Told, ToldBooking, ToldMiss
from services.interop.mllp.charges import read_charges
from services.interop.mllp.people import read_insurance, read_pid, read_providers
from services.interop.mllp.segments import Hl7Message, read_instant, refuse
from services.interop.patients.model import KnownPatient, ToldPatient
from services.interop.patients.read import read_coverage, read_patient


def read_message(message: Hl7Message, connection: Connection) -> list[Told]:
    """What the message tells; raises RefusedError, or ValidationError for a value too long."""
    kind = f"{message.msh.get(9, 1)}^{message.msh.get(9, 2)}"
    reader = _READERS.get(kind)
    if reader is None:
        refuse(
            "message-type-not-taken",
            "MSH-9",
            f"types taken here: {', '.join(_READERS)}; do not send others to this port",
        )
    if not message.msh.get(10):
        refuse("control-id-missing", "MSH-10", "give each message an id of its own")
    return reader(message, connection)


def _registration(message: Hl7Message, connection: Connection) -> list[Told]:
    told, _, _ = _patient(message, connection)
    return [told]


def _booking(message: Hl7Message, connection: Connection) -> list[Told]:
    told, patient, _ = _patient(message, connection)
    appointment = read_appointment(_schedule(message), patient, connection)
    return [told, ToldBooking(appointment, "SCH-2")]


def _miss(message: Hl7Message, connection: Connection) -> list[Told]:
    told, patient, _ = _patient(message, connection)
    appointment = read_appointment(_schedule(message), patient, connection)
    return [told, ToldMiss(appointment, "SCH-2")]


def _charges(message: Hl7Message, connection: Connection) -> list[Told]:
    told, patient, coverage = _patient(message, connection)
    visit = read_visit(
        read_charges(message),
        patient,
        coverage,
        coverage_is_told=told.coverage_is_told,
        connection=connection,
        source="hl7v2",
    )
    return [told, visit]


_READERS: dict[str, Callable[[Hl7Message, Connection], list[Told]]] = {
    "ADT^A04": _registration,
    "ADT^A08": _registration,
    "SIU^S12": _booking,
    "SIU^S26": _miss,
    "DFT^P03": _charges,
}


def _patient(
    message: Hl7Message, connection: Connection
) -> tuple[ToldPatient, KnownPatient, Coverage | None]:
    insurance = read_insurance(message)
    coverage = read_coverage(insurance, connection) if insurance else None
    facts = read_pid(message.required("PID"))
    patient = read_patient(facts, coverage, connection)
    told = ToldPatient(patient, coverage_is_told=bool(insurance), untold=facts.untold)
    return told, patient, coverage


def _schedule(message: Hl7Message) -> AppointmentFacts:
    """The filler's number where there is one: it is the schedule that keeps the appointment."""
    sch = message.required("SCH")
    reference = sch.get(2) or sch.get(1)
    if not reference:
        refuse("appointment-id-missing", "SCH-2", "send the filler's appointment id")
    where, starts = _start(message)
    return AppointmentFacts(
        reference=reference,
        starts_at=read_instant(starts, where),
        providers=_scheduled_providers(message),
        where="SCH-2",
    )


def _start(message: Hl7Message) -> tuple[str, str]:
    """TQ1-7 replaced SCH-11.4 in v2.5; the resources' own times come last."""
    places = (("TQ1", 7, 1), ("SCH", 11, 4), ("AIS", 4, 1), ("AIP", 6, 1))
    told = [
        (f"{name}-{number}", segment.get(number, component))
        for name, number, component in places
        if (segment := message.first(name)) is not None and segment.get(number, component)
    ]
    if not told:
        refuse("start-missing", "SCH-11", "send when the appointment starts, in TQ1-7 or SCH-11.4")
    return told[0]


def _scheduled_providers(message: Hl7Message) -> tuple[ProviderFacts, ...]:
    found = [p for aip in message.all("AIP") for p in read_providers(aip, 3)]
    pv1 = message.first("PV1")
    return (*found, *(read_providers(pv1, 7) if pv1 is not None else ()))
