"""Processes of the pair, as the chaos process holds them: start, arm, kill, stop, go on."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from pathlib import Path

START_SECONDS = 60


class Victim:
    """One process; it may be started again after its end."""

    def __init__(
        self, role: str, dsn: str, kafka: str, *, log: Path, instance: str = "0", bug: str = ""
    ) -> None:
        self.role = role
        self._command = ("-m", "tests.chaos.victim", role, dsn, kafka, instance, bug)
        self._log = log
        self._process: Process | None = None

    @property
    def process(self) -> Process:
        assert self._process is not None, "not started"
        return self._process

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def begin(self) -> None:
        """Start it, without waiting until it is ready."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, *self._command, stdin=PIPE, stdout=PIPE, stderr=log, env=os.environ
            )

    async def until_ready(self) -> None:
        """Returns when the service has started; RuntimeError where it ended instead."""
        assert self.process.stdout is not None
        said = await asyncio.wait_for(self.process.stdout.readline(), START_SECONDS)
        if said != b"ready\n":
            raise RuntimeError(f"{self.role} did not start; see {self._log}")

    async def start(self) -> None:
        """Start it, and again where a fault of its surroundings ended the first try."""
        for attempt in range(1, 4):
            await self.begin()
            try:
                await self.until_ready()
            except RuntimeError:
                if attempt == 3:
                    raise
                await asyncio.sleep(1)
            else:
                return

    def arm(self, how: str, step: str, times: int) -> None:
        """`die` or `stop` at the n-th time the step is reached."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{how} {step} {times}\n".encode())

    async def until_struck(self, step: str, within_seconds: float) -> bool:
        """True once it has reached the step it was armed with; its signal is then on its way."""
        assert self.process.stdout is not None
        try:
            said = await asyncio.wait_for(self.process.stdout.readline(), within_seconds)
        except TimeoutError:
            return False
        return said == f"{step}\n".encode()

    def signal(self, how: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            self.process.send_signal(how)

    async def kill(self) -> None:
        """SIGKILL, which ends a stopped process too; does nothing where none runs."""
        if self.runs:
            self.signal(signal.SIGKILL)
        if self._process is not None:
            await self._process.wait()
