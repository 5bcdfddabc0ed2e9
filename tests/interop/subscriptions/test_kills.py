"""A process is killed between a notification and its answer: the same comes again, in order."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from uuid import UUID

from tests.harness import Harness
from tests.interop.subscriptions.conftest import Hook, look, story, subscribe
from tests.transport.platform import eventually


async def timers(dsn: str) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.interop.subscriptions.victim", dsn
    )


async def test_killed_before_the_answer_it_sends_the_same_number_again(
    interop: Harness, key: str, hook: Hook, visit: UUID
) -> None:
    made = await subscribe(interop, key, hook)
    await interop.receive(*story(visit))
    first = await timers(interop.dsn)

    def kill_on_the_third() -> None:
        if len(hook.got) == 3:
            os.kill(first.pid, signal.SIGKILL)

    hook.before_answer = kill_on_the_third
    assert await asyncio.wait_for(first.wait(), timeout=60) == -9
    second = await timers(interop.dsn)
    try:

        async def all_told() -> bool:
            return len(hook.got) >= 6

        await eventually(all_told, within_seconds=60)
    finally:
        second.kill()
        await second.wait()
    assert [number for _, number in hook.told()] == ["1", "2", "3", "3", "4", "5"]
    assert hook.got[2][1] == hook.got[3][1]
    assert (await look(interop, key, made["id"]))["status"] == "active"
