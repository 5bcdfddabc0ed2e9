"""A connection over which an EHR speaks FHIR."""

from __future__ import annotations

import pytest

from tests.interop.conftest import OpenConnection
from tests.interop.fhir.asking import PROFILE


@pytest.fixture
async def key(open_connection: OpenConnection) -> str:
    return await open_connection(kind="fhir", profile=PROFILE)
