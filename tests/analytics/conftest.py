"""analytics under test: its service on a fresh database, alone or with made-up practices."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date

import pytest

from libs.events.contracts import Event
from tests.analytics.months import practice_months
from tests.harness import Harness

MONTHS = [date(2025, 12, 1), date(2026, 1, 1), date(2026, 2, 1)]
NAMES = ("Harbor Family Medicine", "Prairie Internists")


@pytest.fixture
async def analytics(service_harness: Callable[[str], Awaitable[Harness]]) -> Harness:
    return await service_harness("analytics")


def two_practices() -> list[Event]:
    """Three months of two practices: some 250 events with everything in them."""
    return [e for name in NAMES for e in practice_months(name, MONTHS, seed=7, visits=9)]


@pytest.fixture
async def told(analytics: Harness) -> Harness:
    await analytics.receive(*two_practices())
    return analytics
