"""Which process was meant: a pid alone may by now belong to somebody else."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

import psutil

CLOCK_TOLERANCE_SECONDS = 5.0
"""Start times are derived from the wall clock, which a time server may set a little."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A process by pid and start time, and a word that its command line must have."""

    pid: int
    started_at_seconds: float
    command_has: str

    @classmethod
    def of(cls, pid: int, *, command_has: str = "") -> Identity | None:
        """The process of that pid as it is now; None if there is none."""
        try:
            return cls(pid, psutil.Process(pid).create_time(), command_has)
        except psutil.Error:
            return None

    def living(self) -> psutil.Process | None:
        """The very process that was recorded, while it lives; never a later one of its pid."""
        try:
            process = psutil.Process(self.pid)
            same_start = (
                abs(process.create_time() - self.started_at_seconds) < CLOCK_TOLERANCE_SECONDS
            )
            if not same_start or process.status() == psutil.STATUS_ZOMBIE:
                return None
            command = " ".join(process.cmdline())
        except psutil.Error:
            return None
        return process if self.command_has in command else None

    def end(self, *, patience_seconds: float) -> None:
        """Ask it to end, wait, and then kill it with its children; a stranger is left alone."""
        process = self.living()
        if process is None:
            return
        with contextlib.suppress(psutil.NoSuchProcess):
            family = [process, *process.children(recursive=True)]
            process.terminate()
            _, left = psutil.wait_procs(family, timeout=patience_seconds)
            for member in left:
                with contextlib.suppress(psutil.NoSuchProcess):
                    member.kill()
            psutil.wait_procs(left, timeout=5)
