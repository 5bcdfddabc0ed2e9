"""Charts: what they say to those who do not see them, and where they put their marks."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from xml.etree import ElementTree

import pytest

from services.analytics.dashboard.charts import (
    NARROW,
    TILE,
    WIDE,
    Point,
    Size,
    Slice,
    nice_top,
    sparkline,
    stacked_bar,
    trend,
)
from services.analytics.figures.model import add_months

SVG = "{http://www.w3.org/2000/svg}"
MARCH = date(2026, 3, 1)


def parse(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(str(svg).replace("<svg ", f'<svg xmlns="{SVG[1:-1]}" ', 1))


def points(*values: int | Decimal | None) -> list[Point]:
    return [Point(add_months(MARCH, i - len(values) + 1), v) for i, v in enumerate(values)]


def test_a_chart_is_an_image_with_a_title_and_its_values_in_words() -> None:
    chart = parse(
        trend("t", points(100_050, 0, 7), "cents", "Charges by service month", chosen=MARCH)
    )
    assert chart.get("role") == "img"
    title, desc = chart.find(f"{SVG}title"), chart.find(f"{SVG}desc")
    assert title is not None
    assert desc is not None
    assert chart.get("aria-labelledby") == title.get("id")
    assert chart.get("aria-describedby") == desc.get("id")
    assert title.text == "Charges by service month"
    assert desc.text == "Jan 2026: $1,000.50; Feb 2026: $0.00; Mar 2026: $0.07"


def test_a_rate_has_a_gap_where_there_is_nothing_to_say() -> None:
    rates = points(Decimal("5.0"), None, Decimal("7.5"), Decimal("2.5"))
    chart = parse(trend("t", rates, "percent", "Denial rate", chosen=MARCH, target=Decimal(5)))
    assert len(chart.findall(f"{SVG}polyline")) == 2
    assert len(chart.findall(f"{SVG}circle")) == 3
    desc = chart.find(f"{SVG}desc")
    assert desc is not None
    assert "Jan 2026: no data" in (desc.text or "")
    assert len([mark for mark in chart if mark.get("class") == "target"]) == 1


def test_bars_are_as_high_as_their_values() -> None:
    chart = parse(trend("t", points(50, 100, -50), "count", "Encounters", chosen=MARCH))
    bars = chart.findall(f"{SVG}rect")
    heights = [float(bar.get("height", "")) for bar in bars]
    assert heights[1] == pytest.approx(2 * heights[0], abs=0.2)
    assert heights[2] == pytest.approx(heights[0], abs=0.2)
    # What is below zero hangs from the zero line, on which the others stand.
    assert float(bars[2].get("y", "")) == pytest.approx(
        float(bars[0].get("y", "")) + heights[0], abs=0.2
    )
    assert [bar.get("class") for bar in bars] == ["bar", "bar", "bar chosen"]


@pytest.mark.parametrize("size", [TILE, WIDE, NARROW])
def test_every_mark_lies_inside_the_box(size: Size) -> None:
    values = points(*(Decimal(v) for v in (99, 0, 50, 12, 7, 100, 3, 1, 2, 4, 5, 6)))
    chart = parse(trend("t", values, "percent", "Rate", chosen=MARCH, size=size))
    for circle in chart.findall(f"{SVG}circle"):
        assert size.left < float(circle.get("cx", "")) < size.width
        assert 0 < float(circle.get("cy", "")) < size.height - size.bottom + 1


def test_an_axis_ends_at_a_round_number() -> None:
    given = [Decimal(v) for v in ("0", "0.3", "1", "3", "26", "99", "101", "1234567")]
    assert [nice_top(value) for value in given] == [
        Decimal(v) for v in ("1", "0.3", "1", "3", "30", "100", "150", "1500000")
    ]


def test_the_bar_of_charges_has_each_part_in_its_width_and_in_words() -> None:
    parts = [Slice("paid", "Paid", 600), Slice("open", "Open", 400), Slice("less", "Less", -50)]
    chart = parse(stacked_bar("b", parts, "What became of them"))
    widths = [float(rect.get("width", "")) for rect in chart.findall(f"{SVG}rect")]
    assert widths == [597, 397]
    desc = chart.find(f"{SVG}desc")
    assert desc is not None
    assert desc.text == "Paid $6.00; Open $4.00; Less −$0.50"


def test_an_empty_chart_is_still_a_chart() -> None:
    assert "no data" in trend("t", points(None, None), "days", "Days", chosen=MARCH)
    assert "$0.00" in sparkline("s", points(0), "cents", "Collections")


def test_texts_from_outside_are_escaped() -> None:
    chart = sparkline("s", points(1), "cents", 'Collections of <b>"Practice"</b>')
    assert "<b>" not in chart
    assert "&lt;b&gt;" in chart
