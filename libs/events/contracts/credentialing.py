"""Published by credentialing: who may treat patients here, and whom each payer pays."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar

from pydantic import StringConstraints

from libs.events.contracts.base import Event, Topic
from libs.events.contracts.values import Npi, PayerId, ProviderId, Short

PROVIDERS = Topic("credentialing.providers", partitions=2)


class ProviderCredentialed(Event):
    """The practice's credentialing of a clinician is complete."""

    type: ClassVar = "credentialing.provider-credentialed.v1"
    topic: ClassVar = PROVIDERS
    key: ClassVar = "provider_id"

    provider_id: ProviderId
    npi: Npi
    family: Short
    given: Short
    taxonomy: Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{10}$")]
    """NUCC Health Care Provider Taxonomy code."""
    credentialed_on: date
    expires_on: date
    """Recredentialing is due by this day."""


class ProviderEnrolled(Event):
    """A payer pays for this clinician's services at this practice from a day on."""

    type: ClassVar = "credentialing.provider-enrolled.v1"
    topic: ClassVar = PROVIDERS
    key: ClassVar = "provider_id"

    provider_id: ProviderId
    npi: Npi
    payer_id: PayerId
    effective_on: date
    ends_on: date | None = None
    """The first day on which it no longer holds; None: open."""
