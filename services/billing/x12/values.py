"""Amounts, dates and quantities as X12 writes them, read exactly: cents are integers, never float.

The caches hold only amounts and dates, are bounded, and pay off because both repeat within a file.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from functools import lru_cache

from services.billing.x12.errors import X12Error, missing_element

# X12 data type R, at most two decimals; 13 digits keep every sum far inside a bigint.
_AMOUNT = re.compile(r"(-?)([0-9]{0,13})(?:\.([0-9]{0,2}))?")
_QUANTITY = re.compile(r"-?(?:[0-9]{1,13}(?:\.[0-9]{0,6})?|\.[0-9]{1,6})")


def at(segment: list[str], index: int) -> str:
    """The element at `index` (X12 counts from 1; 0 is the tag); empty where the sender left off."""
    return segment[index] if index < len(segment) else ""


@lru_cache(maxsize=16384)
def _parsed_cents(text: str) -> int | None:
    match = _AMOUNT.fullmatch(text)
    if match is None:
        return None
    sign, whole, fraction = match.groups(default="")
    if not whole and not fraction:
        return None
    amount = int(whole or "0") * 100 + int(fraction.ljust(2, "0"))
    return -amount if sign else amount


def cents(segment: list[str], index: int, number: int) -> int:
    """A required amount in cents; `missing-element` or `bad-amount` (also over two decimals)."""
    text = segment[index] if index < len(segment) else ""
    amount = _parsed_cents(text)
    if amount is None:
        element = f"{segment[0]}{index:02d}"
        if not text:
            missing_element(number, element)
        raise X12Error(
            "bad-amount",
            number,
            f"{element} is not an amount in dollars with at most two decimals.",
            "Ask the sender to correct the amount.",
        )
    return amount


def optional_cents(segment: list[str], index: int, number: int) -> int | None:
    """An optional amount in cents; None where it is left out."""
    return cents(segment, index, number) if at(segment, index) else None


def cents_or_zero(segment: list[str], index: int, number: int) -> int:
    """An optional amount in cents: 0 where it is left out."""
    return optional_cents(segment, index, number) or 0


def repeats(segment: list[str], first: int, size: int) -> list[int]:
    """Where a segment's repeated groups of `size` elements begin, from `first` on.

    The first is always among them; of the others those that are not left empty.
    """
    further = range(first + size, len(segment), size)
    return [first, *(index for index in further if any(segment[index : index + size]))]


@lru_cache(maxsize=4096)
def _parsed_quantity(text: str) -> Decimal | None:
    return Decimal(text) if _QUANTITY.fullmatch(text) else None


def quantity(segment: list[str], index: int, number: int) -> Decimal | None:
    """An optional quantity, exact; None where it is left out."""
    text = segment[index] if index < len(segment) else ""
    if not text:
        return None
    parsed = _parsed_quantity(text)
    if parsed is None:
        raise X12Error(
            "bad-quantity",
            number,
            f"{segment[0]}{index:02d} is not a quantity.",
            "Ask the sender to correct the quantity.",
        )
    return parsed


@lru_cache(maxsize=4096)
def _parsed_day(text: str) -> date | None:
    if len(text) != 8 or not text.isascii() or not text.isdigit():
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


def day_of(text: str) -> date | None:
    """A calendar date written CCYYMMDD, or None."""
    return _parsed_day(text)


def day(segment: list[str], index: int, number: int) -> date:
    """A required date written CCYYMMDD."""
    text = segment[index] if index < len(segment) else ""
    parsed = _parsed_day(text)
    if parsed is None:
        element = f"{segment[0]}{index:02d}"
        if not text:
            missing_element(number, element)
        raise X12Error(
            "bad-date",
            number,
            f"{element} is not a calendar date written CCYYMMDD.",
            "Ask the sender to correct the date.",
        )
    return parsed


def required(segment: list[str], index: int, number: int) -> str:
    """An element that must not be empty."""
    text = segment[index] if index < len(segment) else ""
    if not text:
        missing_element(number, f"{segment[0]}{index:02d}")
    return text
