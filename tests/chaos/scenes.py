"""One fault each, at the very moment that exposes one bug; without the bug nothing is wrong."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic
from uuid import uuid4

from libs.events.transport.clock import SystemClock
from libs.events.transport.database import open_pool
from libs.events.transport.work import Wakes, Work
from tests.chaos.bugs import CURSOR, DRAW
from tests.chaos.checks import Findings, check_events, read_placed
from tests.chaos.machines import FIND_COMMITTING
from tests.chaos.operator import Operator
from tests.chaos.pair import PRACTICE, Flaw, place, teller
from tests.chaos.stage import Stage
from tests.chaos.victims import Victim
from tests.transport.platform import eventually

STILL_SECONDS = 8
"""So long without any movement: what has not gone out by then never will."""
LINGER_SECONDS = 3
ZOMBIE_SECONDS = 2


@dataclass
class Scene:
    """A stage with nobody on it yet, and the teller's commands."""

    stage: Stage
    work: Work
    bugs: dict[str, str]
    """By role, the bug that is planted in its victims."""

    async def enter(self, *roles: str) -> list[Victim]:
        """Start replica 0 of each role."""
        for role in roles:
            if role in self.stage.victims:
                await self.stage.victims[role].kill()
            victim = self.stage.victim(role, bug=self.bugs.get(role, ""))
            self.stage.victims[role] = victim
            await victim.start()
        return [self.stage.victims[role] for role in roles]

    async def order(self, *accounts: str, flaw: Flaw = "none") -> None:
        """Place an order on each account, in one transaction."""
        async with self.work.unit_of_work(PRACTICE) as uow:
            for account in accounts:
                await place(uow, uuid4(), account, 100, flaw)

    @asynccontextmanager
    async def lingering(self, role: str) -> AsyncIterator[None]:
        """Commits that begin in this context take seconds."""
        async with self.stage.look(role) as db:
            await db.execute("INSERT INTO lingering VALUES ($1)", LINGER_SECONDS)
        try:
            yield
        finally:
            async with self.stage.look(role) as db:
                await db.execute("DELETE FROM lingering")

    async def until_committing(self, role: str) -> None:
        async def commits() -> bool:
            async with self.stage.look(role) as db:
                return await db.fetchval(FIND_COMMITTING) is not None

        await eventually(commits, what="somebody is inside a COMMIT")

    async def until_struck(self, victim: Victim, step: str) -> None:
        assert await victim.until_struck(step, 30), f"{victim.role} did not reach {step}"

    async def killed_at(self, role: str, step: str) -> None:
        """Kill a victim with an order in its hands, and start it again."""
        victim = self.stage.victims[role]
        victim.arm("die", step, 1)
        await self.order("a", "b", "a")
        await self.until_struck(victim, step)
        await victim.process.wait()
        await victim.start()

    async def outbox_rows(self) -> int:
        count = 0
        for role in ("teller", "ledger"):
            async with self.stage.look(role) as db:
                count += await db.fetchval("SELECT count(*) FROM outbox")
        return count

    async def until_read(self) -> None:
        """Wait until everything on the topics is handled or parked."""

        async def read() -> bool:
            return await self.outbox_rows() == 0 and await self.stage.lag() == 0

        await eventually(read, within_seconds=60)

    async def check(self) -> Findings:
        """Wait until nothing moves any more, and compare."""
        last, since = (-1, -1), monotonic()
        while last != (0, 0) and monotonic() - since < STILL_SECONDS:
            await asyncio.sleep(0.1)
            if (now := (await self.outbox_rows(), await self.stage.lag())) != last:
                last, since = now, monotonic()
        found = Findings()
        await check_events(self.stage, await read_placed(self.stage), found)
        return found


@asynccontextmanager
async def scene(stage: Stage, bugs: dict[str, str]) -> AsyncIterator[Scene]:
    pool = await open_pool(stage.dsns["teller"], name="chaos scene", most=4)
    work = Work(service=teller.name, pool=pool, clock=SystemClock(), wakes=Wakes())
    try:
        yield Scene(stage, work, bugs)
    finally:
        pool.terminate()


