"""The platform's processes: started with their own log, started again when they die, stopped."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

STOP_SECONDS = 20
CALM_SECONDS = 30
"""A process that lived so long may be started again at once."""


@dataclass(frozen=True, slots=True)
class Command:
    """A module to run as a process of its own."""

    name: str
    module: str
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict[str, str])


class Processes:
    """Supervises commands: each writes to `logs/NAME.log` and is started again when it dies."""

    def __init__(self, logs: Path) -> None:
        self.logs = logs
        self.restarts: dict[str, int] = {}
        self._running: dict[str, asyncio.subprocess.Process] = {}
        self._watchers: list[asyncio.Task[None]] = []
        self._stopping = False

    def pid(self, name: str) -> int:
        """The process's id as it is now; it changes with each restart."""
        return self._running[name].pid

    async def start(self, command: Command) -> None:
        """Start a command and watch over it."""
        self.logs.mkdir(parents=True, exist_ok=True)
        await self._spawn(command)
        self._watchers.append(asyncio.create_task(self._watch(command)))

    async def _spawn(self, command: Command) -> None:
        with (self.logs / f"{command.name}.log").open("ab") as log:
            self._running[command.name] = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "libs.local.tether", command.module, *command.arguments,
                stdin=asyncio.subprocess.PIPE, stdout=log, stderr=log,
                env={**os.environ, **command.environment},
                start_new_session=True,  # Ctrl-C is ours to handle; we stop them in order
            )  # fmt: skip

    async def _watch(self, command: Command) -> None:
        delay = 0.0
        while not self._stopping:
            started = asyncio.get_running_loop().time()
            await self._running[command.name].wait()
            if self._stopping:
                return
            lived = asyncio.get_running_loop().time() - started
            delay = 0.0 if lived > CALM_SECONDS else min(max(delay * 2, 0.2), 10)
            self.restarts[command.name] = self.restarts.get(command.name, 0) + 1
            await asyncio.sleep(delay)
            await self._spawn(command)

    def died(self) -> dict[str, int]:
        """How often each process had to be started again, where it had to."""
        return dict(self.restarts)

    def last_lines(self, name: str, count: int = 15) -> str:
        """The end of a process's log, for a person who asks why."""
        with suppress(FileNotFoundError):
            lines = (self.logs / f"{name}.log").read_text(errors="replace").splitlines()
            return "\n".join(lines[-count:])
        return ""

    async def stop(self) -> None:
        """Stop everything: politely, and for good after a while."""
        self._stopping = True
        for watcher in self._watchers:
            watcher.cancel()
        await asyncio.gather(*[_stop(p) for p in self._running.values()])


async def _stop(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), STOP_SECONDS)
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
