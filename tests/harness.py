"""Speaks events to a service on real PostgreSQL: given, receive, published.

A test gets a database of its own, cloned from a migrated template, and the very code that a
consumer runs: one transaction moves the checkpoint and holds the effects.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID, uuid4

import httpx
from aiokafka import ConsumerRecord
from fastapi import FastAPI

from libs.events.contracts import Event, contracts
from libs.events.transport.applying import Applier
from libs.events.transport.clock import FixedClock
from libs.events.transport.database import Pool, transport_transaction
from libs.events.transport.effects import Handlers
from libs.events.transport.envelope import Origin, write_headers, write_sequence
from libs.events.transport.folding import Folding
from libs.events.transport.protection import open_marked, seal_marked
from libs.events.transport.runtime import Running
from libs.events.transport.service import Service
from libs.events.transport.timers import Timers
from libs.events.transport.work import UnitOfWork, Wakes, Work, partition_for
from libs.service.operators import Operators
from libs.service.process import make_app
from libs.service.settings import Settings
from tests.keys import FIXED_KEYS

E = TypeVar("E", bound=Event)
START = datetime(2026, 3, 2, 12, tzinfo=UTC)
OPERATOR_KEY = "harness-operator-key"
SECOND_KEY = "harness-second-key"
"""Another person, who is no admin."""
OPERATORS = [
    ({"name": "operator", "role": "admin", "practices": None}, OPERATOR_KEY),
    ({"name": "second", "role": "operator", "practices": None}, SECOND_KEY),
]

READ_OUTBOX = "SELECT headers, payload FROM outbox ORDER BY id"


@dataclass
class Harness:
    """One service under test. Time stands still until the test moves `clock`."""

    service: Service
    pool: Pool
    dsn: str
    operators: Operators
    clock: FixedClock = field(default_factory=lambda: FixedClock(START))
    wakes: Wakes = field(default_factory=Wakes)

    def __post_init__(self) -> None:
        self.work = Work(
            service=self.service.name,
            pool=self.pool,
            clock=self.clock,
            wakes=self.wakes,
            keys=FIXED_KEYS,
        )
        self._timers = Timers(self.service, self.work)
        effects: list[Handlers | Folding] = []
        if self.service.handlers:
            effects.append(Handlers(self.service, self.clock, FIXED_KEYS))
        effects += [
            Folding(self.service.name, p, keys=FIXED_KEYS) for p in self.service.projections
        ]
        self._appliers = [Applier(effect, effect.group, self.work) for effect in effects]
        self.log: dict[tuple[str, int], list[ConsumerRecord[bytes, bytes]]] = {}
        """What was received, by topic and partition, in order; a redelivery is there twice."""
        self._records: dict[UUID, ConsumerRecord[bytes, bytes]] = {}
        self._asked: FastAPI | None = None

    async def given(self, *events: Event) -> None:
        """Facts of the past: heard, and whatever they made the service publish is put aside."""
        before = await self._outbox_count()
        await self.receive(*events)
        async with transport_transaction(self.pool) as db:
            await db.execute(
                "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox ORDER BY id OFFSET $1)",
                before,
            )

    async def receive(self, *events: Event) -> None:
        """Hear events, each in a transaction of its own; one received before is a redelivery."""
        for event in events:
            known = self._records.get(event.event_id)
            # Sent twice by a relay: the same place in the sequence, at a later offset.
            record = self._again(known) if known else self._append(event)
            for applier in self._appliers:
                if event.topic in applier.effect.topics:
                    position = await applier.load(record.topic, record.partition, 0)
                    await applier.apply(position, [record])

    async def published(self, kind: type[E]) -> list[E]:
        """What the service has published of one type, in the order of its outbox."""
        return [event for event in await self.published_all() if isinstance(event, kind)]

    async def published_all(self) -> list[Event]:
        async with transport_transaction(self.pool) as db:
            rows = await db.fetch(READ_OUTBOX)
        events: list[Event] = []
        for row in rows:
            headers: dict[str, str] = json.loads(row["headers"])
            events.append(_read(headers, row["payload"]))
        return events

    async def fire_timers(self, until: datetime | None = None) -> None:
        """Run what is due, and what that makes due; `until` moves the clock first."""
        if until is not None:
            self.clock.move_to(until)
        while await self._timers.fire_due():
            pass

    def uow(self, practice_id: UUID) -> AbstractAsyncContextManager[UnitOfWork]:
        return self.work.unit_of_work(practice_id)

    @asynccontextmanager
    async def http(
        self, practice_id: UUID | None = None, *, key: str | None = OPERATOR_KEY
    ) -> AsyncIterator[httpx.AsyncClient]:
        """An HTTP client of the service, with the operator's key unless told otherwise."""
        headers = {"authorization": f"Bearer {key}"} if key else {}
        if practice_id is not None:
            headers["x-practice-id"] = str(practice_id)
        self._asked = self._asked or self.app()  # its routes take longer to make than an answer
        self._asked.state.operators = self.operators
        transport = httpx.ASGITransport(app=self._asked, raise_app_exceptions=False)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://mainstay.test", headers=headers
        ) as client:
            yield client

    def app(self) -> FastAPI:
        """The service's application over this harness's database and clock."""
        settings = Settings.model_validate(
            {"database_url": self.dsn, "kafka": "none", "session_secret": "s" * 32}
        )
        app = make_app(self.service, settings)
        app.state.operators = self.operators
        app.state.running = Running(self.service, self.pool, self.work, [])
        return app

    async def _outbox_count(self) -> int:
        async with transport_transaction(self.pool) as db:
            return await db.fetchval("SELECT count(*) FROM outbox")

    def _append(self, event: Event) -> ConsumerRecord[bytes, bytes]:
        partition = partition_for(event.key_value, event.topic.partitions)
        log = self.log.setdefault((event.topic.name, partition), [])
        origin = Origin(correlation_id=uuid4(), causation_id=None, traceparent=None)
        headers = write_headers(
            event, source=event.topic.publisher, time=self.clock.now(), origin=origin
        )
        headers["ce_sequence"] = write_sequence(1, len(log) + 1)
        record = _record(
            event.topic.name,
            partition,
            len(log),
            event.key_value.encode(),
            seal_marked(event, event.model_dump_json().encode(), FIXED_KEYS),
            headers,
        )
        log.append(record)
        self._records[event.event_id] = record
        return record

    def _again(self, record: ConsumerRecord[bytes, bytes]) -> ConsumerRecord[bytes, bytes]:
        log = self.log[record.topic, record.partition]
        headers = {name: value.decode() for name, value in record.headers}
        again = _record(record.topic, record.partition, len(log), record.key, record.value, headers)
        log.append(again)
        return again


def _read(headers: dict[str, str], payload: bytes) -> Event:
    contract = contracts()[headers["ce_type"]]
    data = open_marked(
        contract,
        payload,
        practice_id=UUID(headers["ce_practiceid"]),
        key=headers["ce_subject"],
        keys=FIXED_KEYS,
    )
    return contract.model_validate_json(data).with_event_id(UUID(headers["ce_id"]))


def _record(
    topic: str,
    partition: int,
    offset: int,
    key: bytes | None,
    value: bytes | None,
    headers: dict[str, str],
) -> ConsumerRecord[bytes, bytes]:
    return ConsumerRecord(
        topic=topic,
        partition=partition,
        offset=offset,
        timestamp=0,
        timestamp_type=0,
        key=key,
        value=value,
        checksum=None,
        serialized_key_size=len(key or b""),
        serialized_value_size=len(value or b""),
        headers=[(name, text.encode()) for name, text in headers.items()],
    )
