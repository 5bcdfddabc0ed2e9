"""What a message to a patient waits for, when it goes out, and where it ends; pure."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from libs.events.contracts import Event
from libs.events.contracts.values import PracticeId
from services.engagement.consents.model import Channel, ConsentState
from services.engagement.patients.model import Patient
from services.engagement.practices.model import Practice

MessageState = Literal["waiting", "pending", "sending", "sent", "failed", "cancelled"]
Missing = Literal["practice", "patient", "address", "consent"]
Cancelled = Literal[
    "moved", "missed", "cancelled", "completed", "no-consent", "no-address", "too-late",
    "told-already",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Text:
    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class Message(ABC):
    """What a patient is told once: a row of `table`, handed over when its `timer` fires.

    Each kind of message has a table with these columns and its own, and says below what differs.
    `origin`: what it comes from, for the trace.
    """

    table: ClassVar[str]
    timer: ClassVar[str]

    message_id: UUID
    patient_id: UUID
    channel: Channel
    state: MessageState
    last_reply: str | None
    origin: str

    @abstractmethod
    def ends_at(self) -> datetime:
        """From then on it says nothing new."""

    @abstractmethod
    def due_at(self, practice: Practice, now: datetime) -> datetime:
        """When it goes out, all that it needs being known."""

    @abstractmethod
    def about(self) -> tuple[str, ...]:
        """What waits parked of any of these may be what makes the message wrong."""

    @abstractmethod
    def write(self, patient: Patient, practice: Practice, unsubscribe_url: str) -> Text: ...

    @abstractmethod
    def sent(self, practice_id: PracticeId) -> Event: ...

    @abstractmethod
    def failed(self, practice_id: PracticeId, reason: str) -> Event: ...


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
    if message.ends_at() <= now:
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
    return Pending(message.due_at(practice, now))
