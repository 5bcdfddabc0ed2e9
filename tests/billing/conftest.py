"""billing under test: its service on a fresh database, with an exchange directory of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from tests.billing.desk import Desk, open_practice
from tests.billing.x12.validated import accepted
from tests.harness import Harness


@pytest.fixture
async def billing(
    service_harness: Callable[[str], Awaitable[Harness]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> AsyncIterator[Harness]:
    """Knows nothing yet: no practice, no clinician, no prices.

    Whatever 837 a test leaves has passed the independent judge, wherever it was moved.
    """
    monkeypatch.setenv("BILLING_EXCHANGE_DIR", str(tmp_path))
    monkeypatch.setenv("BILLING_SUBMIT_DELAY_SECONDS", "60")
    yield await service_harness("billing")
    for path in tmp_path.rglob("*.837"):
        accepted(path.read_bytes())


@pytest.fixture
async def desk(billing: Harness, tmp_path: Path) -> Desk:
    """A practice in business: onboarded, its clinician credentialed and enrolled, priced."""
    made = Desk(billing, tmp_path)
    await open_practice(made)
    return made


@pytest.fixture
async def number(desk: Desk) -> str:
    """The control number of a claim that went out."""
    await desk.see_patients()
    [control_number] = await desk.control_numbers()
    return control_number
