"""What a payer's answers say of a day, as decisions without I/O."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

Standing = Literal["active", "inactive", "unknown"]


@dataclass(frozen=True, slots=True)
class Said:
    """One answer: of the day that was asked for, and of the plan's dates where it names them."""

    service_on: date
    status: Literal["active", "inactive"]
    starts_on: date | None
    ends_on: date | None


def standing_on(said: Iterable[Said], on: date) -> Standing:
    """Whether a coverage is in force on a day; the newest answer first, which decides.

    An answer speaks of the day that it was asked for, and of no later day unless it names an end.
    """
    for one in said:
        if (standing := _says_of(one, on)) != "unknown":
            return standing
    return "unknown"


def _says_of(said: Said, on: date) -> Standing:
    if on == said.service_on:
        return said.status
    if said.status == "active":
        first, last = said.starts_on or said.service_on, said.ends_on or said.service_on
        return "active" if first <= on <= last else "unknown"
    if said.ends_on is not None and said.ends_on < on:
        return "inactive"
    is_before = said.starts_on is not None and said.service_on <= on < said.starts_on
    return "inactive" if is_before else "unknown"
