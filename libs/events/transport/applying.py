"""One transaction of a consumer: the checkpoint moves, effects apply, what must wait is parked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from libs.events.transport import checkpoints, parked
from libs.events.transport.checkpoints import Position
from libs.events.transport.database import SET_TRANSPORT, Db
from libs.events.transport.effects import Effect
from libs.events.transport.envelope import begins_epoch
from libs.events.transport.faults import (
    TurnedBackError,
    describe,
    is_transient,
)
from libs.events.transport.metrics import BatchTimes
from libs.events.transport.parked import Record, Request
from libs.events.transport.reading import LEAVE_TRANSPORT, Fresh, Reading
from libs.events.transport.steps import reached
from libs.events.transport.work import Outgoing, Work

log = structlog.get_logger("mainstay.consumer")


@dataclass(frozen=True, slots=True)
class Applied:
    """Where the checkpoint is now, how many events had effects, and what parked as unreadable."""

    position: Position
    heard: int
    unreadable: list[tuple[int, str]]
    """Offset and reason of each."""


@dataclass
class Applier:
    """Applies records to one effect; `name` is the checkpoint's consumer name."""

    effect: Effect
    name: str
    work: Work
    accepted: set[tuple[str, int, int]] = field(default_factory=set[tuple[str, int, int]])
    """Records (topic, partition, offset) of an earlier epoch that a person has let pass."""
    _with_parked: set[tuple[str, int]] = field(default_factory=set[tuple[str, int]])
    """Partitions in which keys may be parked. Only a partition's owner parks there, and whoever is
    not it any more is fenced, so the others need no look; a successor's always do, for its keys may
    wait in the generation before, which others may own."""

    def __post_init__(self) -> None:
        self._topics = {topic.name: topic for topic in self.effect.topics}

    async def load(self, topic: str, partition: int, beginning: int) -> Position:
        """The stored position, under the name that the effect goes by now."""
        async with self.work.pool.acquire() as db, db.transaction():
            self.name = await self.effect.checkpoint_name(db)
            position = await checkpoints.load(db, self.name, topic, partition, beginning)
            await db.execute(SET_TRANSPORT)
            if await db.fetchval(parked.ANY_PARKED, self.name, topic, partition):
                self._with_parked.add((topic, partition))
            else:
                self._with_parked.discard((topic, partition))
            return position

    async def apply(
        self, old: Position, records: Sequence[Record], *, failure: str | None = None
    ) -> Applied:
        """Apply records of one partition, in order; with `failure` they park instead.

        Raises FencedError where the checkpoint is not at `old`, TurnedBackError for a record of an
        earlier epoch; whatever is raised, nothing stays.
        """
        times = BatchTimes()
        new, fresh, after_gaps = self._advance(old, records)
        first = records[0]
        async with self.work.pool.acquire() as db, db.transaction():
            await checkpoints.move(
                db, self.name, first.topic, first.partition, old=old, new=new, handled=len(fresh)
            )
            reached("consumer.checkpoint-moved")
            topic = self._topics[first.topic]
            reading = Reading(self.effect, self.name, topic.line, failure)
            if topic.succeeds is not None or (first.topic, first.partition) in self._with_parked:
                await reading.find_parked(db, fresh)
            outgoing = await self.effect.apply(db, reading.heard(fresh))
            if reading.to_park:
                self._with_parked.add((first.topic, first.partition))
                await reading.park(db, self.work.now())
            reached("consumer.effects-applied")
            times.applied()
        reached("consumer.committed")
        times.committed(self.name, first.topic, len(fresh), **reading.counts())
        for record in after_gaps:
            self._tell_of_gap(record)
        outgoing.wake(self.work.wakes)
        return Applied(new, reading.count, reading.unreadable)

    def _advance(
        self, position: Position, records: Sequence[Record]
    ) -> tuple[Position, list[Fresh], list[Record]]:
        """Where these records lead, those whose effects are not in yet, those that follow a gap."""
        fresh: list[Fresh] = []
        after_gaps: list[Record] = []
        epoch, last = position.epoch, position.last_sequence
        place_of = self.effect.place_of
        for record in records:
            place = place_of(record)
            if place == (epoch, last + 1):
                last += 1
            elif place is not None:
                if place[0] < epoch:
                    self._check_accepted(record)
                    continue
                if place[0] == epoch and place[1] <= last:
                    continue  # a relay sent it twice
                if place[1] != last + 1 and checkpoints.is_gap((epoch, last), place):
                    after_gaps.append(record)
                epoch, last = place
                if last == 0 and begins_epoch(record.headers):
                    continue  # the mark after a restore of its publisher: no event
            fresh.append((record, place))
        return Position(records[-1].offset + 1, epoch, last), fresh, after_gaps

    def _check_accepted(self, record: Record) -> None:
        if (record.topic, record.partition, record.offset) not in self.accepted:
            raise TurnedBackError(record.topic, record.partition, record.offset)

    def _tell_of_gap(self, record: Record) -> None:
        log.critical(
            "gap in a partition's sequence: an event is missing",
            consumer=self.name,
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
        )

    async def requests(self) -> list[Request]:
        """What people asked to be done with parked keys."""
        async with self.work.pool.acquire() as db, db.transaction():
            await db.execute(SET_TRANSPORT)
            return await parked.find_requests(db, self.name)

    async def carry_out(self, request: Request) -> bool:
        """Carry out a request for the key's first event; True while there may be more to do."""
        try:
            async with self.work.pool.acquire() as db, db.transaction():
                outgoing = await self._carry_out(db, request)
                reached("parked.carried-out")
            reached("parked.committed")
        except Exception as error:
            if not is_transient(error):  # else the request stands, and is looked at again
                await self._note_failure(request, describe(error))
            return False
        if outgoing is not None:
            outgoing.wake(self.work.wakes)
        return outgoing is not None

    async def _carry_out(self, db: Db, request: Request) -> Outgoing | None:
        await db.execute(SET_TRANSPORT)
        of_key = (request.practice_id, self.name, request.topic, request.key)
        key = await db.fetchrow(parked.LOCK_KEY, *of_key)
        if key is None or key["request"] is None:
            return None  # another process was here first; what failed there goes on waiting
        wish: str = key["request"]
        row = await db.fetchrow(parked.FIRST_EVENT, *of_key)
        if row is None:
            await db.execute(parked.FORGET_KEY, *of_key)
            await db.execute(
                parked.RELEASE_FOLLOWERS, *of_key[1:], request.requested_by, self.work.now()
            )
            return None
        await db.execute(parked.FORGET_EVENT, row["id"])
        await db.execute(
            parked.NOTE_ACT,
            request.practice_id,
            self.name,
            row["stood_on"],
            row["partition"],
            row["offset_"],
            "discarded" if wish == "discard" else "retried",
            request.requested_by,
            self.work.now(),
        )
        reached("parked.forgotten")
        await db.execute(parked.SET_REQUEST, *of_key, "retry")  # what follows is tried next
        if wish == "discard":
            return Outgoing()
        record = parked.stored_record(request, row)
        one = self.effect.hear(record, self.effect.place_of(record))
        await db.execute(LEAVE_TRANSPORT)
        return await self.effect.apply(db, [one] if one else [])

    async def _note_failure(self, request: Request, error: str) -> None:
        of_key = (request.practice_id, self.name, request.topic, request.key)
        async with self.work.pool.acquire() as db, db.transaction():
            await db.execute(SET_TRANSPORT)
            await db.execute(parked.SET_REQUEST, *of_key, None)
            row = await db.fetchrow(parked.FIRST_EVENT, *of_key)
            if row is not None:
                await db.execute(parked.NOTE_ERROR, row["id"], error, self.work.now())
        log.error("parked event failed again", consumer=self.name, topic=request.topic, error=error)
