"""What a consumer does with events; here: it runs a service's handlers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol
from uuid import UUID

from opentelemetry.trace import SpanKind

from libs.events.contracts import Event, Topic, topics_of, with_older
from libs.events.transport.clock import Clock
from libs.events.transport.database import Db, see_practices
from libs.events.transport.envelope import Envelope
from libs.events.transport.hearing import Heard, HearsContracts
from libs.events.transport.keys import Keys, NoKeys
from libs.events.transport.parked import Record
from libs.events.transport.service import Service
from libs.events.transport.telemetry import context_of, open_span
from libs.events.transport.work import Outgoing, UnitOfWork


class Effect(Protocol):
    """Applies events inside the transaction that also moves the checkpoint.

    `group` names it everywhere but in Kafka, whose `kafka_group` gives its partitions out.
    `most_at_once`: records of one poll; after an unclean stop, as many are handled one by one.
    `place_of`: a record's (epoch, sequence), or None where its topic has none. `hear`: what `apply`
    is given for it, or None where it is not wanted; raises UnreadableEventError. `stays_out`: does
    not even wait behind its key where that is parked. `apply` goes once through what it is given,
    which is read as it goes.
    """

    @property
    def group(self) -> str: ...

    @property
    def kafka_group(self) -> str: ...

    @property
    def topics(self) -> list[Topic]: ...

    @property
    def most_at_once(self) -> int: ...

    async def checkpoint_name(self, db: Db) -> str: ...

    def place_of(self, record: Record) -> tuple[int, int] | None: ...

    def hear(self, record: Record, place: tuple[int, int] | None) -> Any: ...

    def stays_out(self, record: Record, place: tuple[int, int] | None) -> bool: ...

    async def apply(self, db: Db, heard: Iterable[Any]) -> Outgoing: ...


def types_of(heard: Iterable[type[Event]]) -> frozenset[str]:
    """The types that these events came under, in any of their versions."""
    return frozenset(t.type for t in with_older(heard))


class Handlers(HearsContracts):
    """Runs every handler of a service that hears an event's type: all succeed, or none."""

    def __init__(self, service: Service, clock: Clock, keys: Keys | None = None) -> None:
        self._service = service.name
        self.keys = keys or NoKeys()
        self._clock = clock
        self._handlers = service.handlers_by_type()
        self.topics = topics_of(self._handlers)
        self.types = types_of(self._handlers)
        self.group = self.kafka_group = service.name

    async def checkpoint_name(self, db: Db) -> str:
        return self.group

    async def apply(self, db: Db, heard: Iterable[Heard]) -> Outgoing:
        outgoing = Outgoing()
        seen: UUID | None = None
        for envelope, event in heard:
            if event.practice_id != seen:  # each event's own practice, and no other
                seen = event.practice_id
                await see_practices(db, [seen])
            await self._handle(db, envelope, event, outgoing)
        await outgoing.write(db)
        return outgoing

    async def _handle(self, db: Db, envelope: Envelope, event: Event, outgoing: Outgoing) -> None:
        with open_span(
            f"{self.group} handle {envelope.type}",
            context=context_of(envelope.traceparent),
            kind=SpanKind.CONSUMER,
            attributes={
                "messaging.system": "kafka",
                "messaging.destination.name": envelope.topic,
                "messaging.destination.partition.id": str(envelope.partition),
                "messaging.kafka.offset": envelope.offset,
                "messaging.consumer.group.name": self.group,
                "mainstay.event.id": str(envelope.id),
                "mainstay.practice.id": str(envelope.practice_id),
            },
        ):
            uow = UnitOfWork(
                db,
                service=self._service,
                practice_id=envelope.practice_id,
                now=self._clock.now(),
                outgoing=outgoing,
                keys=self.keys,
                cause=envelope,
            )
            for handler in self._handlers[type(event)]:
                await handler(event, uow)
