"""A relay's shift: from its connection's start to its end, the loop over the shards it holds.

One statement numbers the next windows of all shards that have none in flight; each window goes out
by itself, so that a slow or refused shard holds up no other; one statement forgets all that were
acknowledged meanwhile. Leases are looked after in turns, three to a lease.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

import structlog

from libs.events.transport.faults import describe
from libs.events.transport.leases import Lease, Shard
from libs.events.transport.outbox import Outbox, Window
from libs.events.transport.producing import Failure, Producers, mending
from libs.events.transport.proving import Prover
from libs.events.transport.steps import reached
from libs.events.transport.work import Work

log = structlog.get_logger("mainstay.relay")

FAILED_AGAIN_SECONDS = 0.5
TELL_EVERY_SECONDS = 0.01
LOOK_FOR_DUE_SECONDS = 1.0
SHORTEST_POLL_SECONDS, LONGEST_POLL_SECONDS = 0.005, 1.0
"""Doubling while nothing is found; wake-ups come in between."""
FULL_WINDOW_ROWS = 500
LEASES_CHANGED = "leases"


@dataclass(slots=True)
class _Held:
    """A shard in this relay's hands."""

    lease: Lease
    resend: bool
    """Its window goes out again, in the places it has, before anything else."""
    busy: asyncio.Task[Failure | Literal["sent", "proven"]] | None = None
    """Its one window in flight, or the proof of what its log holds."""
    full: bool = False
    """Its last window was a large one: more is waiting."""
    acknowledged: int = 0
    """How many of the window's rows need not go out again."""
    singly: bool = False
    not_before: float = 0.0
    refused: str | None = None


