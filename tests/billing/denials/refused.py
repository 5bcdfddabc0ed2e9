"""Decisions that refuse a claim, for tests."""

from __future__ import annotations

from tests.billing.remittance import CHARGE, Said


def refused(number: str, reason: str, group: str = "CO") -> Said:
    """The whole claim, for one reason."""
    return Said(number, CHARGE, 0, [(group, reason, CHARGE)], status="4")
