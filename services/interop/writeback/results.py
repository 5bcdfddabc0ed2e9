"""What an appointment's schedule is told of it: only what it cannot know from itself.

An appointment belongs to one EHR, whose interfaces share it: what one of them tells of it (charges
of the visit that it was booked for, a no-show), the one that keeps the schedule is told. That a
reminder went out, or reached nobody, only this platform knows. Where the patient takes consent
back, that is about no appointment, and nothing is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from libs.events.contracts import Event
from libs.events.contracts.engagement import MessageFailed, MessageSent
from libs.events.contracts.interop import (
    AppointmentCancelled,
    AppointmentCompleted,
    AppointmentMissed,
)
from services.interop.appointments.model import State

Trigger = Literal["S14", "S15", "S17", "S26"]

FILLER_STATUS: Mapping[State, str] = {
    "booked": "Booked",
    "missed": "Noshow",
    "cancelled": "Cancelled",
    "deleted": "Deleted",
    "completed": "Complete",
}
"""SCH-25 (HL7 v2.5.1 table 0278)."""


@dataclass(frozen=True, slots=True)
class Result:
    """A trigger event, why it is sent (SCH-6: a code and its text), and the state it leads to."""

    trigger: Trigger
    reason: str
    text: str
    state: State | None
    """None: as the appointment stands, because this says nothing of its course."""


def decide_result(event: Event) -> Result | None:
    """What another interface's message led to; None where that is no result."""
    match event:
        case AppointmentCompleted():
            return Result("S14", "COMPLETED", "The visit took place", "completed")
        case AppointmentMissed():
            return Result("S26", "MISSED", "The patient did not come", "missed")
        case AppointmentCancelled(reason="cancelled"):
            return Result("S15", "CANCELLED", "The appointment was cancelled", "cancelled")
        case AppointmentCancelled():
            return Result("S17", "BOOKED-IN-ERROR", "The booking was an error", "deleted")
        case _:
            return None


def decide_reminder(told: MessageSent | MessageFailed) -> Result:
    """What became of the appointment's reminder; where it failed, somebody may call instead."""
    if isinstance(told, MessageSent):
        return Result("S14", "REMINDER-SENT", f"Reminder sent by {told.channel}", None)
    text = f"Reminder by {told.channel} not delivered ({told.reason})"
    return Result("S14", "REMINDER-FAILED", text, None)
