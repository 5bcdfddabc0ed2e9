"""A generation on its way to be the live one: caught up, compared with it, and swapped for it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from libs.events.transport.clock import SystemClock
from libs.events.transport.comparing import compare, count_parked
from libs.events.transport.database import SET_TRANSPORT, Db, Pool, open_pool, transport_transaction
from libs.events.transport.folding import Live, checkpoint_name
from libs.events.transport.generations import (
    REBUILD,
    Beside,
    Shard,
    alone,
    behind,
    find_beside,
    lock_live,
    lock_positions,
    read_live,
    read_positions,
    swap,
)
from libs.events.transport.keys import Keys
from libs.events.transport.projections import Projection
from libs.events.transport.replay import Replay, Replaying, Tell, read_discards, replaying
from libs.events.transport.steps import reached
from libs.events.transport.work import Wakes, Work

Announce = Callable[[str], None]
"""Called with a line that a person should read."""

NEAR = 2000
"""So many records short of the live one, the rest is folded while the live one waits."""


@dataclass(frozen=True)
class Place:
    """Which projection, and where its rows and its log are."""

    service: str
    projection: Projection
    kafka: str
    pool: Pool
    keys: Keys | None

    def consumer(self, generation: int) -> str:
        return checkpoint_name(self.service, self.projection, generation)

    @asynccontextmanager
    async def replay(
        self, generation: int, *, until: datetime | None = None
    ) -> AsyncIterator[Replay]:
        async with transport_transaction(self.pool) as db:
            discarded = await read_discards(db, self.service, self.projection)
        to = self.service, self.projection, generation, self.keys
        effect = Replaying(*to, discarded=discarded, until=until)
        work = Work(
            service=self.service,
            pool=self.pool,
            clock=SystemClock(),
            wakes=Wakes(),
            keys=self.keys,
        )
        async with replaying(effect, work, self.kafka) as replay:
            yield replay

    async def beside(self) -> list[Beside]:
        async with self.pool.acquire() as db:
            return await find_beside(db, self.projection.name)


@asynccontextmanager
async def alone_at(
    service: str,
    projection: Projection,
    dsn: str,
    kafka: str,
    keys: Keys | None = None,
    *,
    act: str = REBUILD,
) -> AsyncIterator[tuple[Place, Live]]:
    """A projection that was folded before, alone at this act; raises BusyError, LookupError."""
    async with alone(dsn, service, projection.name, act):
        pool = await open_pool(dsn, name=f"{service} {act}", most=6)
        try:
            async with pool.acquire() as db:
                live = await read_live(db, projection.name)
            if live is None:
                raise LookupError(f"{projection.name} was never folded: start its service first")
            yield Place(service, projection, kafka, pool, keys), live
        finally:
            await pool.close()


class Building:
    """A generation on its way to be the live one. `even`: it never gets ahead of the live one."""

    even = False

    def __init__(self, place: Place, live: Live, shadow: int, replay: Replay, tell: Tell) -> None:
        self.place = place
        self._live = live
        self._shadow = shadow
        self._replay = replay
        self._erased = replay.effect.erased
        self._tell = tell

    async def catch_up(self) -> None:
        """Fold until little is left to fold, or until it does not become less any more."""
        before: int | None = None
        while True:
            async with self.place.pool.acquire() as db:
                positions = await read_positions(db, self.place.consumer(self._live.generation))
            goal = await self._goal(positions)
            short = behind(self._replay.positions, goal)
            if before is not None and (short <= NEAR or short > 0.9 * before):
                return
            await self._replay.fold_up_to(goal, self._tell)
            before = short

    async def compare(self, announce: Announce) -> list[str]:
        """Tell what differs at one moment; returns what nothing explains.

        The live one is held only until both stand at the same offsets and the snapshot is taken.
        """
        name, tables = self.place.projection.name, self.place.projection.tables
        live, here = self.place.consumer(self._live.generation), self.place.consumer(self._shadow)
        async with self.place.pool.acquire() as db:
            snapshot = db.transaction(isolation="repeatable_read", readonly=True)
            async with self._held() as (_, positions):
                await self._reach(positions)
                await snapshot.start()
                await db.execute(SET_TRANSPORT)
            which = db, tables, self._live.generation, self._shadow, self._erased.practices
            try:
                found = await compare(*which)
                explained = await compare(*which, of_erased=True) if self._erased.events else []
                parked_live, parked_here = await count_parked(
                    db, live, here, self._erased.practices
                )
            finally:
                await snapshot.rollback()
                reached("rebuild.compared")
        for difference in found:
            announce(str(difference))
        for difference in explained:
            announce(f"{difference}; all of erased practices")
        if parked_here:
            return [
                f"{name}: {parked_here} events could not be folded that are not parked in the "
                "live one"
            ]
        if parked_live:
            announce(f"{parked_live} events that are parked in the live one are in this one")
        elif found and self.even:
            return [
                f"{name}: the same version over the same log differs from what is read "
                f"({'; '.join(map(str, found))}). Was its fold changed without raising its "
                "version, or were rows changed by hand?"
            ]
        return []

    async def swap(self, announce: Announce) -> None:
        """Fold what is left while the live one waits, and point at this one."""
        await self.catch_up()
        async with self._held() as (db, positions):
            await self._reach(positions)
            await self._replay.let_go()
            to = self.place.service, self.place.projection
            await swap(db, *to, live=self._live, shadow=self._shadow)
            # From here on nobody can discard what waits in the generation that was live.
            if await read_discards(db, *to) != self._replay.effect.discarded:
                raise RuntimeError("parked events were discarded meanwhile: begin again")
        reached("rebuild.swapped")
        if self._erased.events:
            announce(str(self._erased))

    @asynccontextmanager
    async def _held(self) -> AsyncIterator[tuple[Db, dict[Shard, int]]]:
        """Where the live generation stands, and it stands there until the context ends."""
        async with self.place.pool.acquire() as db, db.transaction():
            if await lock_live(db, self.place.projection.name) != self._live:
                raise RuntimeError(f"somebody else rebuilt {self.place.projection.name} meanwhile")
            yield db, await lock_positions(db, self.place.consumer(self._live.generation))

    async def _reach(self, positions: dict[Shard, int]) -> None:
        """Fold up to what the live one has, for as far as the log has it."""
        ends = await self._replay.ends()
        goal = {shard: min(at, ends[shard]) for shard, at in positions.items() if shard in ends}
        await self._replay.fold_up_to(goal, self._tell)

    async def _goal(self, positions: dict[Shard, int]) -> dict[Shard, int]:
        """As far as the log goes; or as the live one has come, of what that one hears.

        Of a later generation of a topic that it does not hear yet: nothing, as it has not.
        """
        ends = await self._replay.ends()
        if not self.even:
            return ends
        unheard = {s: 0 if self._replay.before[s[0]] else end for s, end in ends.items()}
        heard = unheard | positions
        return {shard: min(heard[shard], end) for shard, end in ends.items()}
