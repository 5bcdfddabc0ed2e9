from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.databases import Databases
from tests.service.desk import TABLES, Desk, open_desk


@pytest.fixture
async def desk(databases: Databases, tmp_path: Path) -> AsyncIterator[Desk]:
    async with databases.clone("desk", TABLES) as dsn, open_desk(dsn, tmp_path) as opened:
        yield opened
