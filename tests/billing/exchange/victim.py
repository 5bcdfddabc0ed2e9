"""billing's timers and its look for files, in a process that kills itself at a step.

The processes are forked from one that has imported everything: a start costs no seconds.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
from datetime import datetime
from typing import Any, Literal

from libs.events.transport.clock import FixedClock
from libs.events.transport.database import open_pool
from libs.events.transport.timers import Timers
from libs.events.transport.work import Wakes, Work
from services.billing.answers.look import look_into_mailboxes
from services.billing.answers.read import read_answers
from services.billing.app import service
from tests.chaos.steps import die_at
from tests.harness import Harness
from tests.keys import FIXED_KEYS

Task = Literal["send", "look"]
_FORKED = multiprocessing.get_context("forkserver")
_FORKED.set_forkserver_preload([__name__])


async def dies_at(step: str, times: int, billing: Harness, task: Task) -> None:
    """A process of billing is killed when it passes the step for the n-th time."""
    arguments = billing.dsn, billing.clock.now(), task, step, times
    process = _FORKED.Process(target=_run, args=(dict(os.environ), *arguments))
    process.start()
    await asyncio.to_thread(process.join)  # a receiver here is served meanwhile
    assert process.exitcode == -signal.SIGKILL, process.exitcode


def _run(environment: dict[str, str], *arguments: Any) -> None:
    os.environ.update(environment)  # the one that it is forked from has that of an earlier test
    asyncio.run(_work(*arguments))


async def _work(dsn: str, now: datetime, task: Task, step: str, times: int) -> None:
    pool = await open_pool(dsn, name="billing")
    clock, wakes = FixedClock(now), Wakes()
    work = Work(service="billing", pool=pool, clock=clock, wakes=wakes, keys=FIXED_KEYS)
    die_at(step, times)
    if task == "send":
        timers = Timers(service, work)
        while await timers.fire_due():
            pass
    else:
        await read_answers(work)
        await look_into_mailboxes(work)
