"""Keeps a process's fold in step with the generation that is read: no fold by another version.

Where the code is newer than the live generation it is rebuilt here, in the background, by one
replica at a time, while the old generation is read and whoever has its version goes on folding it.
Where the code is older it stands aside: alive and ready, for it may serve everything else.
"""

from __future__ import annotations

import asyncio
import time

import structlog
from faststream.kafka import KafkaBroker

from libs.events.transport.consumer import Consumer
from libs.events.transport.database import Db
from libs.events.transport.faults import describe
from libs.events.transport.folding import Folding
from libs.events.transport.generations import BusyError
from libs.events.transport.rebuild import rebuild
from libs.events.transport.work import Work

log = structlog.get_logger("mainstay.projection")

LOOK_EVERY_SECONDS = 1.0
AGAIN_AFTER_SECONDS = 60.0
"""A rebuild that failed is tried again after this long."""

READ = "SELECT generation, version, rolled_back_from FROM projection WHERE name = $1"
NOTE_TROUBLE = "UPDATE projection SET trouble = $2 WHERE name = $1"


class Following:
    """One projection's consumer in this process, and the generation that it should fold into."""

    def __init__(
        self, folding: Folding, consumer: Consumer, work: Work, *, dsn: str, kafka: str
    ) -> None:
        self._folding = folding
        self._consumer = consumer
        self._work = work
        self._dsn = dsn
        self._kafka = kafka
        self._generation: int | None = None
        self._rebuilding: asyncio.Task[None] | None = None
        self._not_before = 0.0

    async def begin(self, broker: KafkaBroker, instance: str | None) -> None:
        """Before the broker starts: take part where the live generation is of this version."""
        self._joining = broker, instance
        async with self._work.pool.acquire() as db, db.transaction():
            live = await self._folding.read_live(db)
        self._generation = live.generation
        if live.version == self._folding.projection.version:
            self._consumer.subscribe(broker, instance)
        else:
            await self._stand_aside(live.version)

    async def run(self) -> None:
        """Look until cancelled."""
        try:
            while True:
                try:
                    await self._look()
                except Exception as error:
                    log.warning("not looked", **self._named(), error=describe(error))
                await asyncio.sleep(LOOK_EVERY_SECONDS)
        finally:
            if self._rebuilding is not None:
                self._rebuilding.cancel()
                await asyncio.gather(self._rebuilding, return_exceptions=True)

    async def _look(self) -> None:
        async with self._work.pool.acquire() as db:
            row = await db.fetchrow(READ, self._folding.projection.name)
        assert row is not None, "the row is made before this begins"
        mine = self._folding.projection.version
        swapped, self._generation = row["generation"] != self._generation, row["generation"]
        if row["version"] == mine:
            if self._consumer.aside is not None:
                await self._consumer.join(*self._joining)
                log.info("folds on", **self._named(), generation=self._generation)
            elif swapped:
                await self._consumer.begin_anew()
            return
        if self._consumer.aside is None or swapped:
            await self._stand_aside(row["version"])
        if row["version"] < mine and row["rolled_back_from"] != mine:
            self._rebuild_in_background()

    async def _stand_aside(self, version: int) -> None:
        mine = self._folding.projection.version
        what = "rebuilds it" if version < mine else "stands aside"
        why = f"the live generation is of version {version}; this code is version {mine} and {what}"
        log.warning("does not fold", **self._named(), why=why)
        await self._consumer.stand_aside(why)

    def _rebuild_in_background(self) -> None:
        idle = self._rebuilding is None or self._rebuilding.done()
        if idle and time.monotonic() >= self._not_before:
            self._rebuilding = asyncio.create_task(self._rebuild())

    async def _rebuild(self) -> None:
        projection = self._folding.projection

        def announce(line: str) -> None:
            log.info("rebuilding", **self._named(), difference=line)

        try:
            generation = await rebuild(
                self._work.service,
                projection,
                dsn=self._dsn,
                kafka=self._kafka,
                keys=self._work.keys,
                announce=announce,
            )
            log.info("rebuilt", **self._named(), generation=generation)
        except BusyError:
            return  # another replica, or a person, is at it
        except Exception as error:
            self._not_before = time.monotonic() + AGAIN_AFTER_SECONDS
            trouble = str(error) if isinstance(error, RuntimeError) else describe(error)
            log.error("not rebuilt", **self._named(), error=trouble)
            async with self._work.pool.acquire() as db:
                await note_trouble(db, projection.name, trouble)

    def _named(self) -> dict[str, object]:
        return {"projection": self._folding.group, "version": self._folding.projection.version}


async def note_trouble(db: Db, name: str, trouble: str) -> None:
    """Why the last rebuild that a process began by itself failed; a swap clears it."""
    await db.execute(NOTE_TROUBLE, name, trouble)
