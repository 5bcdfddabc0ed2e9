"""The scorecard's tables, and the only way to count into them.

Every amount is written twice, into the month's row and as a contribution of its event, and by
nothing but `count`: so they agree.
"""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from libs.events.contracts import Event
from libs.events.transport import Fold, Table
from services.analytics.figures.model import SUMS

_SOURCE = ("event_type", "occurred_at", "topic", "log_partition", "log_offset")

PRACTICE = Table("practice", keys=("practice_id",), values=("name",))
SCORECARD = Table(
    "scorecard",
    keys=("practice_id", "service_month"),
    sums=SUMS,
)
FIGURE_EVENT = Table(
    "figure_event",
    keys=("practice_id", "service_month", "counter", "event_id"),
    sums=("amount",),
    values=_SOURCE,
)
SEEN = Table(
    "seen",
    keys=("practice_id", "encounter_id"),
    values=("counts", "service_month", "patient_id", "by_video", "event_id", *_SOURCE),
)
CHART = Table("chart", keys=("practice_id", "patient_id"), values=("survivor_id",))
WAITING = Table(
    "waiting",
    keys=("practice_id", "counter", "waiting_id"),
    values=("waits", "service_month", "reason", "event_id", *_SOURCE),
)

APPOINTMENT = Table(
    "appointment",
    keys=("practice_id", "appointment_id"),
    values=("service_month", "state", "event_id", *_SOURCE),
)


def count(event: Event, fold: Fold, month: date, **amounts: int) -> None:
    """Add amounts to the counters of the event's practice and service month."""
    fold.put(PRACTICE, (event.practice_id,))
    fold.add(SCORECARD, (event.practice_id, month), **amounts)
    for counter, amount in amounts.items():
        if amount:
            key = (event.practice_id, month, counter, fold.event.id)
            fold.add(FIGURE_EVENT, key, amount=amount)
            fold.put(FIGURE_EVENT, key, **source_of(fold))


def wait_for(
    event: Event, fold: Fold, counter: str, waiting_id: UUID, month: date, reason: str
) -> None:
    """Something waits, such as a claim on hold, until `wait_no_more`."""
    fold.put(
        WAITING,
        (event.practice_id, counter, waiting_id),
        waits=True,
        service_month=month,
        reason=reason,
        event_id=fold.event.id,
        **source_of(fold),
    )


def wait_no_more(event: Event, fold: Fold, counter: str, waiting_id: UUID) -> None:
    fold.put(WAITING, (event.practice_id, counter, waiting_id), waits=False)


def source_of(fold: Fold) -> dict[str, Any]:
    """Where an event stands on the log."""
    return {
        "event_type": fold.event.type,
        "occurred_at": fold.event.time,
        "topic": fold.event.topic,
        "log_partition": fold.event.partition,
        "log_offset": fold.event.offset,
    }
