"""How numbers are written."""

from __future__ import annotations

from decimal import Decimal

import pytest

from services.analytics.dashboard.formats import show, show_short, show_sum
from services.analytics.figures.model import Unit, Value


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0, "cents", "$0.00"),
        (5, "cents", "$0.05"),
        (123_456_789, "cents", "$1,234,567.89"),
        (-150, "cents", "−$1.50"),
        (1_234, "count", "1,234"),
        (Decimal("4.9"), "percent", "4.9%"),
        (Decimal("41.0"), "days", "41.0 days"),
        (Decimal("52.17"), "rvu", "52.17"),
        (None, "percent", "–"),
    ],
)
def test_a_value_is_written_in_its_unit(value: Value, unit: Unit, text: str) -> None:
    assert show(value, unit) == text


def test_large_cents_lose_nothing() -> None:
    assert show(10**15 + 1, "cents") == "$10,000,000,000,000.01"


def test_hundredths_of_work_rvus_are_shown_as_work_rvus() -> None:
    assert show_sum(5_217, "rvu") == "52.17"


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0, "cents", "$0"),
        (1_250_000, "cents", "$12.5k"),
        (250_000, "cents", "$2.5k"),
        (Decimal(200_000_000), "cents", "$2M"),
        (-100_000, "cents", "−$1k"),
        (Decimal(50), "percent", "50%"),
        (Decimal("12.5"), "percent", "12.5%"),
        (Decimal("0.5"), "count", "0.5"),
        (1_500, "count", "1.5k"),
    ],
)
def test_an_axis_is_named_shortly(value: Value, unit: Unit, text: str) -> None:
    assert show_short(value, unit) == text
