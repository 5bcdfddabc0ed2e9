"""The events behind a number, a page at a time, with the sum of them all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from libs.events.transport.database import Db
from services.analytics.dashboard.formats import short_type, show_sum, show_time
from services.analytics.dashboard.views import Scope
from services.analytics.figures.model import Figure, Months, Part, first_month, sum_part
from services.analytics.scorecard import store

PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class PartLink:
    """A part of the formula, to choose whose events are listed."""

    part: Part
    text: str
    href: str
    current: bool


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event's contribution."""

    event_id: UUID
    kind: str
    event_type: str
    time: str
    counts_as: str
    """The counter that it added to, or why something waits."""
    practice_id: UUID
    place: str
    """Its topic, partition and offset."""
    amount: str


@dataclass(frozen=True, slots=True)
class EventList:
    """A page of the events behind a part, and the sum of all pages."""

    part: Part
    parts: tuple[PartLink, ...]
    rows: tuple[EventRow, ...]
    summed: str
    """What the sum is over, in words."""
    total: str
    agrees: bool
    """The listed amounts sum to the number in the formula."""
    page: int
    pages: int
    newer: str | None
    older: str | None


async def list_events(
    db: Db, scope: Scope, figure: Figure, part: Part, months: Months, month: date, page: int
) -> EventList:
    """Page `page` (from 1) of the events behind a part of a figure in a service month."""
    since, counters = first_month(part.window, month), list(part.counters.items())
    listed = await store.sum_contributions(db, counters, since, month)
    pages = max(-(-listed.entries // PER_PAGE), 1)
    page = min(page, pages)
    rows = await store.list_contributions(
        db, counters, since, month, limit=PER_PAGE, offset=(page - 1) * PER_PAGE
    )

    def href(name: str, number: int = 1) -> str:
        return scope.figure_href(figure.name, month, part=name, page=number)

    return EventList(
        part=part,
        parts=tuple(
            PartLink(
                part=each,
                text=show_sum(sum_part(each, months, month), each.unit),
                href=href(each.name),
                current=each is part,
            )
            for each in figure.parts
        ),
        rows=tuple(
            EventRow(
                event_id=row["event_id"],
                kind=short_type(row["event_type"]),
                event_type=row["event_type"],
                time=show_time(row["occurred_at"]),
                counts_as=row["reason"] or _words(row["counter"]),
                practice_id=row["practice_id"],
                place=f"{row['topic']}/{row['log_partition']}@{row['log_offset']}",
                amount=show_sum(row["amount"], part.unit),
            )
            for row in rows
        ),
        summed=_summed(listed, pages),
        total=show_sum(listed.amount, part.unit),
        agrees=listed.amount == sum_part(part, months, month),
        page=page,
        pages=pages,
        newer=href(part.name, page - 1) if page > 1 else None,
        older=href(part.name, page + 1) if page < pages else None,
    )


def _summed(listed: store.Listed, pages: int) -> str:
    if listed.events == 1:
        return "Sum of the one event"
    over = f", over {pages} pages" if pages > 1 else ""
    return f"Sum of all {listed.events:,} events{over}"


def _words(counter: str) -> str:
    return counter.removesuffix("_cents").removesuffix("_hundredths").replace("_", " ")
