"""interop's MLLP server in a process of its own: it kills itself at the n-th passing of a step.

Arguments: the database, the step (empty: it lives on) and n. It says its port when it listens.
"""

from __future__ import annotations

import asyncio
import os
import sys

from libs.events.transport.clock import SystemClock
from libs.events.transport.database import open_pool
from libs.events.transport.work import Wakes, Work
from services.interop.mllp.server import serve_mllp
from services.interop.mllp.settings import MllpSettings
from tests.chaos.steps import die_at
from tests.keys import FIXED_KEYS

# Logs go to the standard output by default; here it is for the test alone.
_SPEECH = os.dup(1)
os.dup2(2, 1)


async def main(dsn: str, step: str, times: str) -> None:
    die_at(step, int(times))
    pool = await open_pool(dsn, name="interop")
    work = Work(service="interop", pool=pool, clock=SystemClock(), wakes=Wakes(), keys=FIXED_KEYS)
    async with serve_mllp(work, MllpSettings(port=0)) as port:
        os.write(_SPEECH, f"{port}\n".encode())
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
