"""Ingest topics: what others than Mainstay's services write, taken up by one service.

A record here has no sequence and perhaps no CloudEvents attributes; what it is and who sent it are
the service's to find out, and it keeps what it takes or refuses under the sender's own id, so that
a record sent twice is found again. All else is as with domain events: the checkpoint moves in the
transaction of the effects, and a record that this code fails on parks with its key.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from uuid import UUID

import structlog
from opentelemetry.trace import SpanKind

from libs.events.contracts import Event, Topic
from libs.events.transport.clock import Clock
from libs.events.transport.database import Db, see_practices
from libs.events.transport.keys import Keys
from libs.events.transport.parked import Record
from libs.events.transport.telemetry import context_of, open_span
from libs.events.transport.work import Outgoing, UnitOfWork

log = structlog.get_logger("mainstay.ingest")


@dataclass(frozen=True, slots=True)
class Delivery:
    """A record of an ingest topic, as its sender wrote it. Nothing of it has been checked."""

    topic: str
    partition: int
    offset: int
    key: bytes = field(repr=False)
    """Empty where there is none."""
    headers: tuple[tuple[str, bytes], ...] = field(repr=False)
    value: bytes = field(repr=False)

    def header(self, name: str) -> str:
        """A header as text; empty where it is missing, comes twice or is no UTF-8."""
        found = [value for one, value in self.headers if one == name]
        if len(found) != 1:
            return ""
        try:
            return found[0].decode()
        except UnicodeDecodeError:
            return ""


@dataclass(frozen=True, slots=True)
class Ingest:
    """A topic that a service takes records from, and how.

    `takes`: the contracts of what may be written there. `headers`: what a record needs beside its
    CloudEvents attributes. `key`: the field that keys it.
    `practice_of`: whose the record says it is, or None; the unit of work is opened in that
    practice's name. `take`: proves it, and takes or refuses the record; False where it is nobody's.
    """

    name: str
    topic: Topic
    takes: tuple[type[Event], ...]
    headers: tuple[str, ...]
    key: str
    practice_of: Callable[[Delivery], UUID | None]
    take: Callable[[Delivery, UnitOfWork], Awaitable[bool]]

    def __post_init__(self) -> None:
        if self.topic.succeeds is not None:
            raise TypeError(f"{self.topic.name}: others write to it, and nobody could close it")


class Ingesting:
    """Takes records up in the transaction that moves the checkpoint."""

    most_at_once = 100
    """A batch is one transaction, and holds what it locks of its senders until it commits."""

    def __init__(
        self, service: str, ingest: Ingest, clock: Clock, keys: Keys | None = None
    ) -> None:
        self._keys = keys
        self._service = service
        self._ingest = ingest
        self._clock = clock
        self.group = self.kafka_group = f"{service}.{ingest.name}"
        self.topics = [ingest.topic]

    async def checkpoint_name(self, db: Db) -> str:
        return self.group

    def place_of(self, record: Record) -> None:
        """None has a place, whatever its headers say: a sender could make up any."""

    def hear(self, record: Record, place: tuple[int, int] | None) -> Delivery:
        return Delivery(
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            key=record.key or b"",
            headers=tuple((name, value or b"") for name, value in record.headers),
            value=record.value or b"",
        )

    def stays_out(self, record: Record, place: tuple[int, int] | None) -> bool:
        return False

    async def apply(self, db: Db, heard: Iterable[Delivery]) -> Outgoing:
        outgoing = Outgoing()
        for delivery in heard:
            with open_span(
                f"{self.group} take",
                context=context_of(delivery.header("traceparent") or None),
                kind=SpanKind.CONSUMER,
            ):
                if not await self._take(db, delivery, outgoing):
                    log.warning(
                        "record of nobody",
                        consumer=self.group,
                        topic=delivery.topic,
                        partition=delivery.partition,
                        offset=delivery.offset,
                    )
        await outgoing.write(db)
        return outgoing

    async def _take(self, db: Db, delivery: Delivery, outgoing: Outgoing) -> bool:
        practice_id = self._ingest.practice_of(delivery)
        if practice_id is None:
            return False
        await see_practices(db, [practice_id])
        uow = UnitOfWork(
            db,
            service=self._service,
            practice_id=practice_id,
            now=self._clock.now(),
            outgoing=outgoing,
            keys=self._keys,
        )
        return await self._ingest.take(delivery, uow)
