"""An ingest topic of a test's own, and records as a partner's Kafka client writes them."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from libs.events.contracts import Event, Topic
from libs.events.transport.consumer import Consumer
from libs.events.transport.ingest import Ingest, Ingesting
from libs.events.transport.runtime import make_broker
from services.interop.partners.ingest import ingest
from tests.harness import Harness
from tests.keys import FIXED_KEYS
from tests.transport.platform import eventually, seeing_all

Record = tuple[bytes | None, bytes, dict[str, str]]
"""Key, value, headers."""


def binary(key: str, event: Event, *, event_id: str = "1", **changes: str) -> Record:
    """A good record in binary mode; `changes` are put into the headers before it is signed."""
    headers = {
        "content-type": "application/json",
        "ce_specversion": "1.0",
        "ce_id": event_id,
        "ce_source": "/partner/ehr",
        "ce_type": event.type,
        **{name.replace("content_type", "content-type"): text for name, text in changes.items()},
    }
    return signed(key, patient_of(event), event.model_dump_json().encode(), headers)


def structured(key: str, event: Event, *, event_id: str = "1") -> Record:
    told = {
        "specversion": "1.0",
        "id": event_id,
        "source": "/partner/ehr",
        "type": event.type,
        "data": event.model_dump(mode="json"),
    }
    headers = {"content-type": "application/cloudevents+json; charset=UTF-8"}
    return signed(key, patient_of(event), json.dumps(told).encode(), headers)


def signed(key: str, record_key: bytes | None, value: bytes, headers: dict[str, str]) -> Record:
    """As docs/integrators.md says it."""
    names = ("content-type", "ce_id", "ce_source", "ce_type")
    lines = "".join(headers.get(name, "") + "\n" for name in names)
    by = hashlib.sha256(key.encode()).digest()
    mac = hmac.new(by, lines.encode() + value, hashlib.sha256).hexdigest()
    return record_key, value, headers | {"mainstay-connection": key[:69], "mainstay-signature": mac}


def patient_of(event: Any) -> bytes:
    return str(event.patient_id).encode()


@dataclass
class IngestTopic:
    """interop's ingest, from a topic of its own, into the harness's database."""

    kafka: str
    ingest: Ingest
    harness: Harness

    @asynccontextmanager
    async def consuming(self) -> AsyncIterator[Consumer]:
        """interop's consumer of the topic, without the relay that would send what comes of it."""
        effect = Ingesting("interop", self.ingest, self.harness.clock, FIXED_KEYS)
        consumer = Consumer(effect, self.harness.work)
        broker = make_broker(self.kafka, "interop")
        consumer.subscribe(broker, None)
        await broker.start()
        try:
            yield consumer
        finally:
            await consumer.end()
            await broker.stop()

    async def write(self, *records: Record, partition: int | None = None) -> None:
        async with AIOKafkaProducer(bootstrap_servers=self.kafka) as producer:
            for key, value, headers in records:
                sent = [(name, text.encode()) for name, text in headers.items()]
                await producer.send_and_wait(
                    self.ingest.topic.name, value, key=key, headers=sent, partition=partition
                )

    async def read_to(self, count: int) -> None:
        """Wait until so many records were read."""
        dsn = self.harness.dsn

        async def read() -> bool:
            async with seeing_all(dsn) as db:
                total = await db.fetchval("SELECT sum(next_offset) FROM checkpoint")
            return (total or 0) >= count

        await eventually(read, what=f"{count} records are read")

    async def take(self, *records: Record) -> None:
        """Write records and let them be read."""
        await self.write(*records)
        async with self.consuming():
            await self.read_to(len(records))


@asynccontextmanager
async def ingest_topic(kafka: str, harness: Harness) -> AsyncIterator[IngestTopic]:
    topic = Topic(f"interop.ingest-{os.getpid()}-{uuid4().hex[:8]}", partitions=2)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic.name, topic.partitions, 1)])

        async def made() -> bool:
            return topic.name in await admin.list_topics()

        await eventually(made)
        named = replace(ingest, name=topic.name.partition(".")[2], topic=topic)
        yield IngestTopic(kafka, named, harness)
        await admin.delete_topics([topic.name])
    finally:
        await admin.close()
