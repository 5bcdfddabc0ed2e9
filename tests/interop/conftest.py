"""interop under test: the service on a fresh database, with connections opened as people do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any
from uuid import UUID, uuid5

import pytest

from libs.events.contracts import Event
from libs.events.examples import interop as examples
from tests.harness import Harness

SECRET = "s" * 40
OTHER_PRACTICE = uuid5(examples.NAMESPACE, "other practice")

OpenConnection = Callable[..., Awaitable[str]]
"""Opens a connection and returns its key; keywords override the command's fields."""


@pytest.fixture
async def interop(service_harness: Callable[[str], Awaitable[Harness]]) -> Harness:
    return await service_harness("interop")


@pytest.fixture
def open_connection(interop: Harness) -> OpenConnection:
    async def open_one(
        *, practice_id: UUID = examples.PRACTICE, name: str = "connection", **changes: Any
    ) -> str:
        command = {
            "connection_id": str(uuid5(examples.NAMESPACE, name)),
            "kind": "cloudevents",
            "source_system": "ehr",
            "time_zone": "America/New_York",
            "secret": SECRET,
            **changes,
            "profile": {"no_coverage_is_self_pay": True, **changes.get("profile", {})},
        }
        async with interop.http(practice_id) as client:
            answer = await client.post("/connections", json=command)
        assert answer.status_code == 201, answer.text
        return answer.json()["api_key"]

    return open_one


def said(events: Iterable[Event]) -> list[tuple[str, dict[str, Any]]]:
    """What events say, without the ids that they were given: (type, data)."""
    return [(event.type, event.model_dump()) for event in events]
