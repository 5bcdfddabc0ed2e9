"""Who an 837P is about."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(slots=True)
class Party:
    """A name with whatever the file says of it: organisations leave the person's parts empty."""

    name: str = ""
    first: str = ""
    middle: str = ""
    identifier: str = ""
    street: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    born: str = ""
    sex: str = ""


def party_of(row: list[str]) -> Party:
    """The party that an NM1 names."""
    filled = [*row, *[""] * (10 - len(row))]
    return Party(filled[3], filled[4], filled[5], filled[9])


def cents_of(text: str) -> int:
    """An amount in cents; ValueError for more than two decimals."""
    amount = Decimal(text) * 100
    if amount != int(amount):
        raise ValueError("more than two decimals")
    return int(amount)
