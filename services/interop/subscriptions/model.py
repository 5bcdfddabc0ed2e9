"""A subscription's life: what its EHR asks for, what it is told, and when it is given up.

Sources: Subscriptions R5 Backport IG 1.1, "Workflow: FHIR R4", "REST-Hook", "Handling Errors";
FHIR R4 Subscription.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from services.interop.messages.model import Refusal, RefusedError

Resource = Mapping[str, Any]
Status = Literal["requested", "active", "error", "off"]
Content = Literal["empty", "id-only", "full-resource"]
Failure = Literal["dns-resolution-error", "no-response", "error-response"]
"""Codes of http://terminology.hl7.org/CodeSystem/subscription-error."""
Kind = Literal["handshake", "event", "heartbeat"]

MOST_FAILURES = 20
"""In a row, then it is in error: by the timers' back-off the last comes some two hours after the
first."""

ABANDONED_AFTER = timedelta(days=30)
"""In error for so long, it is off: nobody will ask for what has gathered since."""

KEPT_EVENTS = 1000
"""Of those that its endpoint has taken, to be asked for again; what it has not is all kept."""

MOST_SUBSCRIPTIONS = 20
"""Of one connection: each may keep a sender busy for as long as its endpoint takes to answer."""

NOBODY = UUID(int=0)
"""No row has this id, and every row's id comes after it."""

MASK = "********"
"""Stands for a header's value wherever a subscription is shown."""

Header = tuple[str, str]


def read_id(text: str) -> UUID:
    """Ours are UUIDs; any other is nobody's."""
    try:
        return UUID(text)
    except ValueError:
        return NOBODY


@dataclass(frozen=True, slots=True)
class Asked:
    """What a Subscription resource asks for."""

    status: Status
    topic: str
    patient: str | None
    """The id of the Patient resource that the events are to be about."""
    endpoint: str = field(repr=False)
    media_type: str
    headers: tuple[Header, ...] = field(repr=False)
    content: Content
    heartbeat_seconds: int | None
    timeout_seconds: int | None
    ends_at: datetime | None
    resource: Resource = field(repr=False)
    """As it is kept: without id, meta, status and error, its headers in clear."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription as it stands; one that is not kept yet is off and was never active."""

    subscription_id: UUID
    connection_id: UUID
    source_system: str
    asked: Asked
    base: str
    """The address of this FHIR interface, as its EHR calls it."""
    patient_id: UUID | None = None
    status: Status = "off"
    error: Failure | None = None
    activation: int = 0
    events: int = 0
    sent: int = 0
    failures: int = 0
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sending:
    """One thing that is to be sent; `number` is an event's."""

    subscription_id: UUID
    activation: int
    kind: Kind
    number: int = 0

    def write(self) -> str:
        return f"{self.subscription_id}/{self.activation}/{self.kind}/{self.number}"

    @classmethod
    def read(cls, key: str) -> Sending:
        subscription_id, activation, kind, number = key.split("/")
        assert kind in ("handshake", "event", "heartbeat")
        return cls(UUID(subscription_id), int(activation), kind, int(number))


def decide_asked(known: Subscription, asked: Asked) -> Subscription:
    """The subscription as it is asked to be.

    Its endpoint is asked first, by a handshake, where it was not active, or where notifications
    would go elsewhere than before. Raises RefusedError.
    """
    asked = _with_secrets(asked, known.asked)
    if asked.status == "off":
        return replace(known, asked=asked, status="off", error=None)
    same = (
        known.asked.endpoint == asked.endpoint
        and known.asked.media_type == asked.media_type
        and known.asked.headers == asked.headers
    )
    if same and known.status in ("requested", "active"):
        return replace(known, asked=asked)
    return replace(
        known,
        asked=asked,
        status="requested",
        error=None,
        failures=0,
        activation=known.activation + 1,
    )


def _with_secrets(asked: Asked, known: Asked) -> Asked:
    """A header that comes back as it was shown is the one that is kept."""
    if all(value != MASK for _, value in asked.headers):
        return asked
    kept = {name.lower(): value for name, value in known.headers}
    headers = tuple(
        (name, kept.get(name.lower(), MASK) if value == MASK else value)
        for name, value in asked.headers
    )
    if any(value == MASK for _, value in headers):
        fix = "send the header with its value: none is kept under this name"
        raise RefusedError(Refusal("header-unknown", "Subscription.channel.header", fix))
    channel = {**asked.resource["channel"], "header": [f"{n}: {v}" for n, v in headers]}
    return replace(asked, headers=headers, resource={**asked.resource, "channel": channel})


def is_due(subscription: Subscription, sending: Sending) -> bool:
    """True where it is this one's turn: an event waits for those before it."""
    if subscription.activation != sending.activation:
        return False
    match sending.kind:
        case "handshake":
            return subscription.status == "requested"
        case "event":
            return subscription.status == "active" and sending.number == subscription.sent + 1
        case "heartbeat":
            return subscription.status == "active"


def decide_delivered(subscription: Subscription, sending: Sending) -> Subscription:
    """The endpoint has taken it; what it took out of turn is nothing."""
    if not is_due(subscription, sending):
        return subscription
    match sending.kind:
        case "handshake":
            return replace(subscription, status="active", failures=0)
        case "event":
            return replace(subscription, sent=sending.number, failures=0)
        case "heartbeat":
            return replace(subscription, failures=0)


def decide_ended(subscription: Subscription, now: datetime) -> Subscription:
    """Off at the end that it asked for, and where nobody mended it."""
    asked, since = subscription.asked, subscription.changed_at
    is_over = asked.ends_at is not None and asked.ends_at <= now
    is_abandoned = (
        subscription.status == "error" and since is not None and since + ABANDONED_AFTER <= now
    )
    if subscription.status == "off" or not (is_over or is_abandoned):
        return subscription
    return replace(subscription, status="off", error=None, changed_at=now)


def decide_failed(subscription: Subscription, sending: Sending, failure: Failure) -> Subscription:
    """A handshake that fails is an error at once; otherwise the last of too many in a row is."""
    if not is_due(subscription, sending):
        return subscription
    failures = subscription.failures + 1
    if sending.kind == "handshake" or failures >= MOST_FAILURES:
        return replace(subscription, status="error", error=failure, failures=failures)
    return replace(subscription, failures=failures)
