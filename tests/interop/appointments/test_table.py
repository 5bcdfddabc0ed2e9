"""What may become of an appointment: the table, row by row, and any history through it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import strategies as any_
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from libs.events.contracts import Event
from libs.events.contracts.interop import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentChanged,
    AppointmentCompleted,
    AppointmentMissed,
)
from services.interop.appointments.model import (
    STATES,
    TABLE,
    Act,
    Appointment,
    State,
    ToldAppointment,
    decide,
)
from services.interop.messages.model import RefusedError

NPI, OTHER_NPI = "1245319599", "1234567893"
MONDAY = Appointment(
    practice_id=UUID(int=1),
    appointment_id=UUID(int=2),
    patient_id=UUID(int=3),
    provider_npi=NPI,
    starts_at=datetime(2026, 3, 2, 14, tzinfo=UTC),
    starts_on=date(2026, 3, 2),
)
TUESDAY = replace(MONDAY, starts_at=MONDAY.starts_at + timedelta(1), starts_on=date(2026, 3, 3))
OTHERS = replace(MONDAY, patient_id=UUID(int=4))

UNKNOWN, TAKEN, OVER = "appointment-unknown", "appointment-already-booked", "appointment-over"
BOOKED, CHANGED = "booked, as told", "changed"
CANCELLED, IN_ERROR, MISSED, COMPLETED = "cancelled", "booked-in-error", "missed", "completed"
NOTHING = "nothing"


def told(*acts: Act, booking: Appointment | None = MONDAY, **changes: object) -> ToldAppointment:
    who = booking or MONDAY
    named = ToldAppointment(acts, who.appointment_id, who.patient_id, "SCH-2", booking)
    return replace(named, **changes)


def known(state: State | None) -> Appointment | None:
    return None if state is None else replace(MONDAY, state=state)


def came(state: State | None, message: ToldAppointment) -> str:
    """What came of the message in this state, in a word."""
    before = known(state)
    try:
        now, events = decide(before, message)
    except RefusedError as refused:
        return refused.refusals[0].code
    if not events:
        assert now == before
        return NOTHING
    [event] = events
    return said(event, now)


def said(event: Event, now: Appointment) -> str:
    match event:
        case AppointmentBooked() | AppointmentChanged():
            assert (event.starts_at, event.provider_npi) == (now.starts_at, now.provider_npi)
            assert now.state == "booked"
            return BOOKED if isinstance(event, AppointmentBooked) else CHANGED
        case AppointmentCancelled():
            assert now.state == ("deleted" if event.reason == "booked-in-error" else "cancelled")
            return event.reason
        case AppointmentMissed():
            assert now.state == "missed"
            return MISSED
        case AppointmentCompleted():
            assert now.state == "completed"
            return COMPLETED
        case _:
            pytest.fail(f"{event.type} is nothing of an appointment")


ROWS: list[tuple[str, ToldAppointment, tuple[str, ...]]] = [
        # unknown   booked     missed     cancelled  deleted    completed
    ("S12", told("book"),
        (BOOKED,    NOTHING,   NOTHING,   BOOKED,    BOOKED,    NOTHING)),
    ("S12, other time", told("book", booking=TUESDAY),
        (BOOKED,    TAKEN,     TAKEN,     BOOKED,    BOOKED,    TAKEN)),
    ("S12, other patient", told("book", booking=OTHERS),
        (BOOKED,    TAKEN,     TAKEN,     BOOKED,    BOOKED,    TAKEN)),
    ("FHIR booked", told("put"),
        (BOOKED,    NOTHING,   NOTHING,   BOOKED,    BOOKED,    NOTHING)),
    ("FHIR booked, other time", told("put", booking=TUESDAY),
        (BOOKED,    CHANGED,   OVER,      BOOKED,    BOOKED,    OVER)),
    ("FHIR booked, other patient", told("put", booking=OTHERS),
        (BOOKED,    UNKNOWN,   UNKNOWN,   UNKNOWN,   UNKNOWN,   UNKNOWN)),
    ("S13, S14", told("change"),
        (UNKNOWN,   NOTHING,   NOTHING,   NOTHING,   NOTHING,   NOTHING)),
    ("S13, other time", told("change", booking=TUESDAY),
        (UNKNOWN,   CHANGED,   OVER,      OVER,      OVER,      OVER)),
    ("S13, other patient", told("change", booking=OTHERS),
        (UNKNOWN,   UNKNOWN,   UNKNOWN,   UNKNOWN,   UNKNOWN,   UNKNOWN)),
    ("S15", told("cancel", booking=None),
        (UNKNOWN,   CANCELLED, CANCELLED, NOTHING,   NOTHING,   OVER)),
    ("S17", told("delete", booking=None),
        (UNKNOWN,   IN_ERROR,  IN_ERROR,  IN_ERROR,  NOTHING,   OVER)),
    ("S26", told("miss", booking=None),
        (UNKNOWN,   MISSED,    NOTHING,   OVER,      OVER,      OVER)),
    ("complete", told("complete", booking=None),
        (UNKNOWN,   COMPLETED, COMPLETED, OVER,      OVER,      NOTHING)),
]  # fmt: skip


@pytest.mark.parametrize(("message", "expected"), [r[1:] for r in ROWS], ids=[r[0] for r in ROWS])
def test_a_row_of_the_table(message: ToldAppointment, expected: tuple[str, ...]) -> None:
    assert tuple(came(state, message) for state in STATES) == expected


def test_the_table_has_an_outcome_for_every_state() -> None:
    assert {len(outcomes) for outcomes in TABLE.values()} == {len(STATES)}


def test_a_change_that_names_no_clinician_keeps_the_one_that_is_known() -> None:
    moved = replace(TUESDAY, provider_npi=None)
    now, [event] = decide(MONDAY, told("change", booking=moved, provider_is_told=False))
    assert (now, event.type) == (TUESDAY, "interop.appointment-changed.v1")
    now, _ = decide(MONDAY, told("change", booking=moved))
    assert now == moved  # a clinician was named whom we do not know: no longer the one before


def test_a_visit_number_is_learned_in_silence_and_not_forgotten() -> None:
    numbered = replace(MONDAY, visit_id=UUID(int=9))
    now, events = decide(MONDAY, told("change", booking=numbered))
    assert (now, events) == (numbered, [])
    now, _ = decide(numbered, told("change", booking=TUESDAY))
    assert now == replace(TUESDAY, visit_id=UUID(int=9))


def test_a_fulfilled_appointment_that_was_moved_is_changed_and_then_complete() -> None:
    now, events = decide(MONDAY, told("put", "complete", booking=TUESDAY))
    assert now == replace(TUESDAY, state="completed")
    assert [event.type.split(".")[1] for event in events] == [
        "appointment-changed", "appointment-completed",
    ]  # fmt: skip


class Life(RuleBasedStateMachine):
    """Any messages in any order: what a reader of the events believes is what is kept."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: Appointment | None = None
        self.believed: tuple[str, datetime | None, str | None] | None = None

    @rule(
        act=any_.sampled_from(["book", "put", "change", "cancel", "delete", "miss", "complete"]),
        hour=any_.integers(0, 2),
        npi=any_.sampled_from([NPI, OTHER_NPI, None]),
        patient=any_.sampled_from([3, 3, 3, 4]),
        named=any_.booleans(),
    )
    def message(self, act: Act, hour: int, npi: str | None, patient: int, named: bool) -> None:
        wanted = replace(
            MONDAY,
            patient_id=UUID(int=patient),
            provider_npi=npi,
            starts_at=MONDAY.starts_at + timedelta(hours=hour),
        )
        heard = told(act, booking=wanted, provider_is_told=named)
        try:
            now, events = decide(self.kept, heard)
        except RefusedError:
            assert self.kept is not None or act not in ("book", "put")
            return
        assert decide(now, heard) == (now, []), "told again, it says nothing"
        self.kept = now
        for event in events:
            self._believe(event)

    def _believe(self, event: Event) -> None:
        match event:
            case AppointmentBooked():
                assert self.believed is None or self.believed[0] == "cancelled"
                self.believed = ("booked", event.starts_at, event.provider_npi)
            case AppointmentChanged():
                assert self.believed is not None
                assert self.believed[0] == "booked"
                after = ("booked", event.starts_at, event.provider_npi)
                assert self.believed != after, "nothing is said when nothing changed"
                self.believed = after
            case _:
                assert self.believed is not None
                name = event.type.split(".")[1].removeprefix("appointment-")
                self.believed = (name, *self.believed[1:])

    @invariant()
    def what_is_believed_is_kept(self) -> None:
        if self.kept is None:
            assert self.believed is None
            return
        state = "cancelled" if self.kept.state == "deleted" else self.kept.state
        assert self.believed == (state, self.kept.starts_at, self.kept.provider_npi)


TestAnyHistory = Life.TestCase
