"""Charts as inline SVG, drawn by the server: they print, scale, and say what they show in words.

Each has role=img with a title and a description. Colours come from the style sheet by class, so
that light and dark, print and forced colours need no second drawing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby

from markupsafe import Markup, escape

from services.analytics.dashboard.formats import show, show_short, show_short_month
from services.analytics.figures.model import Unit, Value

_STEPS = tuple(Decimal(step) for step in ("1", "1.5", "2", "2.5", "3", "4", "5", "6", "8", "10"))


@dataclass(frozen=True, slots=True)
class Point:
    """A value of one service month."""

    month: date
    value: Value


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of a stacked bar."""

    name: str
    label: str
    cents: int


@dataclass(frozen=True, slots=True)
class Size:
    """A chart's box and the room around its plot, in SVG units."""

    width: int
    height: int
    left: int
    bottom: int
    top: int = 8
    right: int = 8
    every: int = 1
    """Every how many months one is named; 0: only the first and the last."""


TILE = Size(width=300, height=96, left=40, bottom=18, every=0)
WIDE = Size(width=760, height=240, left=56, bottom=24)
NARROW = Size(width=340, height=220, left=48, bottom=24, every=3)


def _svg(
    svg_id: str, size: Size | tuple[int, int], title: str, desc: str, body: str, kind: str
) -> Markup:
    width, height = (size.width, size.height) if isinstance(size, Size) else size
    stretch = ' preserveAspectRatio="none"' if kind == "stack" else ""
    return Markup(  # noqa: S704  the body is made of numbers and escaped texts
        f'<svg class="chart {kind}" viewBox="0 0 {width} {height}"{stretch} role="img" '
        f'aria-labelledby="{svg_id}-t" aria-describedby="{svg_id}-d">'
        f'<title id="{svg_id}-t">{escape(title)}</title>'
        f'<desc id="{svg_id}-d">{escape(desc)}</desc>{body}</svg>'
    )


def in_words(points: Sequence[Point], unit: Unit) -> str:
    """The chart's content as a sentence."""
    return "; ".join(
        f"{show_short_month(p.month)}: {'no data' if p.value is None else show(p.value, unit)}"
        for p in points
    )


def nice_top(highest: Decimal) -> Decimal:
    """The smallest round number that is not below: a step times a power of ten."""
    if highest <= 0:
        return Decimal(1)
    power = Decimal(10) ** (highest.adjusted())
    return next(step * power for step in _STEPS if step * power >= highest)


def sparkline(svg_id: str, points: Sequence[Point], unit: Unit, title: str) -> Markup:
    """A small line without axes; its last point is marked."""
    values = [Decimal(p.value or 0) for p in points]
    low, high = min(0, *values), max(*values, Decimal(1))
    spots = [
        (4 + 112 * i / max(len(values) - 1, 1), 26 - 22 * float((v - low) / (high - low)))
        for i, v in enumerate(values)
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)
    x, y = spots[-1]
    body = f'<polyline points="{line}"/><circle cx="{x:.1f}" cy="{y:.1f}" r="3"/>'
    return _svg(svg_id, (120, 30), title, in_words(points, unit), body, "spark")


def trend(
    svg_id: str,
    points: Sequence[Point],
    unit: Unit,
    title: str,
    *,
    chosen: date,
    target: Decimal | None = None,
    size: Size = WIDE,
) -> Markup:
    """Amounts as bars, rates as a line with gaps where there is nothing to say."""
    values = [Decimal(p.value) for p in points if p.value is not None]
    high = nice_top(max([*values, target or Decimal(0), Decimal(0)]))
    if unit == "percent" and high > 100 and not any(v > 100 for v in values):
        high = Decimal(100)
    low = -nice_top(-min(values)) if values and min(values) < 0 else Decimal(0)
    plot = _Plot(size, len(points), low, high)
    body = plot.grid(unit)
    if target is not None:
        y = plot.y(target)
        body += f'<line class="target" x1="{size.left}" x2="{size.width}" y1="{y}" y2="{y}"/>'
    draw = plot.line if unit in ("percent", "days") else plot.bars
    body += draw(points, unit, chosen) + plot.months(points, chosen)
    return _svg(svg_id, size, title, in_words(points, unit), body, "trend")


