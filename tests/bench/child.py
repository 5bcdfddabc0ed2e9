"""A measure in a process of its own, which holds nothing else: what it tells as JSON."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Any


async def measured(module: str, *arguments: str) -> dict[str, Any]:
    """What `python -m tests.bench.MODULE` tells in its last line."""
    return await told(sys.executable, "-m", f"tests.bench.{module}", *arguments)


async def told(*command: str) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE)
    out, _ = await process.communicate()
    assert process.returncode == 0, f"{' '.join(command)} failed"
    return json.loads(out.splitlines()[-1])


def peak_mb() -> float:
    """This program's own peak; `ru_maxrss` would count what its parent held when it was started."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise LookupError("VmHWM: the peak is measured on Linux only")
