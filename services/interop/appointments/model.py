"""An appointment, as its EHR's schedule has it, and what may become of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Literal
from uuid import UUID, uuid5

from libs.events.contracts.interop import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentChanged,
    AppointmentCompleted,
    AppointmentMissed,
)
from libs.events.contracts.values import AppointmentId, PatientId, PracticeId
from services.interop.messages.model import Refusal, RefusedError

State = Literal["booked", "missed", "cancelled", "deleted", "completed"]
Act = Literal["book", "put", "change", "cancel", "delete", "miss", "complete"]
"""What a message does: S12 books, a FHIR Appointment puts (books, or changes what is booked), S13
and S14 change, S15 cancels, S17 deletes what was booked by mistake, S26 is a no-show; an
appointment is complete when its visit took place."""

AppointmentEvent = (
    AppointmentBooked
    | AppointmentChanged
    | AppointmentCancelled
    | AppointmentMissed
    | AppointmentCompleted
)


@dataclass(frozen=True, slots=True)
class Appointment:
    """One expected visit; `starts_on` is the day in the connection's time zone."""

    practice_id: UUID
    appointment_id: UUID
    patient_id: UUID
    provider_npi: str | None
    starts_at: datetime
    starts_on: date
    state: State = "booked"
    visit_id: UUID | None = None
    """The encounter that its visit number leads to, where the schedule told one (PV1-19)."""

    def booked(self) -> AppointmentBooked:
        return AppointmentBooked(
            practice_id=PracticeId(self.practice_id),
            appointment_id=AppointmentId(self.appointment_id),
            patient_id=PatientId(self.patient_id),
            provider_npi=self.provider_npi,
            starts_at=self.starts_at,
            starts_on=self.starts_on,
        )

    def changed(self) -> AppointmentChanged:
        return AppointmentChanged(
            practice_id=PracticeId(self.practice_id),
            appointment_id=AppointmentId(self.appointment_id),
            patient_id=PatientId(self.patient_id),
            provider_npi=self.provider_npi,
            starts_at=self.starts_at,
            starts_on=self.starts_on,
        )

    def cancelled(self, reason: Literal["cancelled", "booked-in-error"]) -> AppointmentCancelled:
        return AppointmentCancelled(
            practice_id=PracticeId(self.practice_id),
            appointment_id=AppointmentId(self.appointment_id),
            patient_id=PatientId(self.patient_id),
            starts_on=self.starts_on,
            reason=reason,
        )

    def missed(self) -> AppointmentMissed:
        return AppointmentMissed(
            practice_id=PracticeId(self.practice_id),
            appointment_id=AppointmentId(self.appointment_id),
            patient_id=PatientId(self.patient_id),
            starts_on=self.starts_on,
        )

    def completed(self) -> AppointmentCompleted:
        return AppointmentCompleted(
            practice_id=PracticeId(self.practice_id),
            appointment_id=AppointmentId(self.appointment_id),
            patient_id=PatientId(self.patient_id),
            starts_on=self.starts_on,
        )

    def same_booking_as(self, other: Appointment) -> bool:
        """Whoever, whenever and with whom agree, however far either has come."""
        return (self.patient_id, self.provider_npi, self.starts_at, self.starts_on) == (
            other.patient_id,
            other.provider_npi,
            other.starts_at,
            other.starts_on,
        )


@dataclass(frozen=True, slots=True)
class ToldAppointment:
    """What a message tells of an appointment: acts, in their order; `where`: for refusals."""

    acts: tuple[Act, ...]
    appointment_id: UUID
    patient_id: UUID
    where: str
    booking: Appointment | None = None
    """Who, when and with whom: needed to book, put and change."""
    provider_is_told: bool = True
    """False: the message names no clinician, the appointment keeps the one that it has."""

    numbers: tuple[str, str] | None = field(default=None, repr=False)
    """The schedule's own numbers of it, as SCH-1 and SCH-2 have them."""

    @property
    def may_book(self) -> bool:
        return self.acts[0] in ("book", "put")


Outcome = Literal[
    "keep", "book", "change", "cancel", "delete", "miss", "complete", "unknown", "taken", "over"
]
Step = Act | Literal["book-other", "put-other", "change-other"]
"""An act; `-other` where it tells another time, clinician or patient than is known."""

STATES: tuple[State | None, ...] = (None, "booked", "missed", "cancelled", "deleted", "completed")

