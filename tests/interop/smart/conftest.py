"""A fhir connection whose client is registered."""

from __future__ import annotations

import pytest

from tests.harness import Harness
from tests.interop.conftest import OpenConnection
from tests.interop.fhir.asking import PROFILE
from tests.interop.smart.proving import jwks, register


@pytest.fixture
async def key(open_connection: OpenConnection) -> str:
    """The connection's own key."""
    return await open_connection(kind="fhir", profile=PROFILE)


@pytest.fixture
async def client(interop: Harness, key: str) -> None:
    answer = await register(interop, jwks())
    assert answer.status_code == 200, answer.text
