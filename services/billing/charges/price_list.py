"""A fee schedule as a practice has it in a spreadsheet: CSV with code, modifier and dollars."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator

HEADER = ["code", "modifier", "price"]
MOST_PRICES = 20_000
_CODE = re.compile(r"[A-Z0-9]{5}")
_MODIFIER = re.compile(r"([A-Z0-9]{2})?")
_DOLLARS = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,2}))?")


class RefusedPricesError(ValueError):
    """A list that cannot be taken; names the line and what is expected there, never its content."""


def read_prices(text: str) -> dict[str, int]:
    """Cents by code, or by code and modifier (`71046-26`); wholly or not at all."""
    rows = csv.reader(text.removeprefix("\ufeff").splitlines(), strict=True)
    prices: dict[str, int] = {}
    try:
        for number, key, cents in _priced(rows):
            if key in prices:
                raise RefusedPricesError(f"line {number}: this code was priced before")
            if len(prices) == MOST_PRICES:
                raise RefusedPricesError(f"line {number}: {MOST_PRICES} prices are the most")
            prices[key] = cents
    except csv.Error:
        raise RefusedPricesError(
            f"line {rows.line_num}: a quotation mark is out of place"
        ) from None
    if not prices:
        raise RefusedPricesError("line 2: at least one price is expected")
    return prices


def _priced(rows: Iterator[list[str]]) -> Iterator[tuple[int, str, int]]:
    for number, row in enumerate(rows, 1):
        cells = [cell.strip() for cell in row]
        if number == 1:
            if cells != HEADER:
                raise RefusedPricesError(f"line 1: {','.join(HEADER)} is expected")
        elif any(cells):
            yield number, *_price(number, cells)


def _price(number: int, cells: list[str]) -> tuple[str, int]:
    if len(cells) != len(HEADER):
        raise RefusedPricesError(f"line {number}: {len(HEADER)} columns are expected")
    code, modifier, price = cells
    if not _CODE.fullmatch(code):
        raise RefusedPricesError(f"line {number}: a code of five letters and digits is expected")
    if not _MODIFIER.fullmatch(modifier):
        raise RefusedPricesError(f"line {number}: a modifier of two, or none, is expected")
    dollars = _DOLLARS.fullmatch(price)
    if dollars is None:
        raise RefusedPricesError(f"line {number}: dollars such as 178 or 178.00 are expected")
    cents = int(dollars[1]) * 100 + int((dollars[2] or "").ljust(2, "0"))
    return f"{code}-{modifier}" if modifier else code, cents
