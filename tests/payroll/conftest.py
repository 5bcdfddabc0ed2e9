"""payroll under test: its service on a fresh database."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from tests.harness import Harness


@pytest.fixture
async def payroll(service_harness: Callable[[str], Awaitable[Harness]]) -> Harness:
    return await service_harness("payroll")
