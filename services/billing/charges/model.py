"""Pricing a visit from the practice's fee schedule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from libs.events.contracts.billing_holds import HoldReason
from libs.events.contracts.interop import ChargeLine

Service = tuple[str, tuple[str, ...]]
"""A procedure with its modifiers."""


def price(
    lines: Sequence[ChargeLine], prices_cents: Mapping[str, int] | None
) -> list[int] | HoldReason:
    """Cents per line, in order; or why the visit cannot be priced. A price is per unit.

    A price of a code with a modifier, such as `71046-26`, goes before the code's own; of several
    modifiers the first on the line that has one decides.
    """
    if prices_cents is None:
        return "no-fee-schedule"
    priced = [_unit_price(line, prices_cents) for line in lines]
    if any(cents is None for cents in priced):
        return "procedure-not-priced"
    return [(cents or 0) * line.units for cents, line in zip(priced, lines, strict=True)]


def _unit_price(line: ChargeLine, prices_cents: Mapping[str, int]) -> int | None:
    keys = [f"{line.procedure_code}-{modifier}" for modifier in line.modifiers]
    return next((prices_cents[k] for k in [*keys, line.procedure_code] if k in prices_cents), None)


def added_services(before: Mapping[Service, int], lines: Sequence[ChargeLine]) -> dict[str, int]:
    """Units by procedure that a corrected visit has more than the claim that left."""
    now: Counter[Service] = Counter()
    for line in lines:
        now[line.procedure_code, line.modifiers] += line.units
    added: Counter[str] = Counter()
    for (procedure, _), units in (now - Counter(before)).items():
        added[procedure] += units
    return dict(sorted(added.items()))
