"""Denials as people work them, for tests: over HTTP, each command with an id of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx

from tests.billing.desk import Desk


@dataclass
class Worker:
    """Somebody with a key, at a practice's denials."""

    client: httpx.AsyncClient

    async def list(self, **filters: Any) -> list[dict[str, Any]]:
        answer = await self.client.get("/denials", params=filters)
        assert answer.status_code == 200, answer.text
        return answer.json()["denials"]

    async def only(self) -> dict[str, Any]:
        """The one denial, whatever its state."""
        [denial] = await self.list() or await self.list(state="closed")
        return await self.show(denial["denial_id"])

    async def show(self, denial_id: str) -> dict[str, Any]:
        answer = await self.client.get(f"/denials/{denial_id}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def do(self, path: str, **command: Any) -> httpx.Response:
        """A command; with `command_id` it is that one again."""
        body = {"command_id": str(uuid4()), **command}
        return await self.client.post(f"/denials/{path}", json=body)

    async def done(self, path: str, **command: Any) -> dict[str, Any]:
        answer = await self.do(path, **command)
        assert answer.status_code == 200, answer.text
        return answer.json()


@asynccontextmanager
async def working(desk: Desk) -> AsyncIterator[Worker]:
    async with desk.billing.http(desk.practice_id) as client:
        yield Worker(client)
