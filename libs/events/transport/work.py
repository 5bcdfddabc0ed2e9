"""The unit of work: state and the events about it commit together.

Publishing exists only here. Outgoing events are gathered while a handler runs and written to the
outbox as the transaction's last statement: every aggregate they speak of is locked by then, so the
outbox ids of one aggregate are drawn in the order in which its changes commit.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from uuid import UUID, uuid4

from aiokafka.partitioner import murmur2

from libs.events.contracts import Event, Topic, is_latest
from libs.events.transport.clock import Clock
from libs.events.transport.closing import close_before
from libs.events.transport.database import Db, Pool, see_practices
from libs.events.transport.envelope import Envelope, Origin, write_headers
from libs.events.transport.faults import PublishRefusedError
from libs.events.transport.fingerprints import fingerprints
from libs.events.transport.keys import Keys, NoKeys
from libs.events.transport.payload import LARGEST_EVENT_BYTES, holds_nul
from libs.events.transport.protection import open_kept, open_marked, seal_kept, seal_marked
from libs.events.transport.telemetry import current_traceparent

ADD_TO_OUTBOX = """
INSERT INTO outbox (practice_id, topic, partition, key, headers, payload, not_before)
SELECT practice_id, topic, partition, key, headers::jsonb, payload, not_before
  FROM unnest($1::uuid[], $2::text[], $3::int[], $4::text[], $5::text[], $6::bytea[],
              $7::timestamptz[]) WITH ORDINALITY
       AS new (practice_id, topic, partition, key, headers, payload, not_before, place)
 ORDER BY place
"""

SET_TIMER = """
INSERT INTO timer (practice_id, name, key, due_at, origin, about)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (practice_id, name, key)
DO UPDATE SET due_at = excluded.due_at, attempts = 0, origin = excluded.origin,
              about = excluded.about
"""

CANCEL_TIMERS = "DELETE FROM timer WHERE practice_id = $1 AND name = $2 AND key = ANY($3)"


class Wakes:
    """Wakes this process's relay and timers after a commit, so that nobody waits for a poll."""

    def __init__(self) -> None:
        self.relay = asyncio.Event()
        self.timers = asyncio.Event()
        self.transmissions = asyncio.Event()
        self._written: set[tuple[str, int]] = set()

    def wrote(self, shards: set[tuple[str, int]]) -> None:
        """Rows were committed for these topic partitions."""
        self._written |= shards
        self.relay.set()

    def take_written(self) -> set[tuple[str, int]]:
        """Where rows were committed since the last call."""
        written, self._written = self._written, set()
        return written


def partition_for(key: str, partitions: int) -> int:
    """Kafka's default partitioner (murmur2), so that other clients agree."""
    return (int(murmur2(key.encode())) & 0x7FFFFFFF) % partitions


@dataclass(frozen=True, slots=True)
class OutboxRow:
    practice_id: UUID
    topic: Topic
    partition: int
    key: str
    headers: str
    payload: bytes
    not_before: datetime | None = None


OUTBOX_COLUMNS = attrgetter(
    "practice_id", "topic.name", "partition", "key", "headers", "payload", "not_before"
)


@dataclass(slots=True)
class Outgoing:
    """What a transaction will publish, and whether it set a timer."""

    rows: list[OutboxRow] = field(default_factory=list[OutboxRow])
    timers_set: bool = False

    async def write(self, db: Db, *, seen: UUID | None = None) -> None:
        """Write the outbox rows in the order of publishing: the transaction's last statement."""
        if not self.rows:
            return
        if (practices := {row.practice_id for row in self.rows}) != {seen}:  # seen already
            await see_practices(db, practices)
        await close_before(db, {row.topic for row in self.rows if row.topic.succeeds})
        columns = zip(*map(OUTBOX_COLUMNS, self.rows), strict=True)
        await db.execute(ADD_TO_OUTBOX, *map(list, columns))

    def wake(self, wakes: Wakes) -> None:
        """After the commit: tell who has new work."""
        if self.rows:
            wakes.wrote({(row.topic.name, row.partition) for row in self.rows})
        if self.timers_set:
            wakes.timers.set()
            wakes.transmissions.set()


