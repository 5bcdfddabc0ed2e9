"""Bugs planted in a victim: the checks must find each."""

from __future__ import annotations


def plant(bug: str, dsn: str) -> None:
    """Plant a bug by name in this process; "" is none."""
    if bug:
        raise KeyError(bug)
