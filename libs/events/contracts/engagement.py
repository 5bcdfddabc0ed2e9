"""Published by engagement: what patients were told, and whether they wish to be."""

from __future__ import annotations

from typing import ClassVar, Literal
from uuid import UUID

from libs.events.contracts.base import Event, Topic
from libs.events.contracts.values import AppointmentId, MessageId, PatientId, Short

MESSAGES = Topic("engagement.messages")
CONSENTS = Topic("engagement.consents")


class MessageSent(Event):
    """A message left for a patient."""

    type: ClassVar = "engagement.message-sent.v1"
    topic: ClassVar = MESSAGES
    key: ClassVar = "message_id"

    message_id: MessageId
    patient_id: PatientId
    appointment_id: AppointmentId | None
    channel: Literal["email"]
    purpose: Literal["appointment-reminder"]


class MessageFailed(Event):
    """A message could not be given to the patient's provider of mail, for good."""

    type: ClassVar = "engagement.message-failed.v1"
    topic: ClassVar = MESSAGES
    key: ClassVar = "message_id"

    message_id: MessageId
    patient_id: PatientId
    appointment_id: AppointmentId | None
    channel: Literal["email"]
    purpose: Literal["appointment-reminder"]
    reason: Short
    """The SMTP reply code, without its text; `no-answer` where the server never gave one."""


class ConsentGiven(Event):
    """The patient may be written to on a channel."""

    type: ClassVar = "engagement.consent-given.v1"
    topic: ClassVar = CONSENTS
    key: ClassVar = "patient_id"

    patient_id: PatientId
    channel: Literal["email"]


class ConsentWithdrawn(Event):
    """The patient said STOP; nothing goes out on that channel any more."""

    type: ClassVar = "engagement.consent-withdrawn.v1"
    topic: ClassVar = CONSENTS
    key: ClassVar = "patient_id"

    patient_id: PatientId
    channel: Literal["email"]


class StatementNoticeSent(Event):
    """A patient was told that a statement is ready, without what it says."""

    type: ClassVar = "engagement.statement-notice-sent.v1"
    topic: ClassVar = MESSAGES
    key: ClassVar = "message_id"

    message_id: MessageId
    patient_id: PatientId
    statement_id: UUID
    channel: Literal["email"]


class StatementNoticeFailed(Event):
    """The notice could not be given to the patient's provider of mail, for good."""

    type: ClassVar = "engagement.statement-notice-failed.v1"
    topic: ClassVar = MESSAGES
    key: ClassVar = "message_id"

    message_id: MessageId
    patient_id: PatientId
    statement_id: UUID
    channel: Literal["email"]
    reason: Short
    """The SMTP reply code, without its text; `no-answer` where the server never gave one."""
