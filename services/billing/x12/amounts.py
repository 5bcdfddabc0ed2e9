"""Amounts as X12 writes them: exact, without trailing zeros."""

from __future__ import annotations

from services.billing.x12.errors import RefusedElementError

_MOST_CENTS = 10**10 - 1  # HIPAA guides limit amounts to eight digits before the point


def dollars(cents: int, element: str) -> str:
    """An amount that is never below zero, from cents."""
    if not 0 <= cents <= _MOST_CENTS:
        message = "An amount from 0 to 99,999,999.99 is expected."
        raise RefusedElementError("out-of-range", element, message)
    return _written(cents)


def signed_dollars(cents: int, element: str) -> str:
    """As `dollars`, of an adjustment, which may be below zero."""
    if abs(cents) > _MOST_CENTS:
        message = "An amount of at most 99,999,999.99 is expected."
        raise RefusedElementError("out-of-range", element, message)
    return f"-{_written(-cents)}" if cents < 0 else _written(cents)


def _written(cents: int) -> str:
    whole, rest = divmod(cents, 100)
    return f"{whole}.{rest:02d}".rstrip("0") if rest else str(whole)
