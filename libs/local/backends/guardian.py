"""Holds one server for its launcher and ends it when the launcher ends, however that happens.

Run as a plain script (standard library only, so that it starts in tens of milliseconds):
`guardian.py '{"command": […], …}'`. Its standard input is a pipe whose other end only the
launcher holds: end of file means "stop now", and it also comes when the launcher is killed with
SIGKILL. A parent that changed says the same, should somebody have inherited the pipe. This works
alike on Linux and macOS, unlike a parent-death signal.

It has a session of its own, so Ctrl-C in the terminal reaches the launcher, not the server.
"""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from typing import Any

POLL_SECONDS = 0.2


def main() -> int:
    spec: dict[str, Any] = json.loads(sys.argv[1])
    # Not SIG_IGN, which the server would inherit: it could then miss the signal to stop.
    for ignored in (signal.SIGINT, signal.SIGHUP):
        signal.signal(ignored, lambda *_: None)
    asked_to_stop: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: asked_to_stop.append(number))
    try:
        server = start(spec)
    except (OSError, subprocess.SubprocessError) as failure:
        print(f"{failure}", flush=True)
        return 1
    # Nobody left to read it: the loop below sees that the launcher has gone.
    with contextlib.suppress(BrokenPipeError):
        print(server.pid, flush=True)
    while server.poll() is None and not asked_to_stop and launcher_lives(spec["launcher_pid"]):
        pass
    for number, patience_seconds in spec["stops"]:
        if ended(server, number, patience_seconds):
            break
    return server.returncode or 0


def start(spec: dict[str, Any]) -> "subprocess.Popen[bytes]":
    who = spec["user"]
    with open(spec["log"], "ab") as log:
        return subprocess.Popen(
            spec["command"],
            cwd=spec["directory"],
            env=spec["environment"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=who and who["uid"],
            group=who and who["gid"],
            extra_groups=[] if who else None,
        )


def launcher_lives(launcher_pid: int) -> bool:
    readable, _, _ = select.select([sys.stdin], [], [], POLL_SECONDS)
    # The launcher never writes: readable means end of file.
    return not readable and os.getppid() == launcher_pid


def ended(server: "subprocess.Popen[bytes]", number: int, patience_seconds: float) -> bool:
    """Signal the server's whole process group; tell whether it ended in time."""
    with contextlib.suppress(ProcessLookupError):
        if server.poll() is None:
            os.killpg(server.pid, number)
    deadline = time.monotonic() + patience_seconds
    while server.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    return server.poll() is not None


if __name__ == "__main__":
    sys.exit(main())
