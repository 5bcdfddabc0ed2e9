"""Why a command is not carried out, raised by those who know nothing of HTTP; see problems.py."""

from __future__ import annotations


class UnknownError(LookupError):
    """Nothing has this name: 404. The text says what there is none of."""


class RefusedError(Exception):
    """As things stand it cannot be: 409. The text says why and what to do, and names no value."""
