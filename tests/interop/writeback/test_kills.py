"""A real process is killed while it tells an EHR; the next one goes on where it was.

What was not answered comes again, under its MSH-10 and the same to the byte, before anything else;
what was answered and noted does not. Taken once by its MSH-10, the EHR has everything in order.
"""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import pytest

from libs.events.examples import billing
from services.interop import writeback
from tests.chaos.steps import steps
from tests.harness import Harness
from tests.interop.writeback.conftest import Listener, story, waiting
from tests.transport.platform import eventually

STEPS = steps(Path(writeback.__path__[0]))
DIES_AT = 3


@asynccontextmanager
async def sender(dsn: str, step: str = "") -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.interop.writeback.victim", dsn, step, str(DIES_AT)
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def test_the_steps_are_those_between_sending_and_noting_the_answer() -> None:
    assert STEPS == ["write-back.answered", "write-back.ended", "write-back.sent"]


@pytest.mark.parametrize("step", STEPS)
async def test_killed_there_the_same_message_comes_again_none_is_lost_and_the_order_holds(
    interop: Harness, visit: UUID, ehr: Listener, step: str
) -> None:
    await interop.receive(*story(visit))
    async with interop.uow(billing.PRACTICE) as uow:
        rows = await uow.db.fetch("SELECT control_id FROM write_back ORDER BY number")
    in_order = [row["control_id"] for row in rows]
    assert len(in_order) == 5
    async with sender(interop.dsn, step) as process:
        assert await asyncio.wait_for(process.wait(), timeout=60) == -9
    async with sender(interop.dsn):

        async def all_answered() -> bool:
            return await waiting(interop) == []

        await eventually(all_answered, within_seconds=60, what="every message is answered")
    came = [message.split(b"|")[9].decode() for message in ehr.got]
    assert list(dict.fromkeys(came)) == in_order
    assert came == sorted(came, key=in_order.index), "nothing overtakes what comes again"
    again = [one for one, times in Counter(came).items() if times > 1]
    assert again == ([] if step == "write-back.ended" else [in_order[DIES_AT - 1]])
    assert len(set(ehr.got)) == ehr.kept == 5
