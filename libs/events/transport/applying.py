"""One transaction of a consumer: the checkpoint moves, effects apply, what must wait is parked."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import structlog

from libs.events.contracts import contracts
from libs.events.transport import checkpoints, parked
from libs.events.transport.checkpoints import Position
from libs.events.transport.database import NO_PRACTICE, SET_TRANSPORT, Db
from libs.events.transport.effects import Effect, Heard
from libs.events.transport.envelope import Envelope, read_envelope, read_sequence
from libs.events.transport.faults import UnreadableEventError, describe, is_transient
from libs.events.transport.parked import Record, Request
from libs.events.transport.payload import read_event
from libs.events.transport.steps import reached
from libs.events.transport.work import Outgoing, Work

log = structlog.get_logger("mainstay.consumer")

LEAVE_TRANSPORT = "SELECT set_config('mainstay.transport', '', true)"


@dataclass(frozen=True, slots=True)
class Applied:
    """Where the checkpoint is now, and how many events had their effects (or parked, as failed)."""

    position: Position
    heard: int


@dataclass
class Applier:
    """Applies records to one effect; `name` is the checkpoint's consumer name."""

    effect: Effect
    name: str
    work: Work

    async def load(self, topic: str, partition: int, beginning: int) -> Position:
        """The stored position, under the name that the effect goes by now."""
        async with self.work.pool.acquire() as db, db.transaction():
            self.name = await self.effect.checkpoint_name(db)
            return await checkpoints.load(db, self.name, topic, partition, beginning)

    async def apply(
        self, old: Position, records: list[Record], *, failure: str | None = None
    ) -> Applied:
        """Apply records of one partition, in order; with `failure` they park instead.

        Raises FencedError where the checkpoint is not at `old`; whatever is raised, nothing stays.
        """
        new, fresh = self._advance(old, records)
        first = records[0]
        async with self.work.pool.acquire() as db, db.transaction():
            await checkpoints.move(
                db, self.name, first.topic, first.partition, old=old, new=new, handled=len(fresh)
            )
            reached("consumer.checkpoint-moved")
            heard, outgoing = await self._take(db, first.topic, fresh, failure)
            reached("consumer.effects-applied")
        reached("consumer.committed")
        outgoing.wake(self.work.wakes)
        return Applied(new, heard)

    def _advance(self, position: Position, records: list[Record]) -> tuple[Position, list[Record]]:
        """Where these records lead, and those whose effects are not in yet."""
        fresh: list[Record] = []
        for record in records:
            place = read_sequence(record.headers)
            if place is None or not position.has(*place):
                fresh.append(record)
            if place is not None and position.leaves_gap(*place):
                log.critical(
                    "gap in a partition's sequence: an event is missing",
                    consumer=self.name,
                    topic=record.topic,
                    partition=record.partition,
                    offset=record.offset,
                )
            position = position.after(record.offset, *(place or (None, None)))
        return position, fresh

    async def _take(
        self, db: Db, topic: str, records: list[Record], failure: str | None
    ) -> tuple[int, Outgoing]:
        await db.execute(SET_TRANSPORT)
        keys = [parked.key_of(record) for record in records]
        waiting = await parked.find_parked(db, self.name, topic, keys)
        heard: list[Heard] = []
        for record, key in zip(records, keys, strict=True):
            if failure is not None or key in waiting:
                await parked.park(
                    db, self.name, record, _practice(record), failure, self.work.now()
                )
            elif (one := self._hear(_envelope(record), record.value)) is not None:
                heard.append(one)
        return len(heard), await self._run(db, heard)

    async def _run(self, db: Db, heard: list[Heard]) -> Outgoing:
        if not heard:
            return Outgoing()
        await db.execute(LEAVE_TRANSPORT)
        return await self.effect.apply(db, heard)

    def _hear(self, envelope: Envelope, value: bytes | None) -> Heard | None:
        """The event in a record; None for a known type that this consumer does not want."""
        if envelope.type in self.effect.types or envelope.type not in contracts():
            return Heard(envelope, read_event(envelope, value))
        return None

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
            request.topic,
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
        envelope = read_envelope(
            parked.stored_headers(row["headers"]),
            topic=request.topic,
            partition=row["partition"],
            offset=row["offset_"],
            key=request.key.encode(),
        )
        one = self._hear(envelope, row["payload"])
        return await self._run(db, [one] if one else [])

    async def _note_failure(self, request: Request, error: str) -> None:
        of_key = (request.practice_id, self.name, request.topic, request.key)
        async with self.work.pool.acquire() as db, db.transaction():
            await db.execute(SET_TRANSPORT)
            await db.execute(parked.SET_REQUEST, *of_key, None)
            row = await db.fetchrow(parked.FIRST_EVENT, *of_key)
            if row is not None:
                await db.execute(parked.NOTE_ERROR, row["id"], error, self.work.now())
        log.error("parked event failed again", consumer=self.name, topic=request.topic, error=error)


def _envelope(record: Record) -> Envelope:
    return read_envelope(
        record.headers,
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        key=record.key,
    )


def _practice(record: Record) -> UUID:
    try:
        return _envelope(record).practice_id
    except UnreadableEventError:
        return NO_PRACTICE
