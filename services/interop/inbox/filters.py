"""Which messages a list shows, as its address says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import cast, get_args
from urllib.parse import urlencode
from uuid import UUID

from services.interop.messages.model import Fate

LONGEST = 400


class NotUnderstoodError(ValueError):
    """An address that no list has; says what to write."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page of the list ends: the next one begins after it."""

    received_at: datetime
    message_id: UUID


@dataclass(frozen=True, slots=True)
class Filters:
    """All of them hold; None does not ask."""

    fate: Fate | None = None
    connection_id: UUID | None = None
    type: str | None = None
    """How it begins."""
    control_id: str | None = None
    day: date | None = None
    """In UTC."""

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Filters:
        """Raises NotUnderstoodError; what is empty does not ask."""
        told = {name: value.strip()[:LONGEST] for name, value in query.items() if value.strip()}
        fate = told.get("fate")
        if fate is not None and fate not in get_args(Fate):
            raise NotUnderstoodError(f"fate is one of: {', '.join(get_args(Fate))}")
        try:
            return cls(
                fate=cast(Fate | None, fate),
                connection_id=UUID(told["connection"]) if "connection" in told else None,
                type=told.get("type"),
                control_id=told.get("control_id"),
                day=date.fromisoformat(told["day"]) if "day" in told else None,
            )
        except ValueError:
            raise NotUnderstoodError("a day is written as 2026-03-02") from None

    @property
    def is_any(self) -> bool:
        return self != Filters()

    def query(self, after: Place | None = None) -> str:
        """For an address, with its question mark; empty where nothing is asked."""
        told = {
            "fate": self.fate,
            "connection": self.connection_id,
            "type": self.type,
            "control_id": self.control_id,
            "day": self.day,
            "after": None
            if after is None
            else f"{after.received_at.isoformat()},{after.message_id}",
        }
        asked = {name: str(value) for name, value in told.items() if value is not None}
        return f"?{urlencode(asked)}" if asked else ""


def read_place(query: Mapping[str, str]) -> Place | None:
    """Raises NotUnderstoodError."""
    told = query.get("after")
    if not told:
        return None
    at, _, message_id = told.partition(",")
    try:
        place = Place(datetime.fromisoformat(at), UUID(message_id))
    except ValueError:
        place = None
    if place is None or place.received_at.tzinfo is None:
        raise NotUnderstoodError("go to the first page, and on from there")
    return place
