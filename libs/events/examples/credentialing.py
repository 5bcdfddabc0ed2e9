"""One canonical instance of each event of credentialing; tests override what they are about."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid5

from libs.events.contracts.credentialing import ProviderCredentialed, ProviderEnrolled
from libs.events.examples.interop import COVERAGE, NAMESPACE, NPI, PRACTICE

PROVIDER = uuid5(NAMESPACE, "provider")


def provider_credentialed(**changes: Any) -> ProviderCredentialed:
    fields: dict[str, Any] = {
        "practice_id": PRACTICE,
        "provider_id": PROVIDER,
        "npi": NPI,
        "family": "Okafor",
        "given": "Ngozi",
        "taxonomy": "207Q00000X",
        "credentialed_on": date(2025, 6, 2),
        "expires_on": date(2028, 6, 2),
    }
    return ProviderCredentialed(**{**fields, **changes})


def provider_enrolled(**changes: Any) -> ProviderEnrolled:
    fields: dict[str, Any] = {
        "practice_id": PRACTICE,
        "provider_id": PROVIDER,
        "npi": NPI,
        "payer_id": COVERAGE.payer_id,
        "effective_on": date(2025, 7, 1),
        "ends_on": None,
    }
    return ProviderEnrolled(**{**fields, **changes})
