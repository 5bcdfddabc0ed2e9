"""A partner's CloudEvents on the ingest topic, written with a plain Kafka client."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from aiokafka import AIOKafkaProducer

from libs import events
from libs.events.contracts.interop import EncounterPosted, PatientRegistered
from libs.events.examples import interop as examples
from libs.events.transport.database import transport_transaction
from services.interop.partners.model import TAKEN
from tests.conftest import Addresses
from tests.harness import Harness
from tests.interop.conftest import OTHER_PRACTICE, OpenConnection, said
from tests.interop.health.sending import order
from tests.interop.partners.ingesting import (
    IngestTopic,
    Record,
    binary,
    ingest_topic,
    signed,
    structured,
)
from tests.interop.partners.test_events_in import envelope, fates, post
from tests.transport.platform import eventually

REGISTERED = examples.patient_registered()
ENCOUNTER = examples.encounter_posted(source="cloudevents")


@pytest.fixture
async def topic(interop: Harness, addresses: Addresses) -> AsyncIterator[IngestTopic]:
    async with ingest_topic(addresses.kafka, interop) as made:
        yield made


async def refusals(interop: Harness) -> list[list[tuple[str, str]]]:
    """(code, where) of each refused message, in the order of their coming."""
    async with interop.http(examples.PRACTICE) as client:
        listed = (await client.get("/messages", params={"fate": "refused"})).json()
    return [[(r["code"], r["where"]) for r in one["refusals"]] for one in listed]


@pytest.mark.parametrize("mode", [binary, structured])
async def test_what_a_partner_writes_is_taken_and_published(
    interop: Harness, open_connection: OpenConnection, topic: IngestTopic, mode: Any
) -> None:
    key = await open_connection()
    await topic.take(mode(key, REGISTERED), mode(key, ENCOUNTER, event_id="2"))
    assert said(await interop.published_all()) == said([REGISTERED, ENCOUNTER])
    assert await fates(interop) == ["accepted", "accepted"]


async def test_the_same_event_is_taken_once_however_often_and_by_whichever_way_it_comes(
    interop: Harness, open_connection: OpenConnection, topic: IngestTopic
) -> None:
    key = await open_connection()
    assert (await post(interop, key, envelope(REGISTERED))).status_code == 202
    await topic.take(binary(key, REGISTERED), structured(key, REGISTERED), binary(key, REGISTERED))
    assert (await post(interop, key, envelope(REGISTERED))).status_code == 200
    assert said(await interop.published_all()) == said([REGISTERED])
    assert await fates(interop) == ["accepted"] + ["duplicate"] * 4


async def test_records_read_again_change_nothing(
    interop: Harness, open_connection: OpenConnection, topic: IngestTopic
) -> None:
    """As after a restore of the database to an hour ago: the checkpoint is behind."""
    key = await open_connection()
    await topic.take(binary(key, REGISTERED), binary(key, ENCOUNTER, event_id="2"))
    async with transport_transaction(interop.pool) as db:
        await db.execute("UPDATE checkpoint SET next_offset = 0")
    async with topic.consuming():
        await topic.read_to(2)
    assert said(await interop.published_all()) == said([REGISTERED, ENCOUNTER])


def body(key: str, value: bytes, **headers: str) -> Record:
    patient = str(REGISTERED.patient_id).encode()
    of_kind = {"content-type": "application/cloudevents+json"}
    return signed(key, patient, value, of_kind | headers)


def bad_records(key: str) -> dict[str, tuple[Record, str, str]]:
    good = structured(key, REGISTERED)
    told = json.loads(good[1])
    _, value, headers = binary(key, REGISTERED)
    kept = {name: text for name, text in headers.items() if not name.startswith("mainstay")}

    def changed(**changes: Any) -> Record:
        return body(key, json.dumps(told | changes).encode())

    def keyed(record_key: bytes | None) -> Record:
        return signed(key, record_key, value, kept)

    return {
        "empty": (body(key, b""), "not-json", "event"),
        "not JSON": (body(key, b"{"), "not-json", "event"),
        "not UTF-8": (body(key, b"\xff\xfe"), "not-json", "event"),
        "too deep": (body(key, b"[" * 100_000), "too-deep", "event"),
        "NaN": (body(key, b'{"id": NaN}'), "not-json", "JSON"),
        "a name twice": (body(key, b'{"id": "1", "id": "2"}'), "duplicate-name", "JSON"),
        "NUL": (body(key, b'{"id": "\\u0000"}'), "nul-character", "event"),
        "no event": (body(key, b"[]"), "not-an-event", "event"),
        "no id": (changed(id=""), "missing-attribute", "id"),
        "unknown type": (changed(type="interop.unknown.v1"), "unknown-type", "type"),
        "unknown version": (changed(type="interop.patient-registered.v9"), "unknown-type", "type"),
        "another sex": (
            changed(data=told["data"] | {"mrn": 17}), "value-not-accepted", "data.mrn"),
        "text": (binary(key, REGISTERED, content_type="text/plain"),
                 "wrong-content-type", "content-type"),
        "a batch": (body(key, b"[]", **{"content-type": "application/cloudevents-batch+json"}),
                    "wrong-content-type", "content-type"),
        "no attributes": (signed(key, good[0], value, {"content-type": "application/json"}),
                          "missing-attribute", "ce_specversion"),
        "older": (binary(key, REGISTERED, ce_specversion="0.3"),
                  "unknown-specversion", "ce_specversion"),
        "no key": (keyed(None), "wrong-key", "key"),
        "another key": (keyed(b"10077"), "wrong-key", "key"),
        "another practice": (changed(data=told["data"] | {"practice_id": str(OTHER_PRACTICE)}),
                             "practice-mismatch", "data.practice_id"),
    }  # fmt: skip


async def test_a_bad_record_is_refused_with_its_reason_and_the_partition_goes_on(
    interop: Harness, open_connection: OpenConnection, topic: IngestTopic
) -> None:
    key = await open_connection()
    bad = bad_records(key)
    records = [record for record, _, _ in bad.values()]
    await topic.write(*records, binary(key, REGISTERED, event_id="good"), partition=0)
    async with topic.consuming() as consumer:
        await topic.read_to(len(records) + 1)
        assert consumer.breaker.stopped is None
    found = sorted(why[0] for why in await refusals(interop))
    assert found == sorted((code, where) for _, code, where in bad.values())
    assert said(await interop.published_all()) == said([REGISTERED])
    async with transport_transaction(interop.pool) as db:
        assert await db.fetchval("SELECT count(*) FROM parked_event") == 0


async def test_a_record_that_no_connection_signed_is_nobodys_and_leaves_nothing(
    interop: Harness,
    open_connection: OpenConnection,
    topic: IngestTopic,
    capsys: pytest.CaptureFixture[str],
) -> None:
    key = await open_connection()
    other = await open_connection(practice_id=OTHER_PRACTICE)
    hl7 = await open_connection(
        name="hl7", kind="hl7v2", sending_application="a", sending_facility="b"
    )
    record_key, value, headers = binary(key, REGISTERED)
    nobodys: list[Record] = [
        (record_key, value, {}),
        (record_key, value, headers | {"mainstay-signature": "0" * 64}),
        (record_key, value, headers | {"mainstay-signature": "ü"}),
        (record_key, value, headers | {"mainstay-connection": "msk_"}),
        (record_key, value, headers | {"mainstay-connection": other[:69]}),
        (record_key, value.replace(b"Rivera", b"Riviera"), headers),
        (record_key, value, headers | {"ce_id": "2"}),
        (record_key, value, headers | {"content-type": "application/cloudevents+json"}),
        binary(hl7, REGISTERED),
        binary(key[:-1] + "x", REGISTERED),
    ]
    await topic.take(*nobodys)
    assert await fates(interop) == []
    assert await interop.published_all() == []
    told = capsys.readouterr()
    logged = told.out + told.err
    assert logged.count("record of nobody") == len(nobodys)
    assert "Rivera" not in logged


async def test_a_record_of_a_suspended_connection_leaves_nothing(
    interop: Harness, open_connection: OpenConnection, topic: IngestTopic
) -> None:
    key = await open_connection()
    await order(interop, "suspend")
    await topic.take(binary(key, REGISTERED))
    assert await fates(interop) == []
    assert await interop.published_all() == []
    await order(interop, "go-live")
    await topic.write(binary(key, REGISTERED))
    async with topic.consuming():
        await topic.read_to(2)
    assert await fates(interop) == ["accepted"]


async def test_a_replaced_key_signs_no_more(
    interop: Harness, open_connection: OpenConnection, topic: IngestTopic
) -> None:
    key = await open_connection()
    async with interop.http(examples.PRACTICE) as client:
        [connection] = (await client.get("/connections")).json()
        path = f"/connections/{connection['connection_id']}/rotate-key"
        new = (await client.post(path, json={})).json()["api_key"]
    await topic.take(binary(key, REGISTERED, event_id="old"), binary(new, REGISTERED))
    assert await fates(interop) == ["accepted"]


async def test_a_sequence_that_a_partner_makes_up_is_not_believed(
    interop: Harness, open_connection: OpenConnection, topic: IngestTopic
) -> None:
    key = await open_connection()
    highest = binary(key, REGISTERED, ce_sequence="9999-" + "9".rjust(20, "0"))
    lower = binary(key, ENCOUNTER, event_id="2", ce_sequence="0001-" + "1".rjust(20, "0"))
    await topic.write(highest, lower, partition=0)
    async with topic.consuming() as consumer:
        await topic.read_to(2)
        assert consumer.breaker.stopped is None
    assert len(await interop.published(EncounterPosted)) == 1


async def test_a_record_that_our_code_fails_on_parks_with_its_key_and_can_be_retried(
    interop: Harness, open_connection: OpenConnection, topic: IngestTopic
) -> None:
    key = await open_connection()
    sound, failing = topic.ingest, True

    async def take(delivery: Any, uow: Any) -> bool:
        if failing and delivery.key == str(REGISTERED.patient_id).encode():
            raise RuntimeError
        return await sound.take(delivery, uow)

    topic.ingest = replace(sound, take=take)
    other = examples.patient_registered(patient_id=examples.PRACTICE)
    await topic.write(
        *(binary(key, REGISTERED), binary(key, ENCOUNTER, event_id="2")),
        *(binary(key, other, event_id="3"),),
        partition=0,
    )
    async with topic.consuming() as consumer:
        await topic.read_to(3)
        assert said(await interop.published_all()) == said([other])
        failing = False
        async with transport_transaction(interop.pool) as db:
            await db.execute(
                "UPDATE parked_key SET request = 'retry', requested_by = 'a test', "
                "requested_at = now()"
            )

        async def all_taken() -> bool:
            await consumer.look_after()
            return len(await interop.published_all()) == 3

        await eventually(all_taken)
    assert said(await interop.published(PatientRegistered)) == said([other, REGISTERED])


async def test_events_of_an_open_or_aborted_kafka_transaction_are_not_taken(
    interop: Harness, open_connection: OpenConnection, topic: IngestTopic, addresses: Addresses
) -> None:
    key = await open_connection()
    name = topic.ingest.topic.name
    async with AIOKafkaProducer(
        bootstrap_servers=addresses.kafka, transactional_id=name
    ) as producer:
        endings = {"1": producer.abort_transaction, "2": producer.commit_transaction}
        for event_id, ending in endings.items():
            record_key, value, headers = binary(key, REGISTERED, event_id=event_id)
            sent = [(n, text.encode()) for n, text in headers.items()]
            await producer.begin_transaction()
            await producer.send_and_wait(name, value, key=record_key, headers=sent, partition=0)
            await ending()
    await topic.write(binary(key, ENCOUNTER, event_id="3"), partition=0)
    async with topic.consuming():
        await topic.read_to(5)  # two of them are the transactions' ends
    async with interop.http(examples.PRACTICE) as client:
        listed = (await client.get("/messages")).json()
    assert sorted(one["control_id"] for one in listed) == ["/partner/ehr 2", "/partner/ehr 3"]


def test_the_catalogue_says_what_may_be_written_and_with_which_headers() -> None:
    schemas = Path(str(events.__file__)).parent / "schemas"
    document = json.loads((schemas / "asyncapi.json").read_text())
    channel = document["channels"]["interop.ingest"]
    assert set(channel["messages"]) == set(TAKEN)
    _, _, headers = binary(f"msk_{'0' * 32}_{'0' * 32}_secret", REGISTERED)
    for message in channel["messages"].values():
        component = document["components"]["messages"][message["$ref"].rpartition("/")[2]]
        jsonschema.validate(headers, component["headers"])
        assert set(component["headers"]["required"]) == set(headers)
        assert component["bindings"]["kafka"]["key"]["description"] == "patient_id"
