"""agreements under test: its service on a fresh database, alone or with a practice onboarded."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from libs.events.examples.interop import PRACTICE
from tests.agreements.commands import onboard
from tests.harness import Harness


@pytest.fixture
async def agreements(service_harness: Callable[[str], Awaitable[Harness]]) -> Harness:
    return await service_harness("agreements")


@pytest.fixture
async def managed(agreements: Harness) -> Harness:
    """With a practice onboarded in Ohio."""
    async with agreements.http(PRACTICE) as client:
        assert (await onboard(client)).status_code == 201
    return agreements
