"""Taking a refused message again, as a person does."""

from __future__ import annotations

from datetime import timedelta

import httpx

from tests.harness import Harness
from tests.interop.messages.test_inspecting import asked


async def refused(interop: Harness) -> list[str]:
    """The refused messages, the first received first."""
    listed = (await asked(interop, "GET", "/messages?fate=refused")).json()
    return [one["message_id"] for one in reversed(listed)]


async def again(interop: Harness, message_id: str) -> httpx.Response:
    return await asked(interop, "POST", f"/messages/{message_id}/reprocess")


async def the_fate(interop: Harness, message_id: str) -> str:
    answered = await again(interop, message_id)
    assert answered.status_code == 200, answered.text
    return answered.json()["fate"]


async def later(interop: Harness, seconds: float = 60) -> None:
    interop.clock.move_to(interop.clock.now() + timedelta(seconds=seconds))
