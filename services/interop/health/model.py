"""Whether a live connection does its work: how long it may be silent, how much may be refused."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from libs.events.contracts.interop_connections import InterfaceDown, InterfaceUp
from libs.events.contracts.values import ConnectionId, PracticeId
from services.interop.connections.model import Connection, DownReason, Expected

Because = Literal["heard", "recovered", "taken-off"]

NEWEST = 20
"""A connection fails by its newest messages, so that one that broke is seen before a hundred."""
FAILS_AT, RECOVERS_AT = 10, 5
"""Refused of the newest: it is down from so many on, and up again at no more than so many."""


@dataclass(frozen=True, slots=True)
class Changed:
    """The connection as it stands now, and what is to be said of it."""

    connection: Connection
    said: InterfaceDown | InterfaceUp


def refused_lately(connection: Connection) -> int:
    """How many of its last hundred messages (`recent_count`, while it has fewer) were refused."""
    return connection.recent.bit_count()


def decide_heard(connection: Connection, *, refused: bool, now: datetime) -> Changed | None:
    """What a message changes; `connection` counts it already. None: nothing."""
    if connection.state != "live":
        return None
    if connection.down_reason == "silent":
        return _up(connection, "heard")
    newest_refused = (connection.recent & ((1 << NEWEST) - 1)).bit_count()
    if connection.down_reason == "failing":
        return _up(connection, "recovered") if newest_refused <= RECOVERS_AT else None
    if refused and connection.recent_count >= NEWEST and newest_refused >= FAILS_AT:
        return _down(connection, "failing", now)
    return None


def decide_silence(connection: Connection, now: datetime) -> Changed | datetime | None:
    """Down where it has been silent for too long; else when to look again; None: never."""
    due = next_look(connection, now)
    return _down(connection, "silent", now) if due is not None and due <= now else due


def next_look(connection: Connection, now: datetime) -> datetime | None:
    """When its silence will have lasted too long; None where nobody awaits it, or it is silent."""
    if connection.state != "live" or connection.expected is None:
        return None
    if connection.down_reason == "silent":
        return None
    since = max(connection.last_seen_at or connection.opened_at, connection.in_state_since)
    if connection.down_reason == "failing":
        since = now  # it is down already: looked at again later
    return silent_at(connection.expected, connection.zone, since)


def decide_taken_off(before: Connection, after: Connection) -> InterfaceUp | None:
    """What is to be said where nobody awaits it any more: it is not down, whatever it was."""
    if before.down_reason is None or after.down_reason is not None:
        return None
    return _up_event(before, "taken-off")


def decide_expected(connection: Connection, expected: Expected | None) -> Connection:
    """The connection awaited as told; who is not awaited any more is not silent either."""
    is_silent = connection.down_reason == "silent"
    return replace(
        connection,
        expected=expected,
        down_reason=None if is_silent else connection.down_reason,
        down_at=None if is_silent else connection.down_at,
    )


def silent_at(expected: Expected, zone: ZoneInfo, since: datetime) -> datetime:
    """When `every_minutes` of awaited time will have passed since then, in UTC."""
    left = timedelta(minutes=expected.every_minutes)
    day = since.astimezone(zone).date()
    while True:
        opens, closes = _hours(expected, zone, day)
        begins = max(opens, since)
        if begins + left <= closes:
            return (begins + left).astimezone(since.tzinfo)
        left -= max(timedelta(0), closes - begins)
        day += timedelta(days=1)


def _hours(expected: Expected, zone: ZoneInfo, day: date) -> tuple[datetime, datetime]:
    """The awaited hours of a day as instants; none of them on other weekdays."""
    midnight = datetime.combine(day, time(), zone)
    if day.isoweekday() not in expected.weekdays:
        return _instant(midnight), _instant(midnight)
    opens = datetime.combine(day, time(expected.from_hour), zone)
    ends_on = day + timedelta(days=expected.to_hour // 24)
    closes = datetime.combine(ends_on, time(expected.to_hour % 24), zone)
    return _instant(opens), _instant(closes)


def _instant(local: datetime) -> datetime:
    """In UTC: between two readings of one zone, Python counts the clock's hours, not time's."""
    return local.astimezone(UTC)


def _down(connection: Connection, reason: DownReason, now: datetime) -> Changed:
    down = InterfaceDown(
        practice_id=PracticeId(connection.practice_id),
        connection_id=ConnectionId(connection.connection_id),
        kind=connection.kind,
        source_system=connection.source_system,
        reason=reason,
        last_seen_at=connection.last_seen_at,
        down_on=now.astimezone(connection.zone).date(),
    )
    return Changed(replace(connection, down_reason=reason, down_at=now), down)


def _up(connection: Connection, because: Because) -> Changed:
    up = _up_event(connection, because)
    return Changed(replace(connection, down_reason=None, down_at=None), up)


def _up_event(connection: Connection, because: Because) -> InterfaceUp:
    return InterfaceUp(
        practice_id=PracticeId(connection.practice_id),
        connection_id=ConnectionId(connection.connection_id),
        because=because,
    )