class Shift:
    """What one relay does with its leases while its connection lasts."""

    def __init__(
        self,
        work: Work,
        outbox: Outbox,
        producers: Producers,
        prover: Prover,
        *,
        lease_seconds: float,
        refused_again_seconds: float,
    ) -> None:
        self._work = work
        self._outbox = outbox
        self._producers = producers
        self._prover = prover
        self._lease = timedelta(seconds=lease_seconds)
        self._refused_again = refused_again_seconds
        self._held: dict[Shard, _Held] = {}
        self._others = 0
        self._joined = False
        self._turn_at = 0.0
        self._look_for_due_at = 0.0
        self._due: datetime | None = None
        self._tell_at: float | None = None
        self._told_at = 0.0

    def refused(self) -> dict[str, str]:
        return {str(s): held.refused for s, held in self._held.items() if held.refused is not None}

    def on_told(self, _db: Any, backend: int, _channel: str, what: Any) -> None:
        """Another relay says that there is work, or that leases have changed hands."""
        if backend == self._outbox.backend:
            return
        if what == LEASES_CHANGED:
            self._turn_at = 0.0
        self._work.wakes.relay.set()

    async def follow(self) -> None:
        """Work until cancelled; raises when the database goes away."""
        wait = SHORTEST_POLL_SECONDS
        while True:
            self._work.wakes.relay.clear()
            if _now() >= self._turn_at:
                await self._take_turn()
            await self._settle()
            await self._release_due()
            found = await self._start_windows()
            await self._tell_others()
            wait = SHORTEST_POLL_SECONDS if found else min(wait * 2, LONGEST_POLL_SECONDS)
            # Not wait_for: in Python 3.11 it loses a cancellation that comes with a wake-up.
            with suppress(TimeoutError):
                async with asyncio.timeout(self._until_next(wait)):
                    await self._work.wakes.relay.wait()

    def _until_next(self, poll: float) -> float:
        now = _now()
        moments = [now + poll, self._turn_at]
        moments += [held.not_before for held in self._held.values() if held.not_before > now]
        if self._tell_at is not None:
            moments.append(self._tell_at)
        if self._due is not None:
            moments.append(now + max((self._due - self._work.now()).total_seconds(), 0))
        return max(min(moments) - now, 0)

    async def _take_turn(self) -> None:
        """Stay alive, take what is free up to a fair share, give what is beyond it."""
        self._turn_at = _now() + self._lease.total_seconds() / 3
        self._others = await self._outbox.stay_alive(self._lease)
        if await self._outbox.notice_a_move():
            reached("epoch.raised")
            log.critical(
                "the database was restored or promoted: every shard begins a new epoch",
                service=self._work.service,
            )
        beyond = await self._outbox.take(self._others + 1)
        self._adopt(await self._outbox.find_own())
        reached("relay.leased")
        idle = [held.lease for held in self._held.values() if held.busy is None]
        if len(idle) < beyond:
            self._turn_at = _now() + FAILED_AGAIN_SECONDS  # the others are in flight
        if given := idle[:beyond]:
            await self._outbox.release(given)
            for lease in given:
                del self._held[lease.shard]
        if given or (self._others and not self._joined):
            await self._outbox.tell_others(LEASES_CHANGED)
        self._joined = True

    def _adopt(self, leases: list[Lease]) -> None:
        own = {lease.shard: lease for lease in leases}
        for shard, held in list(self._held.items()):
            lease = own.get(shard)
            if lease is None or lease.fence != held.lease.fence:
                if held.busy is not None:
                    held.busy.cancel()  # what it appends yet has the places it was given
                del self._held[shard]
            elif held.refused is not None and lease.refused is None:
                held.not_before, held.refused = 0.0, None  # a person resumed it
        for shard, lease in own.items():
            if shard not in self._held:
                self._held[shard] = _Held(lease, resend=lease.in_flight, refused=lease.refused)

    async def _settle(self) -> None:
        """Forget what was acknowledged; put off what failed."""
        sent: list[_Held] = []
        for held in self._held.values():
            if held.busy is None or not held.busy.done():
                continue
            outcome, held.busy = held.busy.result(), None
            if outcome == "sent":
                sent.append(held)
            elif outcome == "proven":
                held.lease = replace(held.lease, unproven=False)
            else:
                await self._put_off(held, outcome)
        if sent:
            reached("relay.acknowledged")
            await self._outbox.forget_sent([held.lease for held in sent])
            reached("relay.forgotten")
        for held in sent:
            if held.refused is not None:
                log.info("refused no more", shard=str(held.lease.shard))
            held.resend = held.singly = False
            held.acknowledged, held.refused = 0, None

    async def _put_off(self, held: _Held, failure: Failure) -> None:
        """Try again: soon for what passes by itself, rarely for what a person must mend."""
        held.resend = not held.lease.unproven
        held.acknowledged += failure.acknowledged
        held.not_before = _now() + FAILED_AGAIN_SECONDS
        error = describe(failure.error)
        if not failure.is_refusal:
            log.warning("window again", shard=str(held.lease.shard), error=error)
        elif failure.is_a_rows_own and not held.singly:
            held.singly, held.not_before = True, 0.0
        else:
            await self._refuse(held, error, mending(failure.error), failure.row_id)

    async def _refuse(self, held: _Held, error: str, mend: str, row_id: int | None) -> None:
        """This shard waits for a person; nothing is skipped, and the others go on."""
        held.not_before = _now() + self._refused_again
        reason = f"{error}: {mend}"
        if reason == held.refused:
            return
        held.refused = reason
        await self._outbox.refuse(held.lease, reason, row_id)
        log.critical(
            "an event is refused, its partition waits",
            service=self._work.service,
            topic=held.lease.shard.topic,
            partition=held.lease.shard.partition,
            row=row_id,
            error=error,
            mend=mend,
        )

    async def _release_due(self) -> None:
        if _now() >= self._look_for_due_at or (self._due and self._work.now() >= self._due):
            self._look_for_due_at = _now() + LOOK_FOR_DUE_SECONDS
            self._due = await self._outbox.release_due(self._work.now())

    async def _start_windows(self) -> bool:
        """Send again what was in flight, and number what comes next; True where there was any."""
        now = _now()
        ready = [h for h in self._held.values() if h.busy is None and h.not_before <= now]
        again = [held for held in ready if held.resend]
        fresh = [held for held in ready if not held.resend and not held.lease.unproven]
        # Of full shards one at a time: its window is built while the others' are in flight.
        full = [held for held in fresh if held.full]
        fresh = [held for held in fresh if not held.full] + full[:1]
        if len(full) > 1:
            self._work.wakes.relay.set()
        for held in ready:
            if held.lease.unproven:
                held.busy = asyncio.create_task(self._prove(held.lease))
        windows: dict[Shard, Window] = {}
        if again:
            windows |= await self._outbox.find_windows([held.lease for held in again])
        if fresh:
            numbered = await self._outbox.number_next([held.lease for held in fresh])
            if numbered:
                reached("relay.numbered")
            windows |= numbered
        for held in fresh:
            held.full = len(windows.get(held.lease.shard, ())) >= FULL_WINDOW_ROWS
        for shard, window in windows.items():
            held = self._held[shard]
            if lost := next((row.id for row in window if row.key is None), None):
                await self._refuse(held, "row deleted", "mainstay outbox raise-epoch", lost)
            else:
                held.busy = asyncio.create_task(self._send(held, window))
        return bool(windows)

    async def _send(self, held: _Held, window: Window) -> Failure | Literal["sent"]:
        rest = window[held.acknowledged :]
        failure = await self._producers.append(held.lease.shard, rest, singly=held.singly)
        self._work.wakes.relay.set()
        return failure or "sent"

    async def _prove(self, lease: Lease) -> Failure | Literal["proven"]:
        try:
            await self._prover.prove(lease)
        except Exception as error:
            return Failure(error)
        finally:
            self._work.wakes.relay.set()
        return "proven"

    async def _tell_others(self) -> None:
        """Rows were written here for shards that others hold: say so, but not too often."""
        written = self._work.wakes.take_written()
        if self._others and self._tell_at is None and not written <= self._held.keys():
            self._tell_at = self._told_at + TELL_EVERY_SECONDS
        if self._tell_at is not None and _now() >= self._tell_at:
            self._tell_at, self._told_at = None, _now()
            await self._outbox.tell_others()

    async def end(self) -> None:
        """Wait shortly for what is in flight, and give the shards to whoever comes next."""
        busy = [held.busy for held in self._held.values() if held.busy is not None]
        try:
            if busy:
                await asyncio.wait(busy, timeout=1)
                await self._settle()
        finally:
            for task in busy:
                task.cancel()
        await self._outbox.leave()
        await self._outbox.tell_others(LEASES_CHANGED)


def _now() -> float:
    return asyncio.get_running_loop().time()
