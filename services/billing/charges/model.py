"""Pricing a visit from the practice's fee schedule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from libs.events.contracts.billing_holds import HoldReason
from libs.events.contracts.interop import ChargeLine


def price(
    lines: Sequence[ChargeLine], prices_cents: Mapping[str, int] | None
) -> list[int] | HoldReason:
    """Cents per line, in order; or why the visit cannot be priced. A price is per unit."""
    if prices_cents is None:
        return "no-fee-schedule"
    if any(line.procedure_code not in prices_cents for line in lines):
        return "procedure-not-priced"
    return [prices_cents[line.procedure_code] * line.units for line in lines]
