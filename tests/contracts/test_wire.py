"""The wire is strict: what is not exactly an event is refused, and its values stay unspoken."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from libs.events.catalogue.schemas import schema_of
from libs.events.contracts import contracts
from libs.events.transport.envelope import read_envelope, read_event
from libs.events.transport.faults import UnreadableEventError
from tests.contracts.canonical import EVENT_ID, ORIGIN, canonical, kinds, wire_of

CANARY = "Xylophonowitz"
Wire = dict[str, Any]


def take(wire: Wire) -> None:
    headers = [(name, text.encode()) for name, text in wire["headers"].items()]
    envelope = read_envelope(
        headers, topic="interop.encounters", partition=0, offset=0, key=wire["key"].encode()
    )
    read_event(envelope, wire["data"] and wire["data"].encode())


def with_data(change: Callable[[dict[str, Any]], None]) -> Callable[[Wire], None]:
    def apply(wire: Wire) -> None:
        data = json.loads(wire["data"])
        change(data)
        wire["data"] = json.dumps(data)

    return apply


def with_header(name: str, value: str | None) -> Callable[[Wire], None]:
    def apply(wire: Wire) -> None:
        if value is None:
            del wire["headers"][name]
        else:
            wire["headers"][name] = value

    return apply


def set_(name: str, value: Any) -> Callable[[Wire], None]:
    return with_data(lambda data: data.__setitem__(name, value))


BROKEN: dict[str, Callable[[Wire], None]] = {
    "an extra field": set_("extra", CANARY),
    "not a number": lambda wire: wire.update(
        data=wire["data"].replace('"units":1', '"units":NaN', 1)
    ),
    "a float for an integer": set_("ehr_charge_cents", 1.5),
    "a text for an integer": set_("ehr_charge_cents", "7"),
    "true for an integer": set_("ehr_charge_cents", True),
    "an NPI with a wrong check digit": set_("provider_npi", "1234567890"),
    "a NUL character": set_("place_of_service", f"1\0{CANARY}"),
    "a missing field": with_data(lambda data: data.pop("service_on")),
    "a day that is none": set_("service_on", "2026-02-30"),
    "another key": lambda wire: wire.update(key=CANARY),
    "another practice": with_header("ce_practiceid", "6f6a1a51-3c1b-4b53-8a55-0000000000ff"),
    "no data": lambda wire: wire.update(data=None),
    "data that is no JSON": lambda wire: wire.update(data=f"{{{CANARY}"),
    "an unknown type": with_header("ce_type", f"interop.{CANARY}.v1"),
    "another version of CloudEvents": with_header("ce_specversion", "0.3"),
    "no id": with_header("ce_id", None),
    "an id that is none": with_header("ce_id", CANARY),
    "no sequence": with_header("ce_sequence", None),
    "a malformed sequence": with_header("ce_sequence", CANARY),
    "a time that is none": with_header("ce_time", CANARY),
}


@pytest.mark.parametrize("breaks", BROKEN.values(), ids=BROKEN.keys())
def test_what_is_broken_is_refused_without_repeating_it(breaks: Callable[[Wire], None]) -> None:
    wire = wire_of(canonical("interop.encounter-posted.v1"))
    take(wire)
    breaks(wire)
    with pytest.raises(UnreadableEventError) as refused:
        take(wire)
    assert str(refused.value)
    assert CANARY not in str(refused.value)


@pytest.mark.parametrize("kind", kinds())
def test_the_canonical_event_fits_its_published_schema(kind: str) -> None:
    schema = schema_of(contracts()[kind])
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(canonical(kind).model_dump_json()), schema)


@pytest.mark.parametrize("kind", kinds())
def test_the_cloudevents_sdk_reads_what_we_write(kind: str) -> None:
    """The project's own SDK is the judge of the binding."""
    wire = wire_of(canonical(kind))
    headers = {name: text.encode() for name, text in wire["headers"].items()}
    message = KafkaMessage(headers, wire["key"].encode(), wire["data"].encode())
    event = from_binary(message, JSONFormat(), CloudEvent)
    assert event.get_id() == str(EVENT_ID)
    assert event.get_type() == kind
    assert event.get_subject() == wire["key"]
    assert event.get_source() == f"/mainstay/{contracts()[kind].topic.publisher}"
    assert event.get_extension("correlationid") == str(ORIGIN.correlation_id)
    assert event.get_extension("causationid") == str(ORIGIN.causation_id)
    assert event.get_extension("sequence") == wire["headers"]["ce_sequence"]
