"""When a reminder goes out, what it still waits for, and where it ends; pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from services.engagement.consents.model import Channel, ConsentState
from services.engagement.patients.model import Patient
from services.engagement.practices.model import Practice

AHEAD = timedelta(hours=24)
"""A reminder goes out a day before the appointment."""

MessageState = Literal["waiting", "pending", "sending", "sent", "failed", "cancelled"]
Missing = Literal["practice", "patient", "address", "consent"]
Cancelled = Literal[
    "moved", "missed", "cancelled", "completed", "no-consent", "no-address", "too-late",
    "told-already",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Message:
    """A reminder of one appointment. `origin`: what it comes from, for the trace."""

    message_id: UUID
    patient_id: UUID
    appointment_id: UUID
    channel: Channel
    starts_at: datetime
    state: MessageState
    last_reply: str | None
    origin: str


@dataclass(frozen=True, slots=True)
class Pending:
    """It goes out at this time."""

    due_at: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """It waits for a fact that was not heard yet."""

    waits_for: Missing


@dataclass(frozen=True, slots=True)
class NotSent:
    """It will never go out."""

    reason: Cancelled


def decide(
    message: Message,
    *,
    practice: Practice | None,
    patient: Patient,
    consent: ConsentState | None,
    now: datetime,
) -> Pending | Waiting | NotSent:
    """What becomes of a message with what is known now."""
    if message.starts_at <= now:
        return NotSent("too-late")
    if consent == "withdrawn":
        return NotSent("no-consent")
    if practice is None:
        return Waiting("practice")
    if not patient.known:
        return Waiting("patient")
    if patient.email is None:
        return Waiting("address")
    if consent is None:
        return Waiting("consent")
    return Pending(max(now, message.starts_at - AHEAD))