@dataclass(frozen=True, slots=True)
class _Plot:
    size: Size
    count: int
    low: Decimal
    high: Decimal

    @property
    def step(self) -> float:
        return (self.size.width - self.size.left - self.size.right) / max(self.count, 1)

    def x(self, place: int) -> float:
        return round(self.size.left + self.step * (place + 0.5), 1)

    def y(self, value: Decimal) -> float:
        room = self.size.height - self.size.top - self.size.bottom
        share = (value - self.low) / (self.high - self.low)
        return round(self.size.top + room * (1 - float(share)), 1)

    def grid(self, unit: Unit) -> str:
        middle = (self.low + self.high) / 2
        marks = {self.low, Decimal(0), self.high} | ({middle} if self.size.height > 150 else set())
        lines = ""
        for value in sorted(marks):
            y, shown = self.y(value), Decimal(value)
            name = show_short(shown, unit)
            kind = "zero" if value == 0 else "grid"
            lines += (
                f'<line class="{kind}" x1="{self.size.left}" x2="{self.size.width}" y1="{y}" '
                f'y2="{y}"/><text class="y" x="{self.size.left - 6}" y="{y + 3.5}">{name}</text>'
            )
        return lines

    def bars(self, points: Sequence[Point], unit: Unit, chosen: date) -> str:
        width, zero, drawn = round(self.step * 0.68, 1), self.y(Decimal(0)), ""
        for place, point in enumerate(points):
            y = self.y(Decimal(point.value or 0))
            kind = "bar chosen" if point.month == chosen else "bar"
            drawn += (
                f'<rect class="{kind}" x="{self.x(place) - width / 2:.1f}" y="{min(y, zero)}" '
                f'width="{width}" height="{abs(zero - y):.1f}" rx="1.5">'
                f"<title>{_tip(point, unit)}</title></rect>"
            )
        return drawn

    def line(self, points: Sequence[Point], unit: Unit, chosen: date) -> str:
        drawn, spots = "", list(enumerate(points))
        for known, run in groupby(spots, key=lambda spot: spot[1].value is not None):
            if known:
                dots = [(self.x(i), self.y(Decimal(p.value or 0)), p) for i, p in run]
                path = " ".join(f"{x},{y}" for x, y, _ in dots)
                drawn += f'<polyline class="line" points="{path}"/>' + "".join(
                    f'<circle class="{"dot chosen" if p.month == chosen else "dot"}" cx="{x}" '
                    f'cy="{y}" r="{4 if p.month == chosen else 2.5}">'
                    f"<title>{_tip(p, unit)}</title></circle>"
                    for x, y, p in dots
                )
        return drawn

    def months(self, points: Sequence[Point], chosen: date) -> str:
        last, y, drawn = len(points) - 1, self.size.height - 5, ""
        for place, point in enumerate(points):
            if (last - place) % (self.size.every or max(last, 1)):
                continue
            year = place == 0 or point.month.month == 1 or self.size.every != 1
            name = f"{point.month:%b}" + (f" {point.month:%y}" if year else "")
            kind = "x chosen" if point.month == chosen else "x"
            drawn += f'<text class="{kind}" x="{self.x(place)}" y="{y}">{name}</text>'
        return drawn


def _tip(point: Point, unit: Unit) -> str:
    return f"{show_short_month(point.month)}: {show(point.value, unit)}"


def stacked_bar(svg_id: str, slices: Sequence[Slice], title: str) -> Markup:
    """One bar of several parts; a negative part has no width, and the words still say it."""
    total = sum(max(s.cents, 0) for s in slices) or 1
    desc = "; ".join(f"{s.label} {show(s.cents, 'cents')}" for s in slices)
    x, body = 0.0, ""
    for part in slices:
        width = 1000 * max(part.cents, 0) / total
        if width:
            body += (
                f'<rect class="part {part.name}" x="{x:.1f}" y="0" '
                f'width="{max(width - 3, 1):.1f}" height="40">'
                f"<title>{escape(part.label)}: {show(part.cents, 'cents')}</title></rect>"
            )
        x += width
    return _svg(svg_id, (1000, 40), title, desc, body, "stack")
