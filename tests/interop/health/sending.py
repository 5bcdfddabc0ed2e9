"""A partner's connection that sends patients, one of them wrong where the test wants it."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4, uuid5

import httpx

from libs.events.examples import interop as examples
from tests.harness import Harness

CONNECTION = uuid5(examples.NAMESPACE, "connection")


async def send(interop: Harness, key: str, *, wrong: bool = False, **attributes: Any) -> int:
    """Register a new patient, or send what is refused; the answer's status."""
    return (await post(interop, key, wrong=wrong, **attributes)).status_code


async def post(
    interop: Harness, key: str, *, wrong: bool = False, **attributes: Any
) -> httpx.Response:
    data = examples.patient_registered(patient_id=uuid4()).model_dump(mode="json")
    event = {
        "specversion": "1.0",
        "id": str(uuid4()),
        "source": "/partner",
        "type": "interop.patient-registered.v1",
        "data": {**data, "mrn": ""} if wrong else data,
        **attributes,
    }
    async with interop.http(key=key) as client:
        return await client.post(
            "/events", json=event, headers={"content-type": "application/cloudevents+json"}
        )


async def shown(interop: Harness, connection_id: UUID = CONNECTION) -> dict[str, Any]:
    async with interop.http(examples.PRACTICE) as client:
        return (await client.get(f"/connections/{connection_id}")).json()


async def order(
    interop: Harness, command: str, body: dict[str, Any] | None = None
) -> httpx.Response:
    """A person's command about the connection."""
    async with interop.http(examples.PRACTICE) as client:
        return await client.post(f"/connections/{CONNECTION}/{command}", json=body or {})


async def messages(interop: Harness) -> list[dict[str, Any]]:
    async with interop.http(examples.PRACTICE) as client:
        return (await client.get("/messages")).json()