async def kill_before_the_commit(made: Scene) -> None:
    """The consumer dies with its effects applied and not committed."""
    await made.enter("teller", "ledger")
    await made.killed_at("ledger", "consumer.effects-applied")


async def wake_a_zombie(made: Scene) -> None:
    """A consumer stands still with fetched records in hand; its heir handles them; it wakes up."""
    await made.enter("teller")
    [zombie] = await made.enter("ledger")
    await made.order("a")
    await made.until_read()  # it has its partitions, and nothing in hand
    zombie.arm("stop", "consumer.committed", 1)
    async with made.lingering("ledger"):
        await made.order("a")
        await made.until_committing("ledger")
        await made.order("a", "a")  # fetched while the first is being committed
        await made.until_struck(zombie, "consumer.committed")
    del made.stage.victims["ledger"]  # it lives on beside its heir
    await made.enter("ledger")
    try:

        async def inherited() -> bool:
            async with made.stage.look("ledger") as db:
                return await db.fetchval("SELECT count(*) FROM effect") == 4

        await eventually(inherited, what="the heir has handled them")
        zombie.signal(signal.SIGCONT)
        await asyncio.sleep(ZOMBIE_SECONDS)
    finally:
        await zombie.kill()


async def kill_a_relay_after_the_ack(made: Scene) -> None:
    """What the broker has is still in the outbox: it is sent again."""
    await made.enter("teller", "ledger")
    await made.killed_at("teller", "relay.acknowledged")


async def kill_a_relay_before_the_send(made: Scene) -> None:
    await made.enter("teller", "ledger")
    await made.killed_at("teller", "relay.numbered")


async def commit_late(made: Scene) -> None:
    """The first to draw an outbox id is the last to commit; the relay sends in between."""
    await made.stage.as_owner("teller", CURSOR)
    await made.enter("teller", "ledger")
    async with made.lingering("teller"):
        early = asyncio.create_task(made.order("early"))
        await made.until_committing("teller")
    await made.order("late")
    assert not early.done(), "the first commits after the second"
    await early


async def draw_early(made: Scene) -> None:
    """Two commands of one account: one begins first, the other has the lock first."""
    async with made.work.unit_of_work(PRACTICE) as first:
        await first.db.execute(DRAW)
        async with made.work.unit_of_work(PRACTICE) as second:
            await second.db.execute(DRAW)
            await place(second, uuid4(), "a", 100, "none")
        await place(first, uuid4(), "a", 100, "none")
    await made.enter("teller", "ledger")


async def retry_a_parked_key(made: Scene) -> None:
    """An event parks, followers of its key come, and then it is retried."""
    await made.enter("teller", "ledger")
    await made.order("a", flaw="poison")

    async def parked() -> bool:
        async with made.stage.look("ledger") as db:
            return await db.fetchval("SELECT count(*) FROM parked_event") > 0

    await eventually(parked, what="the poison is parked")
    await made.order("a", "b", "a")
    await made.until_read()
    operator = Operator(made.stage)
    await operator.round()

    async def free() -> bool:
        async with made.stage.look("ledger") as db:
            return await db.fetchval("SELECT count(*) FROM parked_key") == 0

    await eventually(free, what="the key is retried")


Play = Callable[[Scene], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Exposure:
    """Which scene exposes a bug, where the bug is planted, and the figure that tells."""

    play: Play
    role: str
    figure: str


EXPOSURES: dict[str, Exposure] = {
    "checkpoint outside the transaction": Exposure(kill_before_the_commit, "ledger", "lost"),
    "blind checkpoint": Exposure(wake_a_zombie, "ledger", "duplicated"),
    "ack before the commit": Exposure(kill_before_the_commit, "ledger", "lost"),
    "sequence check removed": Exposure(kill_a_relay_after_the_ack, "ledger", "duplicated"),
    "parked followers not held": Exposure(retry_a_parked_key, "ledger", "reordered"),
    "id > last": Exposure(commit_late, "teller", "lost"),
    "deleted before the ack": Exposure(kill_a_relay_before_the_send, "teller", "lost"),
    "unlinked CTE": Exposure(draw_early, "here", "reordered"),
}
