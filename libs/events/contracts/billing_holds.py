"""Published by billing: a claim waits before it goes out, and its wait ends."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Literal

from pydantic import StringConstraints

from libs.events.contracts.base import Event
from libs.events.contracts.billing import CLAIMS
from libs.events.contracts.values import ClaimId, EncounterId, Month, Npi, PayerId
from libs.events.contracts.versions import upcaster

HoldReason = Literal[
    "provider-not-credentialed",
    "provider-not-enrolled",
    "practice-unknown",
    "no-fee-schedule",
    "procedure-not-priced",
    "claim-incomplete",
    "claim-edits",
]
"""Why a claim waits. `claim-incomplete`: something that an 837P must say is missing or not to be
written in it, such as the patient's address. `claim-edits`: rules found errors that the payer would
refuse or deny it for."""
RuleId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
"""A rule of billing's catalogue, `GET /scrub-rules`."""


class ClaimHeldV1(Event):
    """A claim waits for a fact; it goes out by itself when the fact is heard."""

    type: ClassVar = "billing.claim-held.v1"
    topic: ClassVar = CLAIMS
    key: ClassVar = "claim_id"

    claim_id: ClaimId
    encounter_id: EncounterId
    payer_id: PayerId | None
    provider_npi: Npi
    reason: Literal[
        "provider-not-credentialed",
        "provider-not-enrolled",
        "practice-unknown",
        "no-fee-schedule",
        "procedure-not-priced",
        "claim-incomplete",
    ]
    service_month: Month
    service_on: date


class ClaimHeld(Event):
    """A claim waits for a fact; it goes out by itself when the fact is heard.

    One that is held for its edits goes out when what they found is mended, or when somebody
    overrides them.
    """

    type: ClassVar = "billing.claim-held.v2"
    topic: ClassVar = CLAIMS
    key: ClassVar = "claim_id"

    claim_id: ClaimId
    encounter_id: EncounterId
    payer_id: PayerId | None
    provider_npi: Npi
    reason: HoldReason
    edits: tuple[RuleId, ...]
    """The rules whose errors hold it, of reason `claim-edits`; empty for the others."""
    service_month: Month
    service_on: date


@upcaster
def find_no_edits(old: ClaimHeldV1) -> ClaimHeld:
    """Version 1 knew no rules."""
    told = {name: getattr(old, name) for name in ClaimHeldV1.model_fields}
    return ClaimHeld(**told, edits=())


class ClaimReleased(Event):
    """What a held claim waited for has come."""

    type: ClassVar = "billing.claim-released.v1"
    topic: ClassVar = CLAIMS
    key: ClassVar = "claim_id"

    claim_id: ClaimId
    service_month: Month
