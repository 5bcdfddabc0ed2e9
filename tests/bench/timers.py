"""How late timers fire: thousands that fall due one after another, each with a row to write."""

from __future__ import annotations

import random
from datetime import timedelta
from statistics import quantiles

from libs.events.transport.runtime import running
from libs.events.transport.service import Service, Timer
from libs.events.transport.work import UnitOfWork
from tests.databases import Databases
from tests.transport.clockwork import RING, TABLES
from tests.transport.ledger import PRACTICE
from tests.transport.platform import eventually

TIMERS = 2000
SECONDS = 20.0


async def measure_timers(databases: Databases, kafka: str) -> dict[str, float]:
    """Milliseconds from a timer's due date until its handler has done its work: p50 and p99."""
    late: dict[str, float] = {}

    async def ring(timer: Timer, uow: UnitOfWork) -> None:
        await uow.db.execute(RING, timer.practice_id, timer.key)
        late[timer.key] = 1000 * (work.now() - timer.due_at).total_seconds()

    service = Service(name="bells", timers={"ring": ring})
    async with databases.clone("bells", TABLES) as dsn:
        async with running(service, dsn=dsn, kafka=kafka) as started:
            work = started.work
            chance = random.Random(7)
            async with work.unit_of_work(PRACTICE) as uow:
                for number in range(TIMERS):
                    due_at = uow.now + timedelta(seconds=2 + chance.random() * SECONDS)
                    await uow.set_timer("ring", str(number), due_at)

            async def all_rung() -> bool:
                return len(late) == TIMERS

            await eventually(all_rung, within_seconds=SECONDS + 60)
    cuts = quantiles(late.values(), n=100)
    return {"timer_late_ms_p50": cuts[49], "timer_late_ms_p99": cuts[98]}
