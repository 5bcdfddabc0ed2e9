from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import structlog

from tests.conftest import Addresses
from tests.databases import Databases
from tests.transport.platform import TestPlatform, test_platform


@pytest.fixture(autouse=True)
def _services_log_elsewhere() -> Iterator[None]:  # pyright: ignore[reportUnusedFunction]
    """What runs beside a command in this process must not write into its output."""
    structlog.configure(logger_factory=structlog.stdlib.LoggerFactory())
    yield
    structlog.reset_defaults()


@pytest.fixture
async def platform(databases: Databases, addresses: Addresses) -> AsyncIterator[TestPlatform]:
    async with test_platform(databases, addresses.kafka) as made:
        yield made
