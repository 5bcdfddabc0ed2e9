"""Law 8 in the plain cases, and the world outside: timers, transmissions and jobs."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from libs.events.transport.clock import Clock, FixedClock, SystemClock
from libs.events.transport.database import open_pool
from libs.events.transport.runtime import running
from libs.events.transport.timers import Timers
from libs.events.transport.work import Work
from tests.conftest import Addresses
from tests.databases import Databases
from tests.transport.clockwork import OUTSIDE, TABLES, clockwork, told
from tests.transport.ledger import PRACTICE
from tests.transport.platform import end, eventually, seeing_all, start_victim, work_in

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@dataclass
class Clockwork:
    """The service's database, and its timers by hand."""

    dsn: str
    kafka: str
    work: Work

    async def set(self, name: str, *keys: str, due_at: datetime) -> None:
        async with self.work.unit_of_work(PRACTICE) as uow:
            for key in keys:
                await uow.set_timer(name, key, due_at)

    def timers(self, clock: Clock) -> Timers:
        """A replica's timers, fired when the test says so."""
        return Timers(clockwork, work_in(self.work.pool, clockwork, clock))

    async def rung(self) -> dict[str, int]:
        async with seeing_all(self.dsn) as db:
            return {r["key"]: r["times"] for r in await db.fetch("SELECT key, times FROM rung")}

    async def left(self) -> dict[str, datetime]:
        async with seeing_all(self.dsn) as db:
            return {r["key"]: r["due_at"] for r in await db.fetch("SELECT key, due_at FROM timer")}


@pytest.fixture
async def service(
    databases: Databases, addresses: Addresses, tmp_path: Path
) -> AsyncIterator[Clockwork]:
    async with databases.clone("clockwork", TABLES) as dsn:
        with outside(tmp_path / "outside"):
            async with await open_pool(dsn, name="test") as pool:
                work = work_in(pool, clockwork)
                yield Clockwork(dsn, addresses.kafka, work)


@contextmanager
def outside(file: Path) -> Iterator[None]:
    os.environ[OUTSIDE] = str(file)
    try:
        yield
    finally:
        del os.environ[OUTSIDE]


async def test_timers_fire_once_though_two_replicas_run_and_one_is_killed_in_the_middle(
    service: Clockwork,
) -> None:
    keys = [f"plain-{n}" for n in range(150)]
    now = SystemClock().now()
    await service.set("ring", *keys[:75], due_at=now)
    await service.set("ring", "fatal", due_at=now)
    await service.set("ring", *keys[75:], due_at=now)
    replicas = [await start_victim("clockwork", service.dsn, service.kafka) for _ in range(2)]
    try:

        async def all_fired() -> bool:
            return not await service.left()

        await eventually(all_fired, what="the other replica fires the rest")
        rung = await service.rung()
    finally:
        await end(*replicas)
    assert "died fatal" in told(), "the kill hit a timer that was firing"
    assert rung == dict.fromkeys([*keys, "fatal"], 1)


async def test_a_timer_that_was_moved_or_cancelled_fires_as_it_was_set_last(
    service: Clockwork,
) -> None:
    clock = FixedClock(NOON)
    timers = service.timers(clock)
    await service.set("ring", "moved", "cancelled", "kept", due_at=NOON + timedelta(hours=1))
    await service.set("ring", "moved", due_at=NOON + timedelta(hours=3))
    async with service.work.unit_of_work(PRACTICE) as uow:
        await uow.cancel_timer("ring", "cancelled")
    assert await timers.fire_due() == 0, "nothing is due yet"
    clock.advance(timedelta(hours=2))
    await timers.fire_due()
    assert await service.rung() == {"kept": 1}
    clock.advance(timedelta(hours=2))
    await timers.fire_due()
    assert await timers.fire_due() == 0
    assert await service.rung() == {"kept": 1, "moved": 1}


