"""STC01 (005010X214, 005010X212): what is said of a claim, as three codes."""

from __future__ import annotations

from typing import NamedTuple

from services.billing.x12.errors import X12Error
from services.billing.x12.identify import TransactionName
from services.billing.x12.segments import Segments
from services.billing.x12.values import at, required


class StatusCodes(NamedTuple):
    """Category (list 507), status code (list 508) and the entity that they speak of."""

    category: str
    code: str
    entity: str


def status_codes(stc: list[str], segments: Segments, name: TransactionName) -> StatusCodes:
    """STC01, which must have a category and a code."""
    parts = required(stc, 1, segments.number).split(segments.delimiters.component)
    found = StatusCodes(at(parts, 0), at(parts, 1), at(parts, 2))
    if not found.category or not found.code:
        raise X12Error(
            "missing-element",
            segments.number,
            "STC01 has no category or no status code.",
            f"Ask the sender for a correct {name}.",
        )
    return found
