"""The commands of engagement, as a caller sends them, and what its database holds."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import httpx

from libs.events.examples.interop import PATIENT, PRACTICE
from tests.harness import Harness


async def set_policy(client: httpx.AsyncClient, *, intake_consent: bool = True) -> httpx.Response:
    answer = await client.post("/policies", json={"intake_consent": intake_consent})
    assert answer.status_code == 201, answer.text
    return answer


async def give(client: httpx.AsyncClient, patient_id: UUID = PATIENT) -> httpx.Response:
    return await client.post("/consents", json={"patient_id": str(patient_id)})


async def withdraw(client: httpx.AsyncClient, patient_id: UUID = PATIENT) -> httpx.Response:
    return await client.post("/consents/withdrawals", json={"patient_id": str(patient_id)})


async def reply(client: httpx.AsyncClient, text: str, **target: Any) -> httpx.Response:
    return await client.post("/replies", json={**target, "text": text})


async def token_of(harness: Harness, patient_id: UUID = PATIENT) -> str:
    async with harness.uow(PRACTICE) as uow:
        token: str = await uow.db.fetchval(
            "SELECT token FROM consent WHERE patient_id = $1", patient_id
        )
    return token


async def messages(harness: Harness) -> list[tuple[str, str | None]]:
    """(state, what it waits for or why it ended) of every message, oldest first."""
    async with harness.uow(PRACTICE) as uow:
        rows = await uow.db.fetch(
            "SELECT state, coalesce(waits_for, reason) AS detail FROM message ORDER BY made"
        )
    return [(row["state"], row["detail"]) for row in rows]


async def message_ids(harness: Harness) -> list[UUID]:
    async with harness.uow(PRACTICE) as uow:
        rows = await uow.db.fetch("SELECT message_id FROM message ORDER BY made")
    return [row["message_id"] for row in rows]
