"""What the CapabilityStatement says of subscriptions and what they tell, and these go by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.interop.subscriptions.topics import IG, TOPICS

INSTANTIATES = f"{IG}/CapabilityStatement/backport-subscription-server-r4"
_TOPIC = f"{IG}/StructureDefinition/capabilitystatement-subscriptiontopic-canonical"

SUBSCRIPTIONS_BY: Mapping[str, str] = {"_id": "token", "status": "token", "url": "uri"}
CLAIMS_BY: Mapping[str, str] = {
    "_id": "token",
    "request": "reference",
    "encounter": "reference",
    "patient": "reference",
}
"""What claims are found by. `encounter` is our own, for visits of which no Claim was sent."""

COVERAGES_BY: Mapping[str, str] = {"_id": "token", "patient": "reference"}


def stated_resources() -> list[dict[str, Any]]:
    return [
        {
            "extension": [
                {
                    "url": _TOPIC,
                    "valueCanonical": topic,
                }
                for topic in TOPICS
            ],
            "type": "Subscription",
            "supportedProfile": [f"{IG}/StructureDefinition/backport-subscription"],
            "interaction": _interactions("read", "create", "update", "delete", "search-type"),
            "versioning": "no-version",
            "updateCreate": False,
            "searchParam": _parameters(SUBSCRIPTIONS_BY),
            "operation": [
                {
                    "name": name,
                    "definition": f"{IG}/OperationDefinition/backport-subscription-{name}",
                }
                for name in ("status", "events")
            ],
        },
        {
            "type": "ClaimResponse",
            "interaction": _interactions("read", "search-type"),
            "versioning": "no-version",
            "searchParam": _parameters(CLAIMS_BY),
        },
        {
            "type": "CoverageEligibilityResponse",
            "interaction": _interactions("read", "search-type"),
            "versioning": "no-version",
            "searchParam": _parameters(COVERAGES_BY),
        },
    ]


def _interactions(*codes: str) -> list[dict[str, str]]:
    return [{"code": code} for code in codes]


def _parameters(by: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "type": kind} for name, kind in by.items()]
