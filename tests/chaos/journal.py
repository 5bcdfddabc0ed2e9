"""The load, and the journal of what was acknowledged: a file of a process without faults."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO
from uuid import UUID, uuid4

import asyncpg

from libs.events.transport.clock import SystemClock
from libs.events.transport.database import open_pool
from libs.events.transport.work import Wakes, Work
from tests.chaos.pair import PRACTICE, Flaw, place, teller
from tests.chaos.stage import Stage

WRITERS = 4
ACCOUNTS = [f"account-{n}" for n in range(12)]
TROUBLED = ["troubled-0", "troubled-1", "troubled-2"]
"""Only these accounts get flawed orders, so that the others always flow."""
MOST_IN_FLIGHT = 500
NOT_SAID = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)
"""A command that ended so may or may not have been committed."""


class Journal:
    """One line per transaction of commands: `sent` before it begins, `acked` after its commit."""

    def __init__(self, file: TextIO, path: Path) -> None:
        self._file = file
        self.path = path

    @classmethod
    @contextmanager
    def open(cls, path: Path) -> Iterator[Journal]:
        with path.open("a") as file:
            yield cls(file, path)

    def write(self, what: str, command: UUID) -> None:
        self._file.write(json.dumps([what, str(command)]) + "\n")
        self._file.flush()

    def read(self) -> tuple[set[UUID], set[UUID]]:
        """The commands that were sent, and those of them that were acknowledged."""
        sent: set[UUID] = set()
        acked: set[UUID] = set()
        for line in self.path.read_text().splitlines():
            what, command = json.loads(line)
            (sent if what == "sent" else acked).add(UUID(command))
        return sent, acked


class Load:
    """Places orders until told to end; pauses while more is in flight than there should be."""

    def __init__(self, stage: Stage, journal: Journal, seed: int) -> None:
        self._stage = stage
        self._journal = journal
        self._seed = seed
        self._flows = asyncio.Event()
        self._ends = False

    async def run(self) -> None:
        pool = await open_pool(self._stage.dsns["teller"], name="chaos load", most=WRITERS)
        work = Work(service=teller.name, pool=pool, clock=SystemClock(), wakes=Wakes())
        try:
            async with asyncio.TaskGroup() as writers:
                writers.create_task(self._watch())
                for writer in range(WRITERS):
                    writers.create_task(self._write(work, random.Random(f"{self._seed}/{writer}")))
        finally:
            pool.terminate()

    def end(self) -> None:
        self._ends = True
        self._flows.set()

    async def _watch(self) -> None:
        """Hold the writers while the pair is far behind."""
        while not self._ends:
            try:
                behind = await self._stage.in_flight() > MOST_IN_FLIGHT
            except NOT_SAID:
                behind = False
            if not self._ends:
                (self._flows.clear if behind else self._flows.set)()
            await asyncio.sleep(0.5)

    async def _write(self, work: Work, rng: random.Random) -> None:
        while not self._ends:
            await self._flows.wait()
            try:
                await place_orders(work, self._journal, rng)
            except NOT_SAID:
                await asyncio.sleep(0.2)
            await asyncio.sleep(rng.uniform(0.01, 0.06))


async def place_orders(work: Work, journal: Journal, rng: random.Random) -> None:
    """One transaction of one to five orders; accounts in order, so that writers do not deadlock."""
    command = uuid4()
    journal.write("sent", command)
    accounts = sorted(rng.choices([*ACCOUNTS, *TROUBLED], k=rng.randint(1, 5)))
    async with asyncio.timeout(10), work.unit_of_work(PRACTICE) as uow:
        for account in accounts:
            flaw: Flaw = "none"
            if account in TROUBLED and rng.random() < 0.05:
                flaw = rng.choice(("poison", "late"))
            await place(uow, command, account, rng.randint(1, 10_000), flaw)
    journal.write("acked", command)
