"""One canonical instance of each event of payroll; tests override what they are about."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid5

from libs.events.contracts.payroll import ProductivityRecorded, ProductivityReversed
from libs.events.examples.interop import ENCOUNTER, NPI, PRACTICE

LINE = uuid5(ENCOUNTER, "productivity")


_LINE: dict[str, Any] = {
    "practice_id": PRACTICE,
    "line_id": LINE,
    "encounter_id": ENCOUNTER,
    "provider_npi": NPI,
    "service_on": date(2026, 3, 2),
    "service_month": date(2026, 3, 1),
    "work_rvu_hundredths": 150,
    "pay_cents": 7_500,
}


def productivity_recorded(**changes: Any) -> ProductivityRecorded:
    return ProductivityRecorded(**{**_LINE, **changes})


def productivity_reversed(**changes: Any) -> ProductivityReversed:
    return ProductivityReversed(**{**_LINE, **changes})
