"""A real process is killed in the middle of an import; its sender sends the file again.

What was committed is there, nothing of it twice, and all of it comes to what it would have come to.
"""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from services.interop import bulk
from tests.chaos.steps import steps
from tests.harness import Harness
from tests.interop.bulk.exporting import EVER, NDJSON, ndjson, practice
from tests.interop.bulk.standing import opened, standing, what_was_said

STEPS = steps(Path(bulk.__path__[0]))
LINES = ndjson(practice(6))
PATH = f"/$import?visitsFrom={EVER}"


@asynccontextmanager
async def server(
    dsn: str, step: str = "", times: int = 0, lines: int = 4
) -> AsyncIterator[tuple[str, Process]]:
    """Its FHIR address, and the process."""
    arguments = (dsn, step, str(times), str(lines))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.interop.bulk.victim", *arguments, stdout=PIPE
    )
    assert process.stdout is not None
    try:
        told = await asyncio.wait_for(process.stdout.readline(), timeout=90)
        yield told.decode().strip(), process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def send_to(url: str, key: str, content: object) -> httpx.Response:
    headers = NDJSON | {"authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(timeout=300) as client:
        return await client.post(f"{url}{PATH}", content=content, headers=headers)  # type: ignore[arg-type]


def test_the_steps_are_those_between_the_transactions() -> None:
    assert STEPS == ["bulk.kept", "bulk.told"]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("times", [1, 3])
async def test_killed_there_and_sent_again_it_comes_to_the_same(
    service_harness: Callable[[str], Awaitable[Harness]], step: str, times: int
) -> None:
    interop, expected = await service_harness("interop"), await service_harness("interop")
    key = await opened(interop)
    async with server(interop.dsn, step, times) as (url, process):
        with pytest.raises(httpx.TransportError):
            await send_to(url, key, LINES)
        assert await asyncio.wait_for(process.wait(), timeout=30) == -9
    resources = (await standing(interop))["resources"]
    assert 0 < len(resources) <= 24
    async with server(interop.dsn) as (url, _):
        for _ in range(2):
            answer = await send_to(url, key, LINES)
            assert answer.status_code == 200, answer.text
    await opened(expected)
    async with server(expected.dsn) as (url, _):
        await send_to(url, key, LINES)
    assert len((await standing(expected))["encounters"]) == 6
    assert await standing(interop) == await standing(expected)
    assert await what_was_said(interop) == await what_was_said(expected)


async def test_an_import_whose_sender_stays_away_is_told_after_an_hour(
    service_harness: Callable[[str], Awaitable[Harness]],
) -> None:
    interop = await service_harness("interop")
    key = await opened(interop)
    async with server(interop.dsn, "bulk.kept", 6) as (url, _):
        with pytest.raises(httpx.TransportError):
            await send_to(url, key, LINES)
    await interop.fire_timers()
    assert await interop.published_all() == []
    await interop.fire_timers(interop.clock.now().replace(hour=interop.clock.now().hour + 1))
    assert len(await interop.published_all()) == 12
