"""What work is worth: work RVUs by procedure code and day, cents per work RVU by clinician; pure.

Work relative value units come from the practice's own table; Medicare's are in the Physician Fee
Schedule relative value files (42 CFR 414.22(a)), two decimals, which hundredths hold exactly.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from libs.events.contracts.values import round_half_even


@dataclass(frozen=True, slots=True)
class RvuTable:
    """Hundredths of a work RVU by code, from a day on."""

    rvu_table_id: UUID
    effective_on: date
    source: str
    work_rvu_hundredths: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class CompensationPlan:
    """A clinician's conversion rate from a day on."""

    compensation_plan_id: UUID
    npi: str
    effective_on: date
    cents_per_work_rvu: int


@dataclass(frozen=True, slots=True)
class Procedure:
    """One service of a visit. Modifiers do not change its work here."""

    line_number: int
    procedure_code: str
    units: int


def unvalued_codes(procedures: Iterable[Procedure], values: Mapping[str, int]) -> list[str]:
    """The codes that have no value, sorted: nothing is guessed for them."""
    return sorted({p.procedure_code for p in procedures} - values.keys())


def work_of(procedures: Iterable[Procedure], values: Mapping[str, int]) -> int:
    """Hundredths of a work RVU; KeyError where a code has no value."""
    return sum(p.units * values[p.procedure_code] for p in procedures)


def pay_for(work_rvu_hundredths: int, cents_per_work_rvu: int) -> int:
    """Cents, half to even."""
    return round_half_even(Decimal(work_rvu_hundredths * cents_per_work_rvu) / 100)
