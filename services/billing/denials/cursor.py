"""A place in a list that is ordered by an amount and an id, as one word of an address."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import Query

After = Annotated[
    str | None, Query(pattern=r"^-?[0-9]{1,15}\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
]
"""`next` of the answer before; None: from the start."""


def read_cursor(after: str | None) -> tuple[int, UUID] | None:
    if after is None:
        return None
    amount, _, name = after.partition(".")
    return int(amount), UUID(name)


def next_cursor(places: Sequence[tuple[int, UUID]], limit: int) -> str | None:
    """`next` of a page with these places, of at most `limit`; None: it is the last."""
    if len(places) < limit:
        return None
    amount, name = places[-1]
    return f"{amount}.{name}"
