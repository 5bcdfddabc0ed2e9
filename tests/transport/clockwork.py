"""Timers, transmissions and a job that only tests know; what they do outside is a line in a file.

Keys say what goes wrong: `fatal-…` kills the process once, in the middle of its work; `refused-…`
is refused twice by the world outside; `broken-…` always fails.
"""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

from libs.events.transport import Job, Service, Timer, UnitOfWork, Work
from tests.transport.ledger import MINE

OUTSIDE = "MAINSTAY_TEST_OUTSIDE"
"""Names the file that stands for the world outside."""

TABLES = """
CREATE TABLE rung (
    practice_id uuid NOT NULL, key text NOT NULL, times integer NOT NULL,
    PRIMARY KEY (practice_id, key)
);
SELECT own_by_practice('rung');
"""
RING = """
INSERT INTO rung AS r VALUES ($1, $2, 1)
ON CONFLICT (practice_id, key) DO UPDATE SET times = r.times + 1
"""


def tell(line: str) -> None:
    with Path(os.environ[OUTSIDE]).open("a") as file:
        file.write(line + "\n")


def told() -> list[str]:
    path = Path(os.environ[OUTSIDE])
    return path.read_text().splitlines() if path.exists() else []


def _die_once(key: str) -> None:
    if key.startswith("fatal") and f"died {key}" not in told():
        tell(f"died {key}")
        os.kill(os.getpid(), signal.SIGKILL)


async def ring(timer: Timer, uow: UnitOfWork) -> None:
    await uow.db.execute(RING, uow.practice_id, timer.key)
    if timer.key.startswith("broken"):
        raise RuntimeError("a bell without a clapper")
    _die_once(timer.key)


async def send(timer: Timer, work: Work) -> None:
    tell(f"sent {timer.key}")
    _die_once(timer.key)
    if timer.key.startswith("refused") and told().count(f"sent {timer.key}") <= 2:
        raise ConnectionError
    async with work.unit_of_work(timer.practice_id) as uow:
        await uow.db.execute(RING, timer.practice_id, timer.key)


async def look_outside(work: Work) -> None:
    tell(f"begin {id(work)}")
    await asyncio.sleep(0.02)
    tell(f"end {id(work)}")


clockwork = Service(
    name=f"clockwork-{MINE}",
    timers={"ring": ring},
    transmissions={"send": send},
    jobs=[Job("look-outside", every_seconds=0.01, run=look_outside)],
)
