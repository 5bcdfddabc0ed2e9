"""A practice under management; pure."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator

from libs.events.contracts.values import Short


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("not a time zone of the IANA database, such as America/New_York")
    return name


TimeZone = Annotated[Short, AfterValidator(_known_zone)]
"""A name of the IANA time zone database."""
