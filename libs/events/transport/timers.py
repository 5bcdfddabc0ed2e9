"""Durable timers: they survive restarts and fire once, in the transaction of their effect.

A transmission (an effect on the outside world) holds its timer's row locked while it acts, so two
replicas do not send at once. It may act again after a crash, and finds its intent in its tables.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import structlog

from libs.events.transport.database import NO_PRACTICE, see_practices, transport_transaction
from libs.events.transport.envelope import Origin
from libs.events.transport.faults import describe, is_transient
from libs.events.transport.metrics import timer_fired
from libs.events.transport.service import Service, Timer
from libs.events.transport.steps import reached
from libs.events.transport.telemetry import context_of, open_span
from libs.events.transport.work import Outgoing, UnitOfWork, Work

log = structlog.get_logger("mainstay.timers")

# What is parked may be what moves or cancels the timer: see UnitOfWork.set_timer.
NOTHING_PARKED = f"""
NOT EXISTS (
    SELECT 1 FROM parked_key p
     WHERE p.consumer = ${{consumer}} AND p.practice_id IN (t.practice_id, '{NO_PRACTICE}')
       AND (p.key = t.key OR p.key = ANY (t.about)))
"""
FIND_DUE = f"""
SELECT practice_id, name, key, due_at, origin FROM timer t
 WHERE due_at <= $1 AND name = ANY($2::text[]) AND {NOTHING_PARKED.format(consumer=3)}
 ORDER BY due_at LIMIT 200
"""
NEXT_DUE = f"""
SELECT min(due_at) FROM timer t
 WHERE name = ANY($1::text[]) AND {NOTHING_PARKED.format(consumer=2)}
"""
# A timer that another replica is firing is left to it, and looked at again later.
TAKE = f"""
DELETE FROM timer d USING (
    SELECT practice_id, name, key FROM timer t
     WHERE practice_id = $1 AND name = $2 AND key = $3 AND due_at = $4
       AND {NOTHING_PARKED.format(consumer=5)}
       FOR UPDATE SKIP LOCKED) t
 WHERE d.practice_id = t.practice_id AND d.name = t.name AND d.key = t.key
RETURNING 1
"""
LOCK = f"""
SELECT attempts FROM timer t
 WHERE practice_id = $1 AND name = $2 AND key = $3 AND due_at = $4
   AND {NOTHING_PARKED.format(consumer=5)}
   FOR UPDATE SKIP LOCKED
"""
FORGET = """
DELETE FROM timer WHERE practice_id = $1 AND name = $2 AND key = $3 AND due_at = $4
"""
PUT_OFF = """
UPDATE timer SET due_at = $5, attempts = attempts + 1
 WHERE practice_id = $1 AND name = $2 AND key = $3 AND due_at = $4
