"""Starts one server under its guardian and knows when it has gone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from threading import Event
from time import monotonic

from libs.local.backends.errors import BackendError
from libs.local.backends.ground import User
from libs.local.backends.identity import Identity

GUARDIAN = Path(__file__).with_name("guardian.py")
READY_SECONDS = 90.0


class StoppedEarlyError(BackendError):
    """The server ended before it answered; `log_tail` holds its last words."""

    def __init__(self, message: str, log_tail: str) -> None:
        super().__init__(message)
        self.log_tail = log_tail


@dataclass(frozen=True, slots=True)
class Program:
    """What to run and how to end it."""

    name: str
    command: tuple[str, ...]
    directory: Path
    log: Path
    mark: str
    """A word that the command line has and no stranger's would: the data directory, mostly."""
    stops: tuple[tuple[int, float], ...]
    """Signals in the order to try them, each with the seconds to wait for the end."""
    environment: Mapping[str, str] = field(
        default_factory=lambda: {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}
    )
    """Next to nothing: a server must not depend on the shell that it was started from."""


class Server:
    """One running server; ends with `stop`, or with the process that started it."""

    def __init__(self, program: Program, user: User | None) -> None:
        self.program = program
        if program.log.exists():
            program.log.replace(program.log.with_suffix(".previous.log"))
        spec = {
            "command": program.command,
            "directory": str(program.directory),
            "environment": dict(program.environment),
            "log": str(program.log),
            "stops": program.stops,
            "user": user and asdict(user),
            "launcher_pid": os.getpid(),
        }
        self._guardian = subprocess.Popen(
            [sys.executable, "-I", "-S", str(GUARDIAN), json.dumps(spec)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        assert self._guardian.stdout is not None
        told = self._guardian.stdout.readline().decode().strip()
        if not told.isdigit():
            self._guardian.communicate()
            raise BackendError(
                f"{program.name} could not be run: {told or 'no reason given'} "
                f"({program.command[0]}). `make doctor` shows what is missing."
            )
        self.identity = Identity.of(int(told), command_has=program.mark)
        self.guardian = Identity.of(self._guardian.pid, command_has=GUARDIAN.name)

    @property
    def runs(self) -> bool:
        return self._guardian.poll() is None

    def wait_until(self, answers: Callable[[], bool], given_up: Event) -> None:
        """Poll `answers` until it is true.

        Raises:
            StoppedEarlyError: the server ended first.
            BackendError: it does not answer in time, or `given_up` was set by somebody else.
        """
        deadline = monotonic() + READY_SECONDS
        while not answers():
            if not self.runs:
                tail = "\n".join(self.log_tail())
                raise StoppedEarlyError(
                    f"{self.program.name} stopped while starting. Its last words "
                    f"({self.program.log}):\n{tail}",
                    tail,
                )
            if given_up.wait(0.05):
                raise BackendError(f"{self.program.name} was not waited for.")
            if monotonic() > deadline:
                raise BackendError(
                    f"{self.program.name} did not answer within {READY_SECONDS:.0f} s; "
                    f"see {self.program.log}. Is the machine very busy?"
                )

    def log_tail(self) -> list[str]:
        """The last lines of the log that say something: a Java stack trace buries its message."""
        lines = self.program.log.read_text(errors="replace").splitlines()
        return [line for line in lines if not line.startswith("\tat ")][-12:]

    def ask_to_stop(self) -> None:
        """Begin the end, without waiting for it."""
        assert self._guardian.stdin is not None
        self._guardian.stdin.close()

    def stop(self) -> None:
        """End the server and its guardian; returns when both are gone."""
        self.ask_to_stop()
        assert self._guardian.stdout is not None
        patience_seconds = sum(seconds for _, seconds in self.program.stops) + 2
        try:
            self._guardian.wait(patience_seconds)
        except subprocess.TimeoutExpired:
            self._guardian.kill()
            self._guardian.wait()
        self._guardian.stdout.close()
        # Gone already, unless somebody killed the guardian.
        if self.identity:
            self.identity.end(patience_seconds=10)
