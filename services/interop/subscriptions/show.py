"""A subscription as its EHR reads it back: with its status, and without its headers' values."""

from __future__ import annotations

from typing import Any

from services.interop.subscriptions.model import MASK, Subscription

_ERRORS = {
    "dns-resolution-error": "the endpoint's name does not lead to an address that we may send to",
    "no-response": "the endpoint does not answer in time",
    "error-response": "the endpoint answers that it does not take notifications",
}


def shown(subscription: Subscription) -> dict[str, Any]:
    """The Subscription resource."""
    asked = subscription.asked
    channel = dict(asked.resource["channel"])
    if asked.headers:
        channel["header"] = [f"{name}: {MASK}" for name, _ in asked.headers]
    found: dict[str, Any] = {
        "resourceType": "Subscription",
        **asked.resource,
        "id": str(subscription.subscription_id),
        "status": subscription.status,
        "channel": channel,
    }
    if subscription.error is not None:
        found["error"] = _ERRORS[subscription.error]
    if subscription.changed_at is not None:
        at = subscription.changed_at.isoformat(timespec="milliseconds")
        found["meta"] = {"lastUpdated": at}
    return found
