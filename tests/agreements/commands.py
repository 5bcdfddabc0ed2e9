"""The commands of agreements, as a caller sends them."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import httpx

from libs.events.examples import agreements as examples
from libs.events.examples.interop import PRACTICE

AGREEMENT = examples.AGREEMENT


async def onboard(
    client: httpx.AsyncClient, *, practice_id: UUID = PRACTICE, state: str = "OH", **changes: Any
) -> httpx.Response:
    command: dict[str, Any] = json.loads(examples.practice_onboarded().model_dump_json())
    command["address"]["state"] = state
    command["practice_id"] = str(practice_id)
    return await client.post("/practices", json={**command, **changes})


async def sign(
    client: httpx.AsyncClient, *, agreement_id: UUID = AGREEMENT, **changes: Any
) -> httpx.Response:
    command = {
        "agreement_id": str(agreement_id),
        "model": "percentage-of-collections",
        "rate": "0.065",
        "effective_on": "2026-01-01",
    }
    return await client.post("/agreements", json={**command, **changes})
