from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.conftest import Addresses
from tests.databases import Databases
from tests.transport.platform import TestPlatform, test_platform


@pytest.fixture
async def platform(databases: Databases, addresses: Addresses) -> AsyncIterator[TestPlatform]:
    async with test_platform(databases, addresses.kafka) as made:
        yield made