RETURNING attempts
"""
LONGEST_WAIT = timedelta(minutes=10)
AT_ONCE = 4
"""Timers that fire side by side, and as many transmissions; each has a connection of the pool."""


class Timers:
    """Fires a service's timers and transmissions."""

    def __init__(self, service: Service, work: Work) -> None:
        self._service = service
        self._work = work

    async def run(self) -> None:
        """Run until cancelled; a transmission that takes its time keeps no timer waiting."""
        wakes = self._work.wakes
        async with asyncio.TaskGroup() as kinds:
            kinds.create_task(self._follow([*self._service.timers], wakes.timers))
            kinds.create_task(self._follow([*self._service.transmissions], wakes.transmissions))

    async def fire_due(self) -> int:
        """Fire what is due now; returns how many were fired and came to their end."""
        timers, transmissions = [*self._service.timers], [*self._service.transmissions]
        return await self._fire_due(timers) + await self._fire_due(transmissions)

    async def _follow(self, names: list[str], woken: asyncio.Event) -> None:
        while names:
            woken.clear()
            try:
                wait = 0.0 if await self._fire_due(names) else await self._seconds_to_next(names)
            except Exception as error:
                log.warning("timers wait", service=self._service.name, error=describe(error))
                wait = 1.0
            # Not wait_for: in Python 3.11 it loses a cancellation that comes with a wake-up.
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await woken.wait()

    async def _fire_due(self, names: list[str]) -> int:
        async with transport_transaction(self._work.pool) as db:
            rows = await db.fetch(FIND_DUE, self._work.now(), names, self._service.name)
        hands = asyncio.Semaphore(AT_ONCE)

        async def fire(row: asyncpg.Record) -> bool:
            timer = Timer(
                practice_id=row["practice_id"],
                name=row["name"],
                key=row["key"],
                due_at=row["due_at"],
                origin=Origin.load(row["origin"]) if row["origin"] else None,
            )
            async with hands:
                return await self._fire(timer)

        return sum(await asyncio.gather(*map(fire, rows)))

    async def _seconds_to_next(self, names: list[str]) -> float:
        async with transport_transaction(self._work.pool) as db:
            due: datetime | None = await db.fetchval(NEXT_DUE, names, self._service.name)
        if due is None:
            return 1.0
        wait = (due - self._work.now()).total_seconds()
        # Overdue, and yet nothing was fired: another replica is at it.
        # Looked at again each second at least: another replica may set one.
        return min(wait, 1.0) if wait > 0 else 0.25

    async def _fire(self, timer: Timer) -> bool:
        try:
            with open_span(
                f"{self._service.name} timer {timer.name}",
                context=context_of(timer.origin.traceparent if timer.origin else None),
            ):
                if timer.name in self._service.timers:
                    return await self._fire_inside(timer)
                return await self._transmit(timer)
        except Exception as error:
            await self._put_off(timer, error)
            return False

    async def _fire_inside(self, timer: Timer) -> bool:
        outgoing = Outgoing()
        async with self._work.pool.acquire() as db, db.transaction():
            await see_practices(db, [timer.practice_id])
            if not await db.fetchval(TAKE, *_identity(timer), self._service.name):
                return False  # another replica fires it, it was moved, or it waits
            reached("timer.taken")
            uow = UnitOfWork(
                db,
                service=self._service.name,
                practice_id=timer.practice_id,
                now=self._work.now(),
                outgoing=outgoing,
                keys=self._work.keys,
                origin=timer.origin,
            )
            await self._service.timers[timer.name](timer, uow)
            await outgoing.write(db)
            reached("timer.handled")
        reached("timer.committed")
        outgoing.wake(self._work.wakes)
        self._tell_lateness(timer)
        return True

    async def _transmit(self, timer: Timer) -> bool:
        async with transport_transaction(self._work.pool) as db:
            if await db.fetchval(LOCK, *_identity(timer), self._service.name) is None:
                return False
            await self._service.transmissions[timer.name](timer, self._work)
            reached("transmission.sent")
            await db.execute(FORGET, *_identity(timer))
        self._tell_lateness(timer)
        return True

    def _tell_lateness(self, timer: Timer) -> None:
        late = (self._work.now() - timer.due_at).total_seconds()
        timer_fired(self._service.name, timer.name, late)

    async def _put_off(self, timer: Timer, error: Exception) -> None:
        """Try again later: soon for what passes by itself, ever more rarely for what does not."""
        async with transport_transaction(self._work.pool) as db:
            attempts = await db.fetchval(
                "SELECT attempts FROM timer WHERE practice_id = $1 AND name = $2 AND key = $3",
                *_identity(timer)[:3],
            )
            wait = min(timedelta(seconds=0.5) * 2 ** min(attempts or 0, 12), LONGEST_WAIT)
            await db.fetchval(PUT_OFF, *_identity(timer), self._work.now() + wait)
        report = log.warning if is_transient(error) else log.error
        report(
            "timer put off",
            service=self._service.name,
            timer=timer.name,
            practice=str(timer.practice_id),
            seconds=wait.total_seconds(),
            error=describe(error),
        )


def _identity(timer: Timer) -> tuple[Any, ...]:
    return timer.practice_id, timer.name, timer.key, timer.due_at
