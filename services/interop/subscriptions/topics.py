"""What can be subscribed to. A topic more is a row more, and whoever counts its events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

IG = "http://hl7.org/fhir/uv/subscriptions-backport"
"""Subscriptions R5 Backport, the guide whose profiles, extensions and operations these are."""


@dataclass(frozen=True, slots=True)
class Topic:
    """`url`: its canonical name; `focus`: the type of resource that notifications are about."""

    url: str
    title: str
    focus: str
    filters: tuple[str, ...]
    """The search parameters of `focus` that a subscription may be narrowed by."""


CLAIM_STATUS = Topic(
    url="urn:mainstay:SubscriptionTopic:claim-status",
    title="The claim for a visit of yours stands otherwise than before",
    focus="ClaimResponse",
    filters=("patient",),
)

COVERAGE_ELIGIBILITY = Topic(
    url="urn:mainstay:SubscriptionTopic:coverage-eligibility",
    title="A payer said whether it covers a patient of yours",
    focus="CoverageEligibilityResponse",
    filters=("patient",),
)

TOPICS: Mapping[str, Topic] = {topic.url: topic for topic in (CLAIM_STATUS, COVERAGE_ELIGIBILITY)}
