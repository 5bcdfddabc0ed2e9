"""What a subscriber is sent and may ask for: bundles whose first entry says how it stands.

Sources: Subscriptions R5 Backport IG 1.1, profiles backport-subscription-notification-r4 and
backport-subscription-status-r4, "Notifications" and "Payload Types"; FHIR R4 Bundle (bdl-3, bdl-4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID, uuid5

from services.interop.fhir.answers import match, matches
from services.interop.subscriptions.model import Content, Resource, Subscription
from services.interop.subscriptions.topics import IG, TOPICS

Type = Literal["handshake", "heartbeat", "event-notification", "query-status", "query-event"]
_STATUS = f"{IG}/StructureDefinition/backport-subscription-status-r4"
_NOTIFICATION = f"{IG}/StructureDefinition/backport-subscription-notification-r4"
_ERRORS = "http://terminology.hl7.org/CodeSystem/subscription-error"


@dataclass(frozen=True, slots=True)
class Happened:
    """An event of a subscription; `focus` is the resource that it is about, as it was then."""

    number: int
    at: datetime
    focus_id: UUID
    focus: Resource | None = field(default=None, repr=False)


def notification(
    subscription: Subscription,
    kind: Type,
    at: datetime,
    *,
    count: int,
    events: Sequence[Happened] = (),
    content: Content | None = None,
) -> dict[str, Any]:
    """`count`: how many events there had been by then. `content`: another than is subscribed to.

    The same again is the same bundle, so that what is sent twice can be told by its id.
    """
    content = content or subscription.asked.content
    base, focus = subscription.base, TOPICS[subscription.asked.topic].focus
    status = _parameters(subscription, kind, count=count, events=events, content=content)
    identity = f"{kind}/{subscription.activation}/{count}/{at.isoformat()}"
    status["id"] = str(uuid5(subscription.subscription_id, identity))
    entries: list[dict[str, Any]] = [
        {
            "fullUrl": f"urn:uuid:{status['id']}",
            "resource": status,
            "request": {
                "method": "GET",
                "url": f"{base}/Subscription/{subscription.subscription_id}/$status",
            },
            "response": {"status": "200"},
        }
    ]
    if content == "full-resource":
        entries += [
            {
                "fullUrl": f"{base}/{focus}/{one.focus_id}",
                "resource": one.focus,
                "request": {"method": "GET", "url": f"{focus}/{one.focus_id}"},
                "response": {"status": "200"},
            }
            for one in events
        ]
    return {
        "resourceType": "Bundle",
        "id": status["id"],
        "meta": {"profile": [_NOTIFICATION]},
        "type": "history",
        "timestamp": at.isoformat(timespec="milliseconds"),
        "entry": entries,
    }


def statuses(subscriptions: Sequence[Subscription]) -> dict[str, Any]:
    """The answer to $status: a searchset with a status of each."""
    entries: list[dict[str, Any]] = []
    for one in subscriptions:
        status = _parameters(one, "query-status", count=one.events, events=(), content="id-only")
        identity = f"query-status/{one.activation}/{one.events}/{one.status}"
        status["id"] = str(uuid5(one.subscription_id, identity))
        entries.append(match(f"urn:uuid:{status['id']}", status))
    return matches(entries, total=len(entries))


def _parameters(
    subscription: Subscription,
    kind: Type,
    *,
    count: int,
    events: Sequence[Happened],
    content: Content,
) -> dict[str, Any]:
    """An empty notification names neither its topic nor what it is about."""
    base, topic = subscription.base, TOPICS[subscription.asked.topic]
    reference = {"reference": f"{base}/Subscription/{subscription.subscription_id}"}
    found: list[dict[str, Any]] = [{"name": "subscription", "valueReference": reference}]
    if content != "empty":
        found.append({"name": "topic", "valueCanonical": topic.url})
    found += [
        {"name": "status", "valueCode": subscription.status},
        {"name": "type", "valueCode": kind},
        {"name": "events-since-subscription-start", "valueString": str(count)},
    ]
    for one in events:
        part: list[dict[str, Any]] = [
            {"name": "event-number", "valueString": str(one.number)},
            {"name": "timestamp", "valueInstant": one.at.isoformat(timespec="milliseconds")},
        ]
        if content != "empty":
            about = {"reference": f"{base}/{topic.focus}/{one.focus_id}"}
            part.append({"name": "focus", "valueReference": about})
        found.append({"name": "notification-event", "part": part})
    if subscription.error is not None:
        coding = {"system": _ERRORS, "code": subscription.error}
        found.append({"name": "error", "valueCodeableConcept": {"coding": [coding]}})
    return {"resourceType": "Parameters", "meta": {"profile": [_STATUS]}, "parameter": found}
