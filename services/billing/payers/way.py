"""How questions about patients and claims reach a payer; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from libs.events.contracts.people import Coverage
from services.billing.payers.model import PayerTerms, Route, route_of
from services.billing.x12 import plain_text
from services.billing.x12.claims_837p import Payer


@dataclass(frozen=True, slots=True)
class Way:
    """From a practice to a payer: who asks, who is asked, and how files travel between them."""

    practice: Mapping[str, Any]
    payer: Payer
    route: Route

    @classmethod
    def to(cls, coverage: Coverage, practice: Mapping[str, Any], terms: PayerTerms) -> Way:
        """To the payer of a coverage, on the way that claims go to it."""
        name = plain_text(terms.name or coverage.payer_name)
        route = route_of(coverage.payer_id, terms, practice["tax_id"])
        return cls(practice, Payer(name, coverage.payer_id), route)
