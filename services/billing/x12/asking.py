"""What the questions to payers, 270 and 276, have in common."""

from __future__ import annotations

from dataclasses import dataclass

from services.billing.x12.claims_837p import Payer
from services.billing.x12.enclose import Addressed


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking(Addressed):
    """One interchange of one practice to one payer; one transaction set with every question."""

    control: int
    """ISA13, GS06 and ST02."""
    payer: Payer
    provider_name: str
    provider_npi: str
