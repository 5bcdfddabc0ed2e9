"""A service of the pair in a process of its own; it kills or stops itself at the step it is told.

On its standard input it is told `die <step> <n>` or `stop <step> <n>`: at the n-th time it reaches
the step it says so on its standard output and sends itself SIGKILL or SIGSTOP.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from functools import partial
from typing import Any

from faststream.kafka import KafkaBroker

from libs.events.transport import database, runtime, steps
from libs.events.transport.rebuild import rebuild, rollback
from libs.events.transport.relay import Relay
from libs.events.transport.runtime import running
from tests.chaos.bugs import plant
from tests.chaos.pair import ledger, teller, totals

SESSION_SECONDS = 6.0
"""After so long without a sign of life the group gives a member's partitions to others."""
LEASE_SECONDS = 3.0
"""And after so long the outbox's shards may be another's."""
STANDSTILL_SECONDS = 4
"""And after so long inside a transaction its session ends."""
LATE_SECONDS = 40
"""A victim that is not ready by then is late."""
SIGNALS = {"die": signal.SIGKILL, "stop": signal.SIGSTOP}

# Logs go to the standard output by default; here it is for the chaos process alone.
_SPEECH = os.dup(1)
os.dup2(2, 1)
_armed: dict[str, tuple[signal.Signals, int]] = {}


def say(word: str) -> None:
    os.write(_SPEECH, f"{word}\n".encode())


def watch(step: str) -> None:
    if step in _armed:
        how, left = _armed.pop(step)
        if left > 1:
            _armed[step] = how, left - 1
            return
        say(step)
        os.kill(os.getpid(), how)


def listen() -> None:
    """Take orders until the end of the input: then whoever started this process is gone."""
    for line in sys.stdin:
        how, step, times = line.split()
        _armed[step] = SIGNALS[how], int(times)
    os._exit(1)


def hasten() -> None:
    """Shorter sessions and leases than usual, so that a stopped process is soon taken for dead."""
    runtime.Relay = partial(Relay, lease_seconds=LEASE_SECONDS)  # pyright: ignore[reportAttributeAccessIssue]
    database.LONGEST_STANDSTILL_SECONDS = STANDSTILL_SECONDS
    subscriber = KafkaBroker.subscriber

    def hastened(self: KafkaBroker, *topics: str, **settings: Any) -> Any:
        settings |= {
            "session_timeout_ms": int(1000 * SESSION_SECONDS),
            "heartbeat_interval_ms": 1000,
        }
        return subscriber(self, *topics, **settings)

    KafkaBroker.subscriber = hastened  # pyright: ignore[reportAttributeAccessIssue]


def tell_what_is_waited_for() -> None:
    """Whoever is late leaves in its log where each of its tasks stands."""
    for task in asyncio.all_tasks():
        task.print_stack()


async def main(role: str, dsn: str, kafka: str, instance: str, bug: str) -> None:
    hasten()
    plant(bug, dsn)
    steps.watch(watch)
    threading.Thread(target=listen, daemon=True).start()
    if role in ("rebuild", "rollback"):
        say("ready")
        act = {"rebuild": rebuild, "rollback": rollback}[role]
        await act(ledger.name, totals, dsn=dsn, kafka=kafka)
        return
    service = {"teller": teller, "ledger": ledger}[role]
    late = asyncio.get_running_loop().call_later(LATE_SECONDS, tell_what_is_waited_for)
    async with running(service, dsn=dsn, kafka=kafka, instance=instance):
        late.cancel()
        say("ready")
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
