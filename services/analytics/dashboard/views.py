"""What the pages show, worked out from scorecards: no I/O, no HTML but the charts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode
from uuid import UUID

from markupsafe import Markup

from services.analytics.dashboard import charts
from services.analytics.dashboard.charts import Point, Slice
from services.analytics.dashboard.formats import NONE, show, show_month, show_short_month, show_sum
from services.analytics.figures.definitions import BY_NAME, FIGURES
from services.analytics.figures.model import (
    Figure,
    Group,
    Months,
    Standing,
    Value,
    add_months,
    read_parts,
    work_out,
)

LONGEST_TREND, SHORTEST_TREND = 12, 4

OVERVIEW = (
    "encounters",
    "charges",
    "collections",
    "management_fee",
    "denial_rate",
    "clean_claim_rate",
    "net_collection_rate",
    "days_in_ar",
    "no_show_rate",
    "work_rvus",
    "claims_on_hold",
    "open_queries",
)
GROUPS: tuple[tuple[Group, str], ...] = (
    ("money", "Money"),
    ("quality", "How well it goes"),
    ("work", "Work done"),
    ("waiting", "Waiting"),
)
STANDINGS: dict[Standing, tuple[str, str]] = {
    "met": ("✓", "on target"),
    "near": ("▲", "near target"),
    "missed": ("✕", "off target"),
}


@dataclass(frozen=True, slots=True)
class Scope:
    """A practice, or all of the caller's practices together."""

    practice_id: UUID | None
    name: str
    practices: tuple[UUID, ...]

    @property
    def key(self) -> str:
        return str(self.practice_id) if self.practice_id else "all"

    def href(self, month: date) -> str:
        path = f"/practices/{self.key}" if self.practice_id else "/"
        return f"{path}?{urlencode({'month': f'{month:%Y-%m}'})}"

    def figure_href(self, figure: str, month: date, **more: str | int) -> str:
        query = urlencode({"month": f"{month:%Y-%m}", **more})
        return f"/practices/{self.key}/figures/{figure}?{query}"


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure of a scope and month, ready to be shown."""

    figure: Figure
    scope: Scope
    value: Value
    text: str
    standing: Standing | None
    href: str

    @property
    def icon(self) -> str:
        return STANDINGS[self.standing][0] if self.standing else ""

    @property
    def said(self) -> str:
        return STANDINGS[self.standing][1] if self.standing else ""


@dataclass(frozen=True, slots=True)
class Row:
    """A practice on the overview."""

    scope: Scope
    href: str
    cells: tuple[Cell, ...]
    spark: Markup


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure on a practice's page, with its trend as a chart and as a table."""

    cell: Cell
    chart: Markup
    table: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class MonthChoice:
    """The month shown, and those that can be."""

    chosen: date
    months: tuple[date, ...]
    earlier: date | None
    later: date | None


@dataclass(frozen=True, slots=True)
class Share:
    """A part of the month's charges: what became of it."""

    name: str
    cell: Cell
    share: str


def choose_month(months: Months, wanted: date | None) -> MonthChoice | None:
    """The wanted month, or the latest one with visits or charges; None where nothing is known."""
    if wanted is None:
        worked = [m for m, row in months.items() if row["encounters"] or row["charge_cents"]]
        wanted = max(worked or months, default=None)
        if wanted is None:
            return None
    known = sorted({*months, wanted}, reverse=True)
    at = known.index(wanted)
    return MonthChoice(
        chosen=wanted,
        months=tuple(known),
        earlier=known[at + 1] if at + 1 < len(known) else None,
        later=known[at - 1] if at else None,
    )


def make_cell(figure: Figure, scope: Scope, months: Months, month: date) -> Cell:
    value = work_out(figure, months, month)
    return Cell(
        figure=figure,
        scope=scope,
        value=value,
        text=show(value, figure.unit),
        standing=figure.target.standing(value) if figure.target else None,
        href=scope.figure_href(figure.name, month),
    )


def make_row(scope: Scope, months: Months, month: date) -> Row:
    collections = BY_NAME["collections"]
    return Row(
        scope=scope,
        href=scope.href(month),
        cells=tuple(make_cell(BY_NAME[name], scope, months, month) for name in OVERVIEW),
        spark=charts.sparkline(
            f"spark-{scope.key}",
            trend_points(collections, months, month),
            "cents",
            f"Collections of {scope.name} by service month",
        ),
    )


def make_tile(figure: Figure, scope: Scope, months: Months, month: date) -> Tile:
    points = trend_points(figure, months, month)
    return Tile(
        cell=make_cell(figure, scope, months, month),
        chart=draw_trend(figure, points, month, f"tile-{figure.name}", charts.TILE),
        table=trend_table(figure, points),
    )


def make_tiles(scope: Scope, months: Months, month: date) -> list[tuple[str, list[Tile]]]:
    return [
        (title, [make_tile(f, scope, months, month) for f in FIGURES if f.group == group])
        for group, title in GROUPS
    ]


def draw_trend(
    figure: Figure, points: Sequence[Point], month: date, svg_id: str, size: charts.Size
) -> Markup:
    return charts.trend(
        svg_id,
        points,
        figure.unit,
        f"{figure.label} by service month",
        chosen=month,
        target=figure.target.good if figure.target else None,
        size=size,
    )


def trend_points(figure: Figure, months: Months, month: date) -> list[Point]:
    """The year that ends with the month; months before the first known one only to fill up."""
    year = [add_months(month, -back) for back in reversed(range(LONGEST_TREND))]
    known = next((i for i, m in enumerate(year) if m in months), len(year))
    shown = year[min(known, LONGEST_TREND - SHORTEST_TREND) :]
    return [Point(m, work_out(figure, months, m)) for m in shown]


def trend_table(figure: Figure, points: Sequence[Point]) -> tuple[tuple[str, str], ...]:
    return tuple((show_short_month(p.month), show(p.value, figure.unit)) for p in points)


def what_became(scope: Scope, months: Months, month: date) -> tuple[Markup, list[Share]]:
    """The month's charges as a bar of what was paid, adjusted, left to patients, and is open."""
    charged = months.get(month, {}).get("charge_cents", 0)
    shares: list[Share] = []
    for name in ("collections", "adjusted", "patient_share", "open"):
        cell = make_cell(BY_NAME[name], scope, months, month)
        assert isinstance(cell.value, int)
        share = f"{cell.value * 100 / charged:.0f}%" if charged > 0 else NONE
        shares.append(Share(name, cell, share))
    slices = [Slice(s.name, s.cell.figure.label, int(s.cell.value or 0)) for s in shares]
    title = f"What became of the charges of {show_month(month)}"
    return charts.stacked_bar("became", slices, title), shares


def worded(figure: Figure, months: Months, month: date) -> str:
    """The formula with the numbers put in, such as 3 denied ÷ 61 decided = 4.9%."""
    reading = read_parts(figure, months, month)
    numbers = {part.name: show_sum(reading.parts[part.name], part.unit) for part in figure.parts}
    text = figure.worded.format(**numbers, days=reading.days)
    if len(figure.parts) == 1:
        return text
    return f"{text} = {show(figure.work_out(reading), figure.unit)}"
