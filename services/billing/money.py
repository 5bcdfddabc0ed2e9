"""Amounts as people read them."""

from __future__ import annotations


def dollars(cents: int) -> str:
    """$1,234.50."""
    whole, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}${whole:,}.{rest:02d}"
