"""SCH and the resources of an SIU: an appointment (HL7 v2.5.1 §10.4, §10.6; table 0278)."""

from __future__ import annotations

from services.interop.appointments.model import Act
from services.interop.appointments.read import AppointmentFacts
from services.interop.encounters.read import ProviderFacts
from services.interop.mllp.people import read_providers
from services.interop.mllp.segments import Hl7Message, read_instant, refuse

TRIGGERS: dict[str, tuple[Act, ...]] = {
    "S12": ("book",),
    "S13": ("change",),
    "S14": ("change",),
    "S15": ("cancel",),
    "S17": ("delete",),
    "S26": ("miss",),
}
"""What each trigger event does to an appointment."""

_STATUS: dict[str, tuple[Act, ...]] = {
    "COMPLETE": ("change", "complete"),
    "NOSHOW": ("miss",),
    "CANCELLED": ("cancel",),
    "DELETED": ("delete",),
}
"""What an S14 tells by the filler's status (table 0278): EHRs send it when a patient checks out."""

_NEEDS_START: set[Act] = {"book", "change"}


def acts_of(message: Hl7Message) -> tuple[Act, ...]:
    """What the trigger event does; a modification, what the filler's status (SCH-25) says."""
    trigger = message.msh.get(9, 2)
    if trigger == "S14":
        status = message.required("SCH").get(25).upper()
        return _STATUS.get(status, TRIGGERS[trigger])
    return TRIGGERS[trigger]


def read_schedule(message: Hl7Message, acts: tuple[Act, ...]) -> AppointmentFacts:
    """The filler's number where there is one: it is the schedule that keeps the appointment."""
    sch = message.required("SCH")
    reference = sch.get(2) or sch.get(1)
    if not reference:
        refuse("appointment-id-missing", "SCH-2", "send the filler's appointment id")
    starts_at = None
    if not _NEEDS_START.isdisjoint(acts):
        where, starts = _start(message)
        starts_at = read_instant(starts, where)
    pv1 = message.first("PV1")
    return AppointmentFacts(
        reference=reference,
        starts_at=starts_at,
        providers=_providers(message),
        where="SCH-2",
        # Not the account (PID-18), by which a visit may be charged: it may be the patient's own.
        visit_number=(pv1.get(19) if pv1 is not None else "") or None,
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