async def test_a_timer_set_in_a_transaction_that_fails_is_not_set(service: Clockwork) -> None:
    with pytest.raises(LookupError):
        async with service.work.unit_of_work(PRACTICE) as uow:
            await uow.set_timer("ring", "never", NOON)
            raise LookupError
    assert await service.left() == {}


async def test_a_timer_whose_work_fails_is_put_off_and_holds_up_no_other(
    service: Clockwork,
) -> None:
    clock = FixedClock(NOON)
    timers = service.timers(clock)
    await service.set("ring", "broken", "sound", due_at=NOON)
    assert await timers.fire_due() == 1
    assert await service.rung() == {"sound": 1}, "what the broken one wrote is undone"
    assert await service.left() == {"broken": NOON + timedelta(seconds=0.5)}


async def test_a_refused_transmission_is_tried_again_at_growing_intervals(
    service: Clockwork,
) -> None:
    clock = FixedClock(NOON)
    timers = service.timers(clock)
    await service.set("send", "refused", due_at=NOON)
    for wait in (0.5, 1.0):
        assert await timers.fire_due() == 0
        assert await service.left() == {"refused": clock.now() + timedelta(seconds=wait)}
        assert await timers.fire_due() == 0, "not before it is due again"
        clock.advance(timedelta(seconds=wait))
    assert await timers.fire_due() == 1
    assert told() == ["sent refused"] * 3
    assert await service.left() == {}
    assert await service.rung() == {"refused": 1}


async def test_a_transmission_is_made_again_after_a_crash_in_the_middle(
    service: Clockwork,
) -> None:
    await service.set("send", "fatal", due_at=SystemClock().now())
    replica = await start_victim("clockwork", service.dsn, service.kafka)
    try:
        assert await replica.wait() == -9
        assert await service.rung() == {}
        assert list(await service.left()) == ["fatal"]
        replica = await start_victim("clockwork", service.dsn, service.kafka)

        async def done() -> bool:
            return not await service.left()

        await eventually(done, what="it is sent again")
    finally:
        await end(replica)
    assert [line for line in told() if "fatal" in line] == [
        "sent fatal",
        "died fatal",
        "sent fatal",
    ]
    assert await service.rung() == {"fatal": 1}


async def test_two_replicas_do_not_make_one_transmission_at_the_same_time(
    service: Clockwork,
) -> None:
    clock = FixedClock(NOON)
    await service.set("send", "once", due_at=NOON)
    async with seeing_all(service.dsn) as other_replica:
        await other_replica.fetch("SELECT 1 FROM timer WHERE key = 'once' FOR UPDATE")
        assert await service.timers(clock).fire_due() == 0
        assert told() == []
    assert await service.timers(clock).fire_due() == 1
    assert told() == ["sent once"]


async def test_a_job_runs_on_one_replica_at_a_time_and_moves_on_when_that_ends(
    service: Clockwork,
) -> None:
    async with AsyncExitStack() as first, AsyncExitStack() as second:
        stacks: dict[str, AsyncExitStack] = {}
        for stack in (first, second):
            started = await stack.enter_async_context(
                running(clockwork, dsn=service.dsn, kafka=service.kafka)
            )
            stacks[str(id(started.work))] = stack

        async def begun(by: set[str], count: int) -> set[str]:
            lines = [line.split()[1] for line in told() if line.startswith("begin")]
            return set(lines) if sum(who in by for who in lines) >= count else set()

        async def often() -> set[str]:
            return await begun(set(stacks), 20)

        [runner] = await eventually(often, what="the job runs")
        await stacks.pop(runner).aclose()

        async def taken_over() -> set[str]:
            return await begun(set(stacks), 5)

        assert await eventually(taken_over, what="the other replica runs it") == {runner, *stacks}
    lines = [line for line in told() if line.startswith(("begin", "end"))]
    for begin, after in pairwise(lines):
        if begin.startswith("begin") and after.startswith("begin"):
            assert begin.split()[1] == runner, "only the one that was stopped left work undone"
            assert after.split()[1] != runner
