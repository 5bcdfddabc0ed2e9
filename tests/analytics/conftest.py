"""analytics under test: its service on a fresh database, alone or with made-up practices."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date

import pytest

from libs.events.contracts import Event
from libs.events.contracts.values import PracticeId
from tests.analytics.drawn import practice_months
from tests.analytics.months import Visit, practice_id
from tests.harness import Harness

MONTHS = [date(2025, 12, 1), date(2026, 1, 1), date(2026, 2, 1)]
NAMES = ("Harbor Family Medicine", "Prairie Internists")


@pytest.fixture
async def analytics(service_harness: Callable[[str], Awaitable[Harness]]) -> Harness:
    return await service_harness("analytics")


def two_practices() -> list[Event]:
    """Three months of two practices: drawn visits, and one of every kind of event a month."""
    drawn = [e for name in NAMES for e in practice_months(name, MONTHS, seed=7, visits=2)]
    return drawn + [e for name in NAMES for m in MONTHS for e in one_of_each(practice_id(name), m)]


def one_of_each(practice: PracticeId, month: date) -> list[Event]:
    """Visits that go through everything that may become of one, with what is taken back."""
    kept, taken_back, refused, waits = (Visit(practice, month, 900 + n) for n in range(4))
    money = {"paid": 9_000, "adjusted": 4_000, "patient": 700, "denied": 300}
    return [
        *(kept.booked(), kept.encounter(), kept.productivity(97), kept.query(), kept.answer()),
        *(kept.charges(14_001), kept.held(), kept.released(), kept.submitted(14_001)),
        *(kept.accepted(), kept.payment(**money), kept.paid(14_001, 9_000, 700), kept.fee(9_000)),
        *(taken_back.charges(14_000), taken_back.payment(**money), taken_back.fee(9_000)),
        *(taken_back.reversal(**money), taken_back.fee_reversed(9_000)),
        *(refused.booked(), refused.missed(), refused.rejected(), refused.denied(14_000)),
        *(waits.held(), waits.query(), waits.charges(5_000, payer=None)),
    ]


@pytest.fixture
async def told(analytics: Harness) -> Harness:
    await analytics.receive(*two_practices())
    return analytics
