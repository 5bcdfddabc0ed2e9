"""The catalogue cannot lie: what the journeys left on Kafka is what the document says, no less.

Runs after the other journeys, on what they did.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from libs.events.catalogue.__main__ import ASYNCAPI, FOLDER
from libs.events.contracts import is_latest, platform_contracts
from libs.local.run.platform import LocalPlatform
from libs.service.process import service_names
from tests.journeys.observed import Catalogue, Document, Record, headers_of, types_of
from tests.transport.platform import records_of

pytestmark = pytest.mark.journey

DOCUMENT: Document = json.loads((FOLDER / ASYNCAPI).read_text())
SCHEMAS: dict[str, Document] = {
    path.stem: json.loads(path.read_text())
    for path in FOLDER.glob("*.json")
    if path.name != ASYNCAPI
}
OWN_TOPICS = sorted({c.topic for c in platform_contracts().values()}, key=lambda t: t.name)


@pytest.fixture(scope="module")
async def topics(live: LocalPlatform) -> list[str]:
    """Every topic of a service; other tests have theirs beside them."""
    admin = AIOKafkaAdminClient(bootstrap_servers=live.backends.kafka)
    await admin.start()
    try:
        names = await admin.list_topics()
    finally:
        await admin.close()
    return [name for name in names if name.partition(".")[0] in service_names()]


@pytest.fixture(scope="module")
async def records(live: LocalPlatform) -> list[Record]:
    """Everything that services wrote; to an ingest topic, others did."""
    return [record for t in OWN_TOPICS for record in await records_of(live.backends.kafka, t)]


async def test_every_topic_type_header_key_and_datum_is_documented(
    topics: list[str], records: list[Record]
) -> None:
    assert list(Catalogue(DOCUMENT, SCHEMAS).untold(topics, records))[:10] == []


async def test_every_documented_message_and_header_was_seen(records: list[Record]) -> None:
    """Of each event its latest version: the older ones are read, but nobody says them any more."""
    documented = {m for t in OWN_TOPICS for m in DOCUMENT["channels"][t.name]["messages"]}
    said_now = {kind for kind in documented if is_latest(platform_contracts()[kind])}
    assert said_now - types_of(records) == set(), "did the other journeys run before?"
    headers = DOCUMENT["components"]["messageTraits"]["cloudevent"]["headers"]
    assert headers_of(records) == set(headers["properties"])


def channel(document: Document) -> Document:
    return document["channels"]["interop.patients"]


def header_schema(document: Document) -> Document:
    return document["components"]["messageTraits"]["cloudevent"]["headers"]


def key_of(document: Document) -> Document:
    message = document["components"]["messages"]["interop.patient-registered.v1"]
    return message["bindings"]["kafka"]["key"]


LIES: dict[str, tuple[Callable[[Document, dict[str, Document]], Any], str]] = {
    "a topic left out": (lambda d, _: d["channels"].pop("interop.patients"), "in no channel"),
    "a topic too many": (lambda d, _: d["channels"].update(x=channel(d)), "x: not on Kafka"),
    "a type left out": (
        lambda d, _: channel(d)["messages"].pop("interop.patient-registered.v1"),
        "type interop.patient-registered.v1 is not of this channel",
    ),
    "a header left out": (
        lambda d, _: header_schema(d)["properties"].pop("ce_time"),
        "headers: additionalProperties",
    ),
    "a header too many": (
        lambda d, _: header_schema(d)["required"].append("ce_more"),
        "headers: required",
    ),
    "another form of a header": (
        lambda d, _: header_schema(d)["properties"]["ce_sequence"].update(pattern="^x"),
        "headers: pattern at ce_sequence",
    ),
    "another key": (lambda d, _: key_of(d).update(description="mrn"), "the key is not mrn"),
    "a field left out": (
        lambda _, s: s["interop.patient-registered.v1"]["properties"].pop("mrn"),
        "interop.patient-registered.v1: additionalProperties",
    ),
    "a field too many": (
        lambda _, s: s["interop.patient-registered.v1"]["required"].append("more"),
        "interop.patient-registered.v1: required",
    ),
}


@pytest.mark.parametrize(("lie", "found"), LIES.values(), ids=LIES.keys())
async def test_a_document_that_lies_is_found(
    lie: Callable[[Document, dict[str, Document]], Any],
    found: str,
    topics: list[str],
    records: list[Record],
) -> None:
    document, schemas = copy.deepcopy((DOCUMENT, SCHEMAS))
    lie(document, schemas)
    patients = [record for record in records if record.topic == "interop.patients"]
    assert any(found in line for line in Catalogue(document, schemas).untold(topics, patients))
