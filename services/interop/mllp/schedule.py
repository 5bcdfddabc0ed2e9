"""SCH and the resources of an SIU: an appointment (HL7 v2.5.1 §10.4, §10.6; table 0278)."""

from __future__ import annotations

from datetime import datetime

from services.interop.appointments.model import Act
from services.interop.appointments.read import AppointmentFacts
from services.interop.connections.fields import FieldMap
from services.interop.connections.model import AppointmentStatus, Profile
from services.interop.encounters.read import ProviderFacts
from services.interop.mllp.mapped import find, place_of
from services.interop.mllp.people import read_mapped_providers, read_providers
from services.interop.mllp.segments import Hl7Message, Segment, read_instant, refuse

TRIGGERS: dict[str, tuple[Act, ...]] = {
    "S12": ("book",),
    "S13": ("change",),
    "S14": ("change",),
    "S15": ("cancel",),
    "S17": ("delete",),
    "S26": ("miss",),
}
"""What each trigger event does to an appointment."""

_STATUS: dict[str, AppointmentStatus] = {
    "COMPLETE": "completed",
    "NOSHOW": "missed",
    "CANCELLED": "cancelled",
    "DELETED": "deleted",
}
"""What an S14 tells by the filler's status (table 0278): EHRs send it when a patient checks out."""

_ACTS: dict[AppointmentStatus, tuple[Act, ...]] = {
    "changed": ("change",),
    "completed": ("change", "complete"),
    "missed": ("miss",),
    "cancelled": ("cancel",),
    "deleted": ("delete",),
}

VISIT_NUMBER = ("PV1-19",)
"""Not the account (PID-18), by which a visit may be charged: it may be the patient's own."""

_APPOINTMENT_ID = ("SCH-2", "SCH-1")
"""The filler's number where there is one: it is the schedule that keeps the appointment."""

_START = ("TQ1-7", "SCH-11.4", "AIS-4", "AIP-6")
"""TQ1-7 replaced SCH-11.4 in v2.5; the resources' own times come last."""

_NEEDS_START: set[Act] = {"book", "change"}


def acts_of(message: Hl7Message, profile: Profile) -> tuple[Act, ...]:
    """What the trigger event does.

    A modification does what the filler's status says; a cancellation, what it says in the
    profile: an EHR may tell a no-show so.
    """
    trigger = message.msh.get(9, 2)
    if trigger not in ("S14", "S15"):
        return TRIGGERS[trigger]
    message.required("SCH")
    known = (_STATUS if trigger == "S14" else {}) | profile.statuses
    told = find(message, profile.fields.appointment_status or ("SCH-25",))
    status = known.get(told.value.upper()) if told is not None else None
    return _ACTS[status] if status is not None else TRIGGERS[trigger]


def read_schedule(message: Hl7Message, acts: tuple[Act, ...], fields: FieldMap) -> AppointmentFacts:
    sch = message.required("SCH")
    numbered_in = fields.appointment_id or _APPOINTMENT_ID
    reference = find(message, numbered_in)
    if reference is None:
        refuse("appointment-id-missing", place_of(numbered_in), "send the filler's appointment id")
    visit = find(message, fields.visit_number or VISIT_NUMBER)
    return AppointmentFacts(
        reference=reference.value,
        starts_at=None if _NEEDS_START.isdisjoint(acts) else _start(message, fields),
        providers=read_mapped_providers(message, fields, _providers(message)),
        where=place_of(numbered_in),
        visit_number=visit.value if visit is not None else None,
        numbers=_numbers(sch, reference.value),
    )


def _numbers(sch: Segment, reference: str) -> tuple[str, str]:
    """SCH-1 and SCH-2, by which its schedule knows it; a number from elsewhere is the filler's."""
    placer, filler = sch.get(1), sch.get(2)
    return placer, filler if reference in (placer, filler) else reference


def _start(message: Hl7Message, fields: FieldMap) -> datetime:
    told = find(message, fields.appointment_start or _START)
    if told is None:
        where, named = "SCH-11", "TQ1-7 or SCH-11.4"
        if fields.appointment_start:
            where, named = place_of(fields.appointment_start), " or ".join(fields.appointment_start)
        refuse("start-missing", where, f"send when the appointment starts, in {named}")
    return read_instant(told.value, f"{told.path.segment}-{told.path.field}")


def _providers(message: Hl7Message) -> tuple[ProviderFacts, ...]:
    """The personnel that is booked, but for whom this message takes away (AIP-2 is D, table 0206),
    then who attends (PV1-7)."""
    booked = [
        provider
        for aip in message.all("AIP")
        if aip.get(2).upper() != "D"
        for provider in read_providers(aip, 3)
    ]
    pv1 = message.first("PV1")
    return (*booked, *(read_providers(pv1, 7) if pv1 is not None else ()))
