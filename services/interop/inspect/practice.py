"""What a practice knows, in memory, and what messages make of it: `messages/told.py` without SQL.

A patient id that is kept is that of the chart that something came under; whose it is now is looked
up, as the service's queries do (`survivor_of`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import UUID

from libs.events.contracts import Event
from services.interop.appointments import model as appointments
from services.interop.appointments.model import Appointment, ToldAppointment
from services.interop.appointments.schedule import ToldVisitEnd
from services.interop.connections.model import Connection
from services.interop.encounters import decide as visits
from services.interop.encounters.model import ToldVisit, ToldVoid, Visit
from services.interop.encounters.translate import translator
from services.interop.identity.model import (
    Links,
    changes,
    decide_merges,
    decide_parting,
    survivor_in,
)
from services.interop.messages.told import Told, ToldMerges, ToldParting
from services.interop.patients import model as patients
from services.interop.patients.model import KnownPatient, ToldPatient


@dataclass(slots=True)
class Practice:
    """Copied before each message, so that a refused one leaves it as it was."""

    patients: dict[UUID, KnownPatient] = field(default_factory=dict[UUID, KnownPatient])
    coverage_told: set[UUID] = field(default_factory=set[UUID])
    links: Links = field(default_factory=dict[UUID, UUID])
    appointments: dict[UUID, Appointment] = field(default_factory=dict[UUID, Appointment])
    visits: dict[UUID, visits.Known] = field(default_factory=dict[UUID, visits.Known])
    filed: set[tuple[UUID, UUID]] = field(default_factory=set[tuple[UUID, UUID]])
    """Merged chart, and the appointment or visit that came under its number."""

    def copy(self) -> Practice:
        return Practice(
            dict(self.patients),
            set(self.coverage_told),
            dict(self.links),
            dict(self.appointments),
            dict(self.visits),
            set(self.filed),
        )

    def take(self, told: list[Told], connection: Connection) -> list[Event]:
        """Everything that a message told, and what is said of it; raises RefusedError."""
        return [event for one in told for event in self._take(one, connection)]

    def _take(self, told: Told, connection: Connection) -> list[Event]:
        match told:
            case ToldPatient():
                return self._patient(told, connection)
            case ToldMerges():
                return self._link(decide_merges(self.links, told.merges, self.patients), connection)
            case ToldParting():
                return self._link(decide_parting(self.links, told.parting), connection)
            case ToldAppointment():
                return self._appointment(told)
            case ToldVisit():
                return self._visit(told, connection)
            case ToldVisitEnd():
                return self._visit_end(replace(told, patient_id=self._survivor(told.patient_id)))
            case ToldVoid():
                known = self._known_visit(told.encounter_id)
                if known is None:
                    return []
                about = self._about(told.encounter_id, known.patient_id, known.visit, connection)
                return self._settle(known, visits.decide(known, told, about), about)

    def knows(self, chart_id: UUID) -> bool:
        """True where somebody is registered whom the chart is about."""
        return self._survivor(chart_id) in self.patients

    def _survivor(self, chart_id: UUID) -> UUID:
        return survivor_in(self.links, chart_id)

    def _file(self, subject_id: UUID, chart_id: UUID) -> UUID:
        """Whose it is; the number that it came under is kept for an unmerge."""
        survivor_id = self._survivor(chart_id)
        if survivor_id != chart_id:
            self.filed.add((chart_id, subject_id))
        return survivor_id

    def _chart(self, before: UUID, patient_id: UUID) -> UUID:
        """It stays under the chart that it came under while that chart is the patient's."""
        return before if self._survivor(before) == patient_id else patient_id

    # patients

    def _patient(self, told: ToldPatient, connection: Connection) -> list[Event]:
        chart_id = told.patient.patient_id
        patient_id = self._survivor(chart_id)
        if patient_id != chart_id:
            mrn = self.patients[patient_id].mrn
            told = replace(told, patient=replace(told.patient, patient_id=patient_id, mrn=mrn))
        now, event = patients.decide(self.patients.get(patient_id), told)
        self.patients[patient_id] = now
        events: list[Event] = [] if event is None else [event]
        if told.coverage_is_told:
            self.coverage_told.add(patient_id)
            events += self._resume_visits_of(patient_id, connection)
        return events

    def _link(self, after: Links, connection: Connection) -> list[Event]:
        before, self.links = self.links, after
        moved = {c for c in before if survivor_in(after, c) != survivor_in(before, c)}
        for chart_id, subject_id in self.filed:
            if chart_id in moved and chart_id in self.patients:
                self._give_back(subject_id, chart_id)
        return changes(connection.practice_id, before, after)

    def _give_back(self, subject_id: UUID, chart_id: UUID) -> None:
        if subject_id in self.appointments:
            was = self.appointments[subject_id]
            self.appointments[subject_id] = replace(was, patient_id=chart_id)
        if subject_id in self.visits:
            self.visits[subject_id] = replace(self.visits[subject_id], patient_id=chart_id)

    # appointments

    def _known_appointment(self, appointment_id: UUID) -> Appointment | None:
        kept = self.appointments.get(appointment_id)
        return kept and replace(kept, patient_id=self._survivor(kept.patient_id))

    def _appointment(self, told: ToldAppointment) -> list[Event]:
        if told.booking is None:
            told = replace(told, patient_id=self._survivor(told.patient_id))
        else:
            patient_id = self._file(told.appointment_id, told.patient_id)
            booking = replace(told.booking, patient_id=patient_id)
            told = replace(told, patient_id=patient_id, booking=booking)
        now, events = appointments.decide(self._known_appointment(told.appointment_id), told)
        self._keep_appointment(now)
        if told.booking is not None and now.state == "booked" and self._took_place(now):
            return [*events, *self._complete(now, told.where)]
        return [*events]

    def _keep_appointment(self, now: Appointment) -> None:
        before = self.appointments.get(now.appointment_id, now)
        chart_id = self._chart(before.patient_id, now.patient_id)
        self.appointments[now.appointment_id] = replace(now, patient_id=chart_id)

    def _took_place(self, booked: Appointment) -> bool:
        visit = booked.visit_id and self._known_visit(booked.visit_id)
        return bool(
            visit
            and visit.state != "voided"
            and visit.patient_id == booked.patient_id
            and visit.visit.service_on == booked.starts_on
        )

    def _complete(self, known: Appointment, where: str) -> list[Event]:
        told = ToldAppointment(("complete",), known.appointment_id, known.patient_id, where)
        now, events = appointments.decide(known, told)
        self._keep_appointment(now)
        return [*events]

    def _visit_end(self, told: ToldVisitEnd) -> list[Event]:
        found = [self._known_appointment(one) for one in sorted(self.appointments)]
        return [
            event
            for one in found
            if one is not None
            and one.state in ("booked", "missed")
            and (one.visit_id, one.patient_id, one.starts_on)
            == (told.visit_id, told.patient_id, told.on)
            for event in self._complete(one, "PV1-19")
        ]

    # visits

    def _known_visit(self, encounter_id: UUID) -> visits.Known | None:
        kept = self.visits.get(encounter_id)
        return kept and replace(kept, patient_id=self._survivor(kept.patient_id))

    def _visit(self, told: ToldVisit, connection: Connection) -> list[Event]:
        patient_id = self._file(told.encounter_id, told.patient_id)
        told = replace(told, patient_id=patient_id)
        about = self._about(told.encounter_id, patient_id, told.visit, connection)
        known = self._known_visit(told.encounter_id)
        events = self._settle(known, visits.decide(known, told, about), about)
        took_place = ToldVisitEnd(told.encounter_id, patient_id, told.visit.service_on)
        return [*events, *self._visit_end(took_place)]

    def _resume_visits_of(self, patient_id: UUID, connection: Connection) -> list[Event]:
        events: list[Event] = []
        for encounter_id in sorted(self.visits):
            known = self._known_visit(encounter_id)
            if known is not None and known.patient_id == patient_id and known.state == "waiting":
                about = self._about(encounter_id, patient_id, known.visit, connection)
                events += self._settle(known, visits.look_again(known, about), about)
        return events

    def _settle(
        self, known: visits.Known | None, decision: visits.Decision, about: visits.About
    ) -> list[Event]:
        now = decision.now
        if now is None or now == known:
            return []
        before = self.visits.get(about.encounter_id, now)
        chart_id = self._chart(before.patient_id, now.patient_id)
        self.visits[about.encounter_id] = replace(now, patient_id=chart_id)
        return [*decision.events]

    def _about(
        self, encounter_id: UUID, patient_id: UUID, visit: Visit, connection: Connection
    ) -> visits.About:
        """Of an inspection there is no day to count from, so a question is due after its visit."""
        patient, profile = self.patients[patient_id], connection.profile
        return visits.About(
            practice_id=connection.practice_id,
            encounter_id=encounter_id,
            connection_id=connection.connection_id,
            patient=patient,
            is_coverage_known=patient.coverage is not None
            or profile.no_coverage_is_self_pay
            or patient_id in self.coverage_told,
            translate=translator(profile),
            due_on=visit.service_on + timedelta(days=profile.query_due_days),
        )