class UnitOfWork:
    """One open transaction in one practice's name.

    `db`: the connection; row-level security shows this practice's rows. `now`: the injected time.
    `cause`: the attributes of the event that is being handled, or None for a command or a timer.
    """

    def __init__(
        self,
        db: Db,
        *,
        service: str,
        practice_id: UUID,
        now: datetime,
        outgoing: Outgoing,
        keys: Keys | None = None,
        cause: Envelope | None = None,
        origin: Origin | None = None,
    ) -> None:
        self.db = db
        self.now = now
        self.practice_id = practice_id
        self.cause = cause
        self._service = service
        self._outgoing = outgoing
        self._keys = keys or NoKeys()
        self._origin = origin

    @property
    def origin(self) -> Origin:
        """What is published here comes from this; keep `dump()` of it with work for later."""
        if self._origin is None:
            self._origin = (
                self.cause.origin
                if self.cause is not None
                else Origin(uuid4(), None, current_traceparent())
            )
        return self._origin

    async def publish(
        self,
        event: Event,
        *,
        origin: Origin | None = None,
        not_before: datetime | None = None,
    ) -> Origin:
        """Publish an event with this transaction; lock or write its aggregate's row before.

        `origin`: for work that began earlier, the origin kept with it. `not_before`: an aware
        instant; the event gets its place when that has come, and promises no order against what
        was published earlier. Returns the origin that later work caused by this event should keep.
        Raises PublishRefusedError, and KeyUnavailableError for an event with marked fields.
        """
        if event.topic.publisher != self._service:
            raise PublishRefusedError(f"{event.type} belongs to {event.topic.publisher}")
        if not is_latest(type(event)):
            raise PublishRefusedError(f"{event.type} has a later version; publish that")
        if event.practice_id != self.practice_id:
            raise PublishRefusedError(f"{event.type} is of another practice than this transaction")
        if not_before is not None and not_before.tzinfo is None:
            raise PublishRefusedError(f"{event.type}: not_before has no time zone")
        data = event.model_dump_json().encode()
        if holds_nul(data):
            raise PublishRefusedError(f"{event.type} holds a NUL character; nobody could keep it")
        payload = seal_marked(event, data, self._keys)
        origin = origin or self.origin
        # A span that is open now is the closer parent; an origin kept from earlier work wins,
        # because the span open now belongs to the timer or file that brought the work up again.
        traceparent = origin.traceparent
        if origin is self.origin:
            traceparent = current_traceparent() or traceparent
        origin = Origin(origin.correlation_id, origin.causation_id, traceparent)
        written = write_headers(event, source=self._service, time=self.now, origin=origin)
        headers = json.dumps(written)
        size = len(payload) + len(headers.encode()) + len(event.key_value.encode())
        if size > LARGEST_EVENT_BYTES:
            raise PublishRefusedError(
                f"{event.type} has {size} bytes with its headers and key; "
                f"at most {LARGEST_EVENT_BYTES} are sent"
            )
        self._outgoing.rows.append(
            OutboxRow(
                practice_id=event.practice_id,
                topic=event.topic,
                partition=partition_for(event.key_value, event.topic.partitions),
                key=event.key_value,
                headers=headers,
                payload=payload,
                not_before=not_before,
            )
        )
        return Origin(origin.correlation_id, event.event_id, traceparent)

    def open_marked(self, contract: type[Event], data: bytes, key: str) -> bytes:
        """A contract's JSON from outside, in which marked fields may stand sealed or in clear.

        `key`: its aggregate's id. Raises UnreadableEventError naming the field that does not open.
        """
        return open_marked(
            contract, data, practice_id=self.practice_id, key=key, keys=self._keys, clear_too=True
        )

    def seal(self, value: bytes, place: str) -> bytes:
        """Bytes for the row that `place` names, for this practice's key; KeyUnavailableError."""
        return seal_kept(value, place, self._service, self.practice_id, self._keys)

    def unseal(self, sealed: bytes, place: str) -> bytes:
        """What `seal` made for this place; raises SealError, KeyUnavailableError."""
        return open_kept(sealed, place, self._service, self.practice_id, self._keys)

    def fingerprints(self, value: str, purpose: str) -> list[bytes]:
        """What finds a value kept sealed: keep the first, the current key's, and look for all."""
        return fingerprints(value, f"{self._service}/{purpose}", self.practice_id, self._keys)

    async def set_timer(
        self, name: str, key: str, due_at: datetime, *, about: Sequence[str] = ()
    ) -> None:
        """Set or move the timer `name` of `key`; it fires once, after `due_at`.

        It waits while an event of its key is parked here, or one of the keys in `about`: what
        could not be handled yet may be what cancels it.
        """
        await self.db.execute(
            SET_TIMER, self.practice_id, name, key, due_at, self.origin.dump(), list(about)
        )
        self._outgoing.timers_set = True

    async def cancel_timer(self, name: str, *keys: str) -> None:
        """Cancel the timer of each key; does nothing where there is none."""
        await self.db.execute(CANCEL_TIMERS, self.practice_id, name, keys)


class Work:
    """What a service's process works with, and the units of work that no event started.

    Jobs, transmissions and HTTP open theirs here; consumers and timers take pool and clock from it.
    """

    def __init__(
        self, *, service: str, pool: Pool, clock: Clock, wakes: Wakes, keys: Keys | None = None
    ) -> None:
        self.service = service
        self.keys = keys or NoKeys()
        self.pool = pool
        self.clock = clock
        self.wakes = wakes
        self.alone = asyncio.Lock()
        """Held while one event is handled that may have killed the process before."""

    def now(self) -> datetime:
        return self.clock.now()

    @asynccontextmanager
    async def unit_of_work(
        self, practice_id: UUID, *, origin: Origin | None = None
    ) -> AsyncIterator[UnitOfWork]:
        """A transaction in one practice's name; commits at the end, then wakes the relay."""
        outgoing = Outgoing()
        async with self.pool.acquire() as db, db.transaction():
            await see_practices(db, [practice_id])
            yield UnitOfWork(
                db,
                service=self.service,
                practice_id=practice_id,
                now=self.now(),
                outgoing=outgoing,
                keys=self.keys,
                origin=origin,
            )
            await outgoing.write(db, seen=practice_id)
        outgoing.wake(self.wakes)

    @asynccontextmanager
    async def read(self, practices: list[UUID]) -> AsyncIterator[Db]:
        """A read-only transaction that sees several practices' rows, all of one moment."""
        async with (
            self.pool.acquire() as db,
            db.transaction(readonly=True, isolation="repeatable_read"),
        ):
            await see_practices(db, practices)
            yield db
