"""Stops a consumer that parks too much: a bad deploy must not park everything.

The stop is stored; the process stays alive but not ready until a person resumes the consumer.
"""

from __future__ import annotations

import asyncio
from collections import deque

import structlog

from libs.events.transport.database import Pool
from libs.events.transport.faults import describe

log = structlog.get_logger("mainstay.consumer")

LOOK_BACK = 200
LEAST_PARKED = 20
WORST_SHARE = 0.5

STOP = """
INSERT INTO consumer_stop (consumer, reason) VALUES ($1, $2)
ON CONFLICT (consumer) DO UPDATE SET reason = excluded.reason, stopped_at = now()
"""
READ_STOP = "SELECT reason FROM consumer_stop WHERE consumer = $1"


class Breaker:
    """Counts what was handled and parked lately, and holds the consumer when too much parks.

    What only waits behind its key, or is not heard here, counts as neither: it would hide how many
    of the events that were tried have failed.
    """

    def __init__(self, consumer: str, pool: Pool) -> None:
        self._consumer = consumer
        self._pool = pool
        self._lately: deque[bool] = deque(maxlen=LOOK_BACK)
        self._ending = False
        self.stopped: str | None = None

    def handled(self, count: int) -> None:
        self._lately.extend([False] * min(count, LOOK_BACK))

    async def parked(self) -> None:
        self._lately.append(True)
        count = sum(self._lately)
        if count >= LEAST_PARKED and count >= WORST_SHARE * len(self._lately):
            await self.stop(f"{count} of the last {len(self._lately)} events could not be handled")

    async def stop(self, reason: str) -> None:
        """Hold the consumer; returns when the stop is stored."""
        self.stopped = reason
        self._lately.clear()
        log.critical("consumer stopped", consumer=self._consumer, reason=reason)
        while True:
            try:
                async with self._pool.acquire() as db:
                    await db.execute(STOP, self._consumer, reason)
            except Exception as error:
                log.error("stop not stored", consumer=self._consumer, error=describe(error))
                await asyncio.sleep(1)
            else:
                return

    async def load(self) -> None:
        """At start: a stop that was stored still holds."""
        async with self._pool.acquire() as db:
            self.stopped = await db.fetchval(READ_STOP, self._consumer)

    def end(self) -> None:
        """The process ends: nobody waits for a person any more."""
        self._ending = True

    async def wait_until_closed(self) -> bool:
        """True at once, or when a person has resumed the consumer; False where the process ends."""
        while self.stopped is not None and not self._ending:
            await asyncio.sleep(0.5)
            try:
                await self.load()
            except Exception as error:
                log.warning("still stopped", consumer=self._consumer, error=describe(error))
        return not self._ending
