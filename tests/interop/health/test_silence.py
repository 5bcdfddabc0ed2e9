"""How long a connection may be silent: in awaited hours, by the clock of its own place."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from services.interop.connections.model import Expected
from services.interop.health.model import silent_at

NEW_YORK = ZoneInfo("America/New_York")
HOURS: dict[str, Any] = {"from_hour": 8, "to_hour": 17, "weekdays": (1, 2, 3, 4, 5)}


def at(text: str) -> datetime:
    """A time of New York's clocks."""
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).astimezone(UTC)


@pytest.mark.parametrize(
    ("expected", "since", "due"),
    [
        ({"every_minutes": 60}, "2026-03-04T10:00", "2026-03-04T11:00"),
        ({"every_minutes": 60}, "2026-03-06T23:30", "2026-03-07T00:30"),
        # Ten minutes on Friday afternoon, fifty on Monday morning.
        ({"every_minutes": 60, **HOURS}, "2026-03-06T16:50", "2026-03-09T08:50"),
        ({"every_minutes": 60, **HOURS}, "2026-03-06T16:00", "2026-03-06T17:00"),
        # Outside the hours nothing is awaited.
        ({"every_minutes": 60, **HOURS}, "2026-03-03T03:00", "2026-03-03T09:00"),
        ({"every_minutes": 60, **HOURS}, "2026-03-07T12:00", "2026-03-09T09:00"),
        # Ten awaited hours take two days of nine.
        ({"every_minutes": 600, **HOURS}, "2026-03-03T07:00", "2026-03-04T09:00"),
    ],
)
def test_silence_is_counted_in_awaited_hours(
    expected: dict[str, Any], since: str, due: str
) -> None:
    assert silent_at(Expected(**expected), NEW_YORK, at(since)) == at(due)


@pytest.mark.parametrize(
    ("since", "due"),
    [  # a night with an hour less, and one with an hour more
        ("2026-03-08T06:30:00Z", "2026-03-08T08:30:00Z"),
        ("2026-11-01T05:30:00Z", "2026-11-01T07:30:00Z"),
    ],
)
def test_two_hours_are_two_hours_when_the_clocks_change(since: str, due: str) -> None:
    found = silent_at(Expected(every_minutes=120), NEW_YORK, datetime.fromisoformat(since))
    assert found == datetime.fromisoformat(due)


def test_a_day_of_25_hours_has_them_all() -> None:
    whole_day = Expected(every_minutes=1440)
    midnight = at("2026-11-01T00:00")
    assert silent_at(whole_day, NEW_YORK, midnight) == at("2026-11-01T23:00")


@pytest.mark.parametrize(
    "wrong",
    [
        {"every_minutes": 0},
        {"every_minutes": 1441},
        {"every_minutes": 5, "from_hour": 17, "to_hour": 8},
        {"every_minutes": 5, "weekdays": ()},
        {"every_minutes": 5, "weekdays": (8,)},
    ],
)
def test_hours_in_which_nothing_could_come_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Expected(**wrong)
