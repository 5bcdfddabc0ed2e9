"""The published documents say what the contracts and the services say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from libs.events.catalogue.asyncapi import HEADERS, asyncapi_of, load_services
from libs.events.catalogue.schemas import schema_of
from libs.events.contracts import contracts, with_older
from libs.events.contracts.marks import marked_paths
from libs.events.transport.service import Service
from libs.service.process import service_names
from tests.contracts.canonical import canonical, kinds, wire_of

DOCUMENT = asyncapi_of(load_services())


def references(document: Any) -> Iterator[str]:
    """Every `$ref` in it."""
    if isinstance(document, dict):
        if isinstance(document.get("$ref"), str):
            yield document["$ref"]
        document = list(document.values())
    if isinstance(document, list):
        for part in document:
            yield from references(part)


def test_every_reference_leads_somewhere() -> None:
    found = set(references(DOCUMENT))
    assert found
    for reference in found:
        if reference.startswith("./"):
            assert reference.removeprefix("./").removesuffix(".json") in kinds()
        else:
            place: Any = DOCUMENT
            for step in reference.removeprefix("#/").split("/"):
                place = place[step]


def test_every_event_travels_on_the_channel_of_its_topic() -> None:
    for kind in kinds():
        topic = contracts()[kind].topic
        channel = DOCUMENT["channels"][topic.name]
        assert kind in channel["messages"]
        assert channel["bindings"]["kafka"]["partitions"] == topic.partitions
        assert f"{topic.publisher} sends to {topic.name}" in DOCUMENT["operations"]


def heard(document: dict[str, Any], group: str) -> set[str]:
    """The types that a consumer group receives, by the document."""
    return {
        message["$ref"].rpartition("/")[2]
        for operation in document["operations"].values()
        if operation["action"] == "receive"
        and operation["bindings"]["kafka"]["groupId"]["const"] == group
        for message in operation["messages"]
    }


@pytest.mark.parametrize("service", load_services(), ids=lambda s: s.name)
def test_a_service_receives_what_its_lists_say(service: Service) -> None:
    handled = with_older(service.handlers_by_type())
    assert heard(DOCUMENT, service.name) == {event.type for event in handled}
    for projection in service.projections:
        types = {event.type for event in with_older(projection.by_type())}
        assert types, "a projection hears something"
        assert heard(DOCUMENT, f"{service.name}.{projection.name}") == types


def test_every_service_is_loaded_by_its_folder_and_no_longer_heard_without_its_lists() -> None:
    services = load_services()
    assert [service.name for service in services] == service_names()
    [billing] = [service for service in services if service.name == "billing"]
    assert heard(DOCUMENT, "billing")
    silent = asyncapi_of([Service(name="billing")])
    assert heard(silent, billing.name) == set()


def test_the_headers_described_are_those_written() -> None:
    written = wire_of(canonical("billing.claim-paid.v1"))["headers"]
    assert set(HEADERS["properties"]) == set(written)
    optional = set(HEADERS["properties"]) - set(HEADERS["required"])
    assert optional == {"ce_causationid", "traceparent"}, "a story may begin with this event"


@pytest.mark.parametrize("kind", kinds())
def test_a_schema_shows_every_mark_of_its_contract_and_no_other(kind: str) -> None:
    schema = schema_of(contracts()[kind])
    said = sorted(path for path, _ in marked_paths(contracts()[kind]))
    assert sorted(marks(schema, schema)) == said


def marks(schema: dict[str, Any], root: dict[str, Any], prefix: str = "") -> Iterator[str]:
    """The dotted paths of marked fields, by the schema alone; what a marked value holds is not."""
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rpartition("/")[2]]
    for name, field in schema.get("properties", {}).items():
        if "x-mainstay-marked" in field:
            yield prefix + name
            continue
        for inner in (field, *field.get("anyOf", [])):
            yield from marks(inner, root, f"{prefix}{name}.")
        yield from marks(field.get("items", {}), root, f"{prefix}{name}[].")


def test_some_fields_are_marked_as_health_information() -> None:
    text = json.dumps([schema_of(contracts()[kind]) for kind in kinds()])
    assert text.count('"x-mainstay-marked": "phi"') > 3