TABLE: Mapping[Step, tuple[Outcome, ...]] = {
    # step          unknown    booked      missed      cancelled  deleted    completed
    "book":         ("book",    "keep",     "keep",     "book",    "book",    "keep"),
    "book-other":   ("book",    "taken",    "taken",    "book",    "book",    "taken"),
    "put":          ("book",    "keep",     "keep",     "book",    "book",    "keep"),
    "put-other":    ("book",    "change",   "over",     "book",    "book",    "over"),
    "change":       ("unknown", "keep",     "keep",     "keep",    "keep",    "keep"),
    "change-other": ("unknown", "change",   "over",     "over",    "over",    "over"),
    "cancel":       ("unknown", "cancel",   "cancel",   "keep",    "keep",    "over"),
    "delete":       ("unknown", "delete",   "delete",   "delete",  "keep",    "over"),
    "miss":         ("unknown", "miss",     "keep",     "over",    "over",    "over"),
    "complete":     ("unknown", "complete", "complete", "over",    "over",    "keep"),
}  # fmt: skip
"""What comes of each step in each state of `STATES` (HL7 v2.5.1 §10.4, FHIR R4 Appointment.status).

- Nothing is made up: of an appointment that was never booked here, only its booking is taken.
- What tells nothing new does nothing, in whatever order it comes: a repeated S12, a late S14.
- A cancelled or deleted appointment may be booked again under its id, at any time, by anybody.
- A no-show may turn out to be a cancellation, an error, or a visit after all. What took place
  stays so; what was cancelled was not missed. Who wants to move what is over books anew.
"""


def decide(
    known: Appointment | None, told: ToldAppointment
) -> tuple[Appointment, list[AppointmentEvent]]:
    """The appointment after all that is told, and what is said of it; raises RefusedError."""
    now, events = known, list[AppointmentEvent]()
    for act in told.acts:
        now, event = _take(now, act, told)
        events += [event] if event is not None else []
    assert now is not None
    return now, events


def _take(
    known: Appointment | None, act: Act, told: ToldAppointment
) -> tuple[Appointment, AppointmentEvent | None]:
    if known is not None and known.patient_id != told.patient_id and act != "book":
        raise RefusedError(unknown(told.where))
    wanted = _wanted(known, told)
    outcome = TABLE[_step(known, act, wanted)][STATES.index(known and known.state)]
    if outcome == "book":
        assert wanted is not None
        return wanted, wanted.booked()
    if known is None or outcome == "unknown":
        raise RefusedError(unknown(told.where))
    match outcome:
        case "change":
            assert wanted is not None
            return wanted, wanted.changed()
        case "cancel":
            now = replace(known, state="cancelled")
            return now, now.cancelled("cancelled")
        case "delete":
            now = replace(known, state="deleted")
            return now, now.cancelled("booked-in-error")
        case "miss":
            now = replace(known, state="missed")
            return now, now.missed()
        case "complete":
            now = replace(known, state="completed")
            return now, now.completed()
        case "taken":
            raise RefusedError(_taken(told.where))
        case "over":
            raise RefusedError(_over(told.where))
        case "keep":  # its visit number may be new all the same
            return replace(known, visit_id=wanted.visit_id if wanted else known.visit_id), None


def _wanted(known: Appointment | None, told: ToldAppointment) -> Appointment | None:
    """The booking as told, with what the message says nothing of as it is known."""
    wanted = told.booking
    if wanted is None or known is None or known.patient_id != told.patient_id:
        return wanted
    return replace(
        wanted,
        provider_npi=wanted.provider_npi if told.provider_is_told else known.provider_npi,
        visit_id=wanted.visit_id or known.visit_id,
    )


def _step(known: Appointment | None, act: Act, wanted: Appointment | None) -> Step:
    if known is None or wanted is None or known.same_booking_as(wanted):
        return act
    match act:
        case "book":
            return "book-other"
        case "put":
            return "put-other"
        case "change":
            return "change-other"
        case _:
            return act


def unknown(where: str) -> Refusal:
    return Refusal(
        code="appointment-unknown",
        where=where,
        fix="no such appointment of this patient is booked; send its booking (S12) first",
    )


def _taken(where: str) -> Refusal:
    return Refusal(
        code="appointment-already-booked",
        where=where,
        fix="this appointment is booked with other content; "
        "send what changed as S13 or S14, or book under a new id",
    )


def _over(where: str) -> Refusal:
    return Refusal(
        code="appointment-over",
        where=where,
        fix="this appointment took place, was missed or was cancelled, and this does not go with "
        "that; book anew (S12), or correct it by hand",
    )


def appointment_id_of(practice_id: UUID, source_system: str, reference: str) -> AppointmentId:
    """The same reference of the same EHR in the same practice is the same appointment."""
    return AppointmentId(uuid5(practice_id, json.dumps(["appointment", source_system, reference])))
