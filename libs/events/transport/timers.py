"""Durable timers: they survive restarts and fire once, in the transaction of their effect.

A transmission (an effect on the outside world) holds its timer's row locked while it acts, so two
replicas do not send at once. It may act again after a crash, and finds its intent in its tables.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import structlog

from libs.events.transport.database import see_practices, transport_transaction
from libs.events.transport.envelope import Origin
from libs.events.transport.faults import describe, is_transient
from libs.events.transport.service import Service, Timer
from libs.events.transport.steps import reached
from libs.events.transport.telemetry import context_of, open_span
from libs.events.transport.work import Outgoing, UnitOfWork, Work

log = structlog.get_logger("mainstay.timers")

FIND_DUE = """
SELECT practice_id, name, key, due_at, origin FROM timer
 WHERE due_at <= $1 AND name = ANY($2::text[]) ORDER BY due_at LIMIT 200
"""
NEXT_DUE = "SELECT min(due_at) FROM timer WHERE name = ANY($1::text[])"
TAKE = """
DELETE FROM timer
 WHERE practice_id = $1 AND name = $2 AND key = $3 AND due_at = $4 RETURNING 1
"""
LOCK = """
SELECT attempts FROM timer
 WHERE practice_id = $1 AND name = $2 AND key = $3 AND due_at = $4 FOR UPDATE SKIP LOCKED
"""
PUT_OFF = """
UPDATE timer SET due_at = $5, attempts = attempts + 1
 WHERE practice_id = $1 AND name = $2 AND key = $3 AND due_at = $4
RETURNING attempts
"""
LONGEST_WAIT = timedelta(minutes=10)


class Timers:
    """Fires a service's timers and transmissions."""

    def __init__(self, service: Service, work: Work) -> None:
        self._service = service
        self._work = work
        self._names = [*service.timers, *service.transmissions]

    async def run(self) -> None:
        """Run until cancelled."""
        while True:
            self._work.wakes.timers.clear()
            try:
                wait = 0.0 if await self.fire_due() else await self._seconds_to_next()
            except Exception as error:
                log.warning("timers wait", service=self._service.name, error=describe(error))
                wait = 1.0
            # Not wait_for: in Python 3.11 it loses a cancellation that comes with a wake-up.
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._work.wakes.timers.wait()

    async def fire_due(self) -> int:
        """Fire what is due now; returns how many timers were looked at and came to something."""
        async with transport_transaction(self._work.pool) as db:
            rows = await db.fetch(FIND_DUE, self._work.now(), self._names)
        fired = 0
        for row in rows:
            timer = Timer(
                practice_id=row["practice_id"],
                name=row["name"],
                key=row["key"],
                due_at=row["due_at"],
                origin=Origin.load(row["origin"]) if row["origin"] else None,
            )
            fired += await self._fire(timer)
        return fired

    async def _seconds_to_next(self) -> float:
        async with transport_transaction(self._work.pool) as db:
            due: datetime | None = await db.fetchval(NEXT_DUE, self._names)
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
            if not await db.fetchval(TAKE, *_identity(timer)):
                return False  # another replica has fired it, or it was moved
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
        return True

    async def _transmit(self, timer: Timer) -> bool:
        async with transport_transaction(self._work.pool) as db:
            if await db.fetchval(LOCK, *_identity(timer)) is None:
                return False
            await self._service.transmissions[timer.name](timer, self._work)
            reached("transmission.sent")
            await db.execute(TAKE, *_identity(timer))
        return True

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
