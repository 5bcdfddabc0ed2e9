"""A place in a list that is ordered by an amount and an id, as one word of an address."""

from __future__ import annotations

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


def write_cursor(amount: int, name: UUID) -> str:
    return f"{amount}.{name}"
