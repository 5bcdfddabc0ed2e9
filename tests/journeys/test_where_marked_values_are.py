"""Journey 1 with planted values: they stand where they must, and nowhere else.

After the other journeys, on the same platform: the last event here is one that must park.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from libs.events.contracts import Topic, contracts, platform_topics
from libs.events.contracts.interop import EncounterPosted
from libs.events.transport.keys import KeyDirectory
from libs.events.transport.protection import open_marked
from libs.local.run.feed import SEED, Feeder
from libs.local.run.platform import LocalPlatform
from libs.local.run.progress import Display
from libs.local.run.seed import Door
from libs.local.run.settle import settle
from libs.local.run.wire import MllpClient
from tests.journeys.canary import (
    CANARY,
    NEEDLES,
    SEALED,
    Leak,
    database,
    leaks_in,
    leaks_in_files,
    leaks_in_metrics,
    leaks_in_tables,
    leaks_on_kafka,
    messages_of_the_canary,
    resource_of_the_canary,
    sealed_in_tables,
    token_request_of_the_canary,
)
from tests.journeys.collector import Spans
from tests.journeys.doors import send
from tests.transport.platform import eventually

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]


async def test_marked_values_are_in_no_log_trace_metric_parked_event_or_record(
    live: LocalPlatform, feeder: Feeder, shown: Display, spans: Spans
) -> None:
    door = feeder.doors[0]
    await _live_through_journey_1(live, door)
    await _be_refused_everywhere(live, door)
    await settle(live, shown, within_seconds=120)
    practice = door.practice.practice_id
    assert CANARY["family"] in await _families_on_kafka(live, practice), "the journey was made"
    sent = [path.read_bytes() for path in live.exchange.rglob("*.837*")]
    assert any(CANARY["family"].upper().encode() in file.upper() for file in sent), "to the payer"
    await _send_what_must_park(live, practice)

    found: list[Leak] = leaks_in_files(live.processes.logs)
    assert spans.received, "spans and metrics were sent"
    for body in spans.received:
        found += leaks_in(body, "what was sent to the collector")
    found += await leaks_in_metrics(live)
    leaks, records = await leaks_on_kafka(live.backends.kafka, platform_topics())
    assert records > 10
    found += leaks
    found += await _leaks_of_commands(live)
    found += [
        Leak("any", "plain", f"name of {path}")
        for path in live.home.rglob("*")
        if leaks_in(str(path).encode(), "")
    ]
    for service in live.databases:
        async with database(live, service) as db:
            found += await leaks_in_tables(db, service)
    assert found == []
    assert await sealed_in_tables(live, practice) == SEALED.keys(), "there, and nowhere in clear"


async def _live_through_journey_1(live: LocalPlatform, door: Door) -> None:
    await send(live, door, *messages_of_the_canary(door.practice, SEED))
    headers = {"authorization": f"Bearer {door.fhir_key}", "content-type": "application/fhir+json"}
    async with httpx.AsyncClient(base_url=live.url("interop"), headers=headers) as client:
        kept = await client.put("/fhir/Patient/planted", json=resource_of_the_canary())
        assert kept.status_code == 201, kept.text
        found = await client.get("/fhir/Patient", params={"identifier": CANARY["mrn"]})
        assert found.json()["total"] == 1


async def _be_refused_everywhere(live: LocalPlatform, door: Door) -> None:
    """Each door is given the values in a place where they are wrong."""
    registered, visit = messages_of_the_canary(door.practice, SEED)
    wrong = [
        replace(registered, kind="ORU^R01^ORU_R01", control_id="CNRY0003"),
        replace(visit, control_id="CNRY0004", segments=tuple(
            s.replace("|CG|", f"|{CANARY['family']}|") for s in visit.segments)),
    ]  # fmt: skip
    mllp = MllpClient("127.0.0.1", live.ports["mllp"])
    for message in wrong:
        await mllp.send(message.encode(door.hl7_key))
    await mllp.close()
    event = {"specversion": "1.0", "id": "1", "source": "/canary",
             "type": "interop.patient-registered.v1", "data": CANARY}  # fmt: skip
    async with httpx.AsyncClient(base_url=live.url("interop")) as client:
        for path, key, kind, body in (
            ("/events", door.cloudevents_key, "application/cloudevents+json", json.dumps(event)),
            ("/events", door.cloudevents_key, "application/cloudevents+json", str(CANARY)),
            ("/fhir", door.fhir_key, "application/fhir+json", json.dumps(CANARY)),
            ("/fhir/Patient", door.fhir_key, "application/fhir+json",
             json.dumps({"resourceType": "Patient", CANARY["family"]: 1, "gender": CANARY["mrn"]})),
            ("/fhir/token", CANARY["mrn"], "application/x-www-form-urlencoded",
             token_request_of_the_canary()),
            (f"/{CANARY['family']}?{CANARY['city']}", CANARY["mrn"], "text/plain", "")
        ):  # fmt: skip
            headers = {"authorization": f"Bearer {key}", "content-type": kind}
            answer = await client.post(path, content=body, headers=headers)
            assert answer.is_client_error


async def _families_on_kafka(live: LocalPlatform, practice: UUID) -> set[str]:
    """The patients' names in the practice's visits, opened with its key."""
    from tests.transport.platform import records_of

    keys = KeyDirectory(live.data_keys)
    found: set[str] = set()
    for record in await records_of(live.backends.kafka, EncounterPosted.topic):
        headers = {name: value.decode() for name, value in record.headers}
        if headers.get("ce_practiceid") == str(practice):
            data = open_marked(
                contracts()[headers["ce_type"]], record.value or b"", practice_id=practice,
                key=(record.key or b"").decode(), keys=keys,
            )  # fmt: skip
            told = json.loads(data)
            if "person" in told:  # a visit that is voided names nobody
                found.add(told["person"]["family"])
    return found


async def _send_what_must_park(live: LocalPlatform, practice: UUID) -> None:
    """A record with the values where a contract wants others, and without a sequence.

    Sealed as they were for the aggregate that they belong to, under another's key.
    """
    from tests.transport.platform import records_of

    record = (await records_of(live.backends.kafka, EncounterPosted.topic))[-1]
    headers = [(n, v) for n, v in record.headers if n != "ce_sequence"]
    producer = AIOKafkaProducer(bootstrap_servers=live.backends.kafka)
    await producer.start()
    try:
        await producer.send_and_wait(
            EncounterPosted.topic.name, record.value, key=str(uuid4()).encode(), headers=headers
        )
    finally:
        await producer.stop()

    async def parked() -> bool:
        async with database(live, "billing") as db:
            return await db.fetchval("SELECT count(*) FROM parked_event") > 0

    await eventually(parked, within_seconds=60, what="the event parked")


async def _leaks_of_commands(live: LocalPlatform) -> list[Leak]:
    listed = await _mainstay(live, "parked", "list", "--json")
    rows: list[dict[str, Any]] = json.loads(listed)
    assert rows
    said = listed
    for row in rows[:3]:
        said += await _mainstay(live, "parked", "show", row["service"], str(row["id"]))
    said += await _mainstay(live, "keys", "list")
    return leaks_in(said, "commands")


async def _mainstay(live: LocalPlatform, *arguments: str) -> bytes:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "libs.cli", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "MAINSTAY_PLATFORM": str(live.home / "platform.json")},
    )  # fmt: skip
    printed, _ = await process.communicate()
    assert process.returncode == 0, printed
    return printed


FORMS = {
    "plain": CANARY["email"].encode(),
    "base64": base64.b64encode(b"x" + CANARY["email"].encode()),
    "hex": CANARY["email"].encode().hex().encode(),
    "url": b"quetzal.canary%40ptarmigan.example",
}


@pytest.mark.parametrize("shift", range(3))
@pytest.mark.parametrize("field", CANARY)
def test_a_planted_value_is_found_in_every_form(field: str, shift: int) -> None:
    value = CANARY[field].encode()
    for form, content in {
        "plain": value,
        "hex": value.hex().encode(),
        "url": "".join(f"%{b:02X}" for b in value).encode(),
        "base64": base64.b64encode(b"-" * shift + value + b"-" * 3),
    }.items():
        found = leaks_in(b"before " + content + b" after", "here")
        assert (field, form) in {(leak.field, leak.form) for leak in found}
    assert leaks_in(base64.urlsafe_b64encode(b">" * shift + value), "here")
    assert leaks_in(CANARY[field].upper().encode(), "here")
    assert all(len(needle) > 6 for needle, _, _ in NEEDLES), "too short to mean anything"


@pytest.mark.parametrize("form", FORMS)
def test_a_leak_in_a_log_or_a_files_name_is_found(tmp_path: Path, form: str) -> None:
    (tmp_path / "billing.log").write_bytes(b'{"event": "sent", "to": "' + FORMS[form] + b'"}\n')
    (tmp_path / f"{CANARY['mrn']}.txt").touch()
    wheres = {leak.where for leak in leaks_in_files(tmp_path)}
    assert wheres == {
        f"{tmp_path.name}/billing.log",
        f"name of a file in {tmp_path.name}",
    }


async def test_a_leak_in_a_span_is_found(spans: Spans) -> None:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor

    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(f"{spans.url}/v1/traces")))
    before = len(spans.received)
    with provider.get_tracer("leaky").start_as_current_span("handle") as span:
        span.set_attribute("patient", CANARY["family"])
    provider.shutdown()
    [body] = spans.received[before:]
    del spans.received[before:]
    assert {leak.field for leak in leaks_in(body, "span")} == {"family"}


@pytest.mark.parametrize("sink", ["key", "value", "header"])
async def test_a_leak_on_a_topic_is_found(live: LocalPlatform, sink: str) -> None:
    topic, kafka = f"canary.leaks-{uuid4()}", live.backends.kafka
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    producer = AIOKafkaProducer(bootstrap_servers=kafka)
    await admin.start()
    await admin.create_topics([NewTopic(topic, num_partitions=2, replication_factor=1)])
    await producer.start()
    try:
        for form in FORMS:
            put = {"key": b"k", "value": b"v", "header": b"h", sink: FORMS[form]}
            await producer.send_and_wait(
                topic, put["value"], key=put["key"], headers=[("ce_subject", put["header"])]
            )
        found, records = await leaks_on_kafka(kafka, [Topic(topic, 2)])
    finally:
        await producer.stop()
        await admin.delete_topics([topic])
        await admin.close()
    assert records == len(FORMS)
    assert {leak.where for leak in found} == {f"{topic}: {sink}"}
    assert {leak.form for leak in found} == set(FORMS)


PLANT_PARKED = """
WITH parked AS (
    INSERT INTO parked_key (practice_id, consumer, topic, partition, key)
    VALUES ($1, 'billing', 't', 0, 'k')
)
INSERT INTO parked_event (practice_id, consumer, topic, partition, offset_, key, headers, payload,
                          error, parked_at)
VALUES ($1, 'billing', 't', 0, 0, 'k', '[]', $2, 'ValueError', now())
"""
PLANT_OUTBOX = """
INSERT INTO outbox (practice_id, topic, partition, key, headers, payload)
VALUES ($1, 't', 0, 'k', '{}', $2)
"""


@pytest.mark.parametrize(
    ("table", "plant"), [("parked_event", PLANT_PARKED), ("outbox", PLANT_OUTBOX)]
)
async def test_a_leak_in_the_mechanisms_tables_is_found(
    live: LocalPlatform, table: str, plant: str
) -> None:
    async with database(live, "billing") as db:
        await db.execute(plant, uuid4(), b'{"family": "' + CANARY["family"].encode() + b'"}')
        found = await leaks_in_tables(db, "billing")
    assert f"billing.{table}" in {leak.where for leak in found}
