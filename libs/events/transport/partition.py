"""One partition of a topic in this process's hands: where it stands, and how its batches go in.

A batch is tried whole. Where a handler fails it is rolled back and halved, until the event that
fails stands alone and, after the last attempt, parks; whatever was sound went in with its half.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections.abc import Awaitable, Callable, Sequence
from operator import attrgetter
from typing import TypeVar

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition

from libs.events.contracts import Topic
from libs.events.transport import holding
from libs.events.transport.applying import Applied, Applier
from libs.events.transport.breaker import Breaker
from libs.events.transport.checkpoints import Position
from libs.events.transport.faults import FencedError, TurnedBackError, describe, is_transient
from libs.events.transport.parked import Record, Request
from libs.events.transport.succession import Gate

log = structlog.get_logger("mainstay.consumer")
T = TypeVar("T")

ATTEMPTS = 3
"""How often a deterministic failure is tried before it parks."""
DRAIN_SECONDS = 10.0
"""How long a revoked partition's batch may take to come to its end."""


class OwnedPartition:
    """A partition from its assignment to its revocation."""

    def __init__(
        self,
        tp: TopicPartition,
        *,
        applier: Applier,
        breaker: Breaker,
        client: AIOKafkaConsumer,
        after: Sequence[Topic] = (),
    ) -> None:
        """`after`: earlier generations of its topic, which are handled first."""
        self.tp = tp
        self.position: Position | None = None
        """None: not to be handled now, because it was revoked or its checkpoint is not known."""
        self.waits = 0
        """How often the database or the broker was away, or an earlier generation not handled."""
        self._applier = applier
        self._breaker = breaker
        self._client = client
        self._gate = Gate(tp, after, applier=applier, client=client)
        self._lock = asyncio.Lock()
        self._ending = False
        self._sought: int | None = None
        self._hole: tuple[int, int] | None = None
        self._held_as: str | None = None
        self._careful_until = 0

    def end(self) -> None:
        """Nothing new is begun; what waits for a database or a person is left where it is."""
        self._ending = True

    async def let_go(self) -> int | None:
        """Let the batch in hand come to its end, within bounds, and let go of the partition.

        Returns the offset at which the next owner goes on, where that is known.
        """
        self._ending = True
        position: Position | None = None
        try:
            async with asyncio.timeout(DRAIN_SECONDS), self._lock:
                position, self.position = self.position, None
                if position is not None and self._held_as is not None:
                    await holding.let_go(
                        self._applier.work.pool,
                        *(self._held_as, self.tp.topic, self.tp.partition, position.next_offset),
                    )
        except Exception as error:  # the next owner goes on with care
            self.position = None
            self._log(log.warning, "not let go of", error=describe(error))
        return position.next_offset if position is not None else None

    async def take_up(self) -> None:
        """Go to the checkpoint when the batch in hand has come to its end.

        The client fetches before it was told where to: that batch must not look for the checkpoint
        at the same time, or it would find the partition held, and take this process for a dead one.
        """
        async with self._lock:
            if not self._ending:
                await self._go_to_checkpoint()

    async def _go_to_checkpoint(self) -> None:
        """Seek to the checkpoint; without it nothing may be handled, so this waits until well."""
        self.position = None
        while not self._ending and self.tp in self._client.assignment():
            try:
                await self._seek()
            except Exception as error:
                self.waits += 1
                self._log(log.warning, "no checkpoint", error=describe(error))
                await asyncio.sleep(1)
            else:
                return

    async def _seek(self) -> None:
        tp = self.tp
        beginning = (await self._client.beginning_offsets([tp]))[tp]
        position = await self._applier.load(tp.topic, tp.partition, beginning)
        await self._take_hold(position)
        end = (await self._client.end_offsets([tp]))[tp]
        at = self._sought = position.next_offset
        self._client.seek(tp, at)
        self._gate.close()
        self.position = position
        if not beginning <= at <= end and self._breaker.stopped is None:
            await self._breaker.stop(
                f"checkpoint {at} of {tp.topic}/{tp.partition} is outside the log "
                f"[{beginning}, {end}]: was the topic made anew, or data restored?"
            )

    async def _take_hold(self, position: Position) -> None:
        name = self._applier.name
        if self._held_as == name:
            return
        async with self._applier.work.pool.acquire() as db:
            if await holding.take_hold(db, name, self.tp.topic, self.tp.partition):
                self._careful_until = position.next_offset + self._applier.effect.most_at_once
                self._log(log.warning, "the last owner died: going on with care")
        self._held_as = name

    async def handle(self, records: Sequence[Record]) -> None:
        """Handle one poll's part. Whatever goes wrong, the checkpoint says where to go on.

        Nothing may escape: FastStream would go on with the next batch as if this one were done.
        """
        async with self._lock:
            try:
                if await self._handle_in_order(records):
                    return
            except FencedError:
                self._log(log.info, "fenced: another owner moved on")
            except Exception as error:
                self._log(log.error, "read again", error=describe(error))
                await asyncio.sleep(1)
            if not self._ending:
                await self._go_to_checkpoint()

    async def _handle_in_order(self, records: Sequence[Record]) -> bool:
        """False where these are not the checkpoint's next records, or the consumer has stopped."""
        if not self._come_next(records[0]):
            return False
        if not await self._gate.lets_in(records):
            return True
        try:
            careful = bisect_left(records, self._careful_until, key=attrgetter("offset"))
            for record in records[:careful]:
                if not await self._handle_with_care(record):
                    return False
            return careful == len(records) or await self._handle_together(records[careful:])
        except TurnedBackError as error:
            await self._stop_before(error.args[2], records)
            return False

    async def look_again(self) -> None:
        """Go on where the earlier generations are handled by now."""
        if self._gate.holds:
            self.waits += 1
            async with self._lock:
                await self._gate.look_again()

    async def _stop_before(self, offset: int, records: Sequence[Record]) -> None:
        """Handle what comes before a record of an earlier epoch; a person decides how to go on."""
        at = self.position.next_offset if self.position is not None else offset
        if before := [record for record in records if at <= record.offset < offset]:
            await self._handle_together(before)
        await self._breaker.stop(
            f"{self.tp.topic}/{self.tp.partition}@{offset} is of an earlier epoch than the "
            "checkpoint: was the publisher's database restored without raising its epoch? "
            "Resuming lets this event pass unheard"
        )
        self._applier.accepted.add((self.tp.topic, self.tp.partition, offset))

    async def _handle_with_care(self, record: Record) -> bool:
        """Handle one event, which may have killed the last owner; False: the consumer stopped."""
        work = self._applier.work
        at = (self._applier.name, self.tp.topic, self.tp.partition, record.offset)
        async with work.alone:  # or what only stood by would be blamed too
            if await self._until_well(lambda: holding.died_with(work.pool, *at)):
                return await self._park(
                    record, f"the process died {holding.DEATHS} times with this event alone in hand"
                )
            return await self._handle_together([record])

    async def _handle_together(self, records: Sequence[Record]) -> bool:
        """Apply these whole, or else by halves; False where the consumer has stopped."""
        failure = await self._attempt(records)
        if failure is None:
            return self._breaker.stopped is None
        if len(records) > 1:
            half = len(records) // 2
            return await self._handle_together(records[:half]) and await self._handle_together(
                records[half:]
            )
        for attempt in range(1, ATTEMPTS):
            await asyncio.sleep(0.05 * attempt)
            failure = await self._attempt(records)
            if failure is None:
                return True
        return await self._park(records[0], failure)

    async def _park(self, record: Record, failure: str) -> bool:
        await self._attempt([record], failure)
        await self._tell_of_parked(record.offset, failure)
        return self._breaker.stopped is None

    async def _tell_of_parked(self, offset: int, failure: str) -> None:
        self._log(log.error, "event parked", offset=offset, error=failure)
        await self._breaker.parked()

    async def _attempt(self, records: Sequence[Record], failure: str | None = None) -> str | None:
        """Apply records; None where it worked, else the failure that lies in an event."""

        async def apply() -> Applied | str:
            position = None if self._ending else self.position
            if position is None or records[0].offset < position.next_offset:
                raise FencedError  # revoked, or taken up anew, while these were in hand
            try:
                return await self._applier.apply(position, records, failure=failure)
            except Exception as error:
                lies_in_event = not isinstance(error, FencedError | TurnedBackError)
                if is_transient(error) or not lies_in_event or failure is not None:
                    raise
                return describe(error)

        done = await self._until_well(apply)
        if isinstance(done, str):
            return done
        if self.position is not None:
            self.position = done.position
        self._breaker.handled(done.heard)
        for offset, reason in done.unreadable:
            await self._tell_of_parked(offset, reason)
        return None

    async def _until_well(self, act: Callable[[], Awaitable[T]]) -> T:
        """Repeat an act while the database or the broker is away; other errors are the caller's."""
        delay = 0.05
        while True:
            try:
                return await act()
            except Exception as error:
                if not is_transient(error):
                    raise
                self.waits += 1
                self._log(log.warning, "waiting", error=describe(error), seconds=delay)
            await asyncio.sleep(delay)
            delay = min(delay * 2, 5)

    def _come_next(self, first: Record) -> bool:
        """True for the checkpoint's offset, or for a hole in the log that is proven to be one.

        Earlier records come where a rebalance crossed a commit, or a topic was made anew; later
        ones where a batch went missing in this process, or where the client had begun to fetch
        from the group's offset before the seek. All are answered by another look at the log. A
        hole is believed where the sequence goes on over it, or where a second look shows it again.
        """
        if self.position is None:
            return False
        at = self.position.next_offset
        if first.offset <= at or self._sought != at:
            return first.offset == at
        place = self._applier.effect.place_of(first)
        if place is not None and self.position.goes_on_with(*place):
            return True
        seen_before = self._hole == (at, first.offset)
        self._hole = (at, first.offset)
        return seen_before

    async def carry_out(self, request: Request) -> None:
        """Carry out a person's wish about a parked key, between two batches."""
        async with self._lock:
            while self.position is not None and await self._applier.carry_out(request):
                pass

    def _log(self, report: Callable[..., None], what: str, **more: object) -> None:
        report(
            what,
            consumer=self._applier.name,
            topic=self.tp.topic,
            partition=self.tp.partition,
            **more,
        )
