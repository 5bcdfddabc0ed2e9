"""interop over HTTP in a process of its own: it kills itself at the n-th passing of a step.

Arguments: the database, the step (empty: it lives on), n, and how many lines are a chunk. It says
its address when it listens.
"""

from __future__ import annotations

import asyncio
import os
import sys

from libs.events.transport.database import open_pool
from libs.service.operators import Operators
from libs.service.process import load_service
from services.interop.bulk import keep, tell
from tests.chaos.steps import die_at
from tests.harness import Harness
from tests.interop.fhir.serving import serving

# Logs go to the standard output by default; here it is for the test alone.
_SPEECH = os.dup(1)
os.dup2(2, 1)


async def main(dsn: str, step: str, times: str, lines: str) -> None:
    die_at(step, int(times))
    keep.MOST_LINES, tell.AT_ONCE = int(lines), max(int(lines) // 4, 1)
    pool = await open_pool(dsn, name="interop")
    interop = Harness(load_service("interop"), pool, dsn, Operators.load(None))
    async with serving(interop) as url:
        os.write(_SPEECH, f"{url}\n".encode())
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
