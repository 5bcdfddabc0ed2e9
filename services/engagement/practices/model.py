"""A practice as its messages speak of it; pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Practice:
    """`time_zone`: a name of the IANA time zone database."""

    name: str
    time_zone: str
