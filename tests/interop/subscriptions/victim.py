"""interop's timers in a process of their own, which is killed. Argument: the database."""

from __future__ import annotations

import asyncio
import sys

from libs.events.transport.clock import SystemClock
from libs.events.transport.database import open_pool
from libs.events.transport.timers import Timers
from libs.events.transport.work import Wakes, Work
from services.interop.app import service
from tests.keys import FIXED_KEYS


async def main(dsn: str) -> None:
    pool = await open_pool(dsn, name="interop")
    work = Work(service="interop", pool=pool, clock=SystemClock(), wakes=Wakes(), keys=FIXED_KEYS)
    await Timers(service, work).run()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
