"""How numbers, months and times are written on the pages."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from services.analytics.figures.model import Unit, Value

NONE = "–"
MINUS = "\N{MINUS SIGN}"


def show(value: Value, unit: Unit) -> str:
    """A figure's value as text: dollars with cents, one decimal for percent and days."""
    if value is None:
        return NONE
    sign, size = (MINUS, -value) if value < 0 else ("", value)
    match unit:
        case "cents":
            dollars, cents = divmod(int(size), 100)
            return f"{sign}${dollars:,}.{cents:02d}"
        case "count":
            return f"{sign}{size:,}"
        case "percent":
            return f"{sign}{size:,.1f}%"
        case "days":
            return f"{sign}{size:,.1f} days"
        case "rvu":
            return f"{sign}{size:,.2f}"


def show_sum(amount: int, unit: Unit) -> str:
    """A sum of counters as text; work RVUs are counted in hundredths."""
    return show(Decimal(amount).scaleb(-2) if unit == "rvu" else amount, unit)


def show_short(value: Value, unit: Unit) -> str:
    """For an axis: $12k, 40%, 1.2k."""
    if value is None:
        return NONE
    if unit == "percent":
        return f"{_trim(Decimal(value))}%"
    amount = Decimal(value) / 100 if unit == "cents" else Decimal(value)
    sign, amount = (MINUS, -amount) if amount < 0 else ("", amount)
    for size, letter in ((10**9, "B"), (10**6, "M"), (10**3, "k")):
        if amount >= size:
            return f"{sign}{'$' if unit == 'cents' else ''}{_trim(amount / size)}{letter}"
    return f"{sign}{'$' if unit == 'cents' else ''}{_trim(amount)}"


def _trim(amount: Decimal) -> str:
    return f"{amount:.2f}".rstrip("0").rstrip(".")


def show_month(month: date) -> str:
    return f"{month:%B} {month.year}"


def show_short_month(month: date) -> str:
    return f"{month:%b} {month.year}"


def show_time(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if at else "never"


def short_type(event_type: str) -> str:
    """`billing.payment-posted.v1` → payment posted."""
    return event_type.split(".")[1].replace("-", " ")
