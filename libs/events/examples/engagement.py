"""One canonical instance of each event of engagement; tests override what they are about."""

from __future__ import annotations

from typing import Any
from uuid import uuid5

from libs.events.contracts.engagement import (
    ConsentGiven,
    ConsentWithdrawn,
    MessageFailed,
    MessageSent,
    StatementNoticeFailed,
    StatementNoticeSent,
)
from libs.events.examples.interop import APPOINTMENT, NAMESPACE, PATIENT, PRACTICE

MESSAGE = uuid5(NAMESPACE, "message")


def message_sent(**changes: Any) -> MessageSent:
    return MessageSent(**{**_MESSAGE, **changes})


def message_failed(**changes: Any) -> MessageFailed:
    fields: dict[str, Any] = {**_MESSAGE, "reason": "550"}
    return MessageFailed(**{**fields, **changes})


def statement_notice_sent(**changes: Any) -> StatementNoticeSent:
    return StatementNoticeSent(**{**_NOTICE, **changes})


def statement_notice_failed(**changes: Any) -> StatementNoticeFailed:
    fields: dict[str, Any] = {**_NOTICE, "reason": "550"}
    return StatementNoticeFailed(**{**fields, **changes})


def consent_given(**changes: Any) -> ConsentGiven:
    return ConsentGiven(**{**_CONSENT, **changes})


def consent_withdrawn(**changes: Any) -> ConsentWithdrawn:
    return ConsentWithdrawn(**{**_CONSENT, **changes})


_MESSAGE: dict[str, Any] = {
    "practice_id": PRACTICE,
    "message_id": MESSAGE,
    "patient_id": PATIENT,
    "appointment_id": APPOINTMENT,
    "channel": "email",
    "purpose": "appointment-reminder",
}

_NOTICE: dict[str, Any] = {
    "practice_id": PRACTICE,
    "message_id": uuid5(NAMESPACE, "statement notice"),
    "patient_id": PATIENT,
    "statement_id": uuid5(NAMESPACE, "statement"),
    "channel": "email",
}

_CONSENT: dict[str, Any] = {"practice_id": PRACTICE, "patient_id": PATIENT, "channel": "email"}
