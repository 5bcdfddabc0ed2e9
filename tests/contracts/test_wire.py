"""The wire is strict: what is not exactly an event is refused, and its values stay unspoken."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary
from cloudevents.core.exceptions import BaseCloudEventException
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from pydantic import ValidationError

from libs.events.catalogue.schemas import closed, schema_of
from libs.events.contracts import Event, contracts
from libs.events.transport.envelope import read_envelope
from libs.events.transport.faults import UnreadableEventError
from libs.events.transport.payload import read_event
from tests.contracts.canonical import AT, EVENT_ID, ORIGIN, canonical, kinds, wire_of
from tests.keys import FIXED_KEYS

CANARY = "Xylophonowitz"
Wire = dict[str, Any]


def take(wire: Wire) -> Event:
    headers = [(name, text.encode()) for name, text in wire["headers"].items()]
    envelope = read_envelope(
        headers, topic="interop.encounters", partition=0, offset=0, key=wire["key"].encode()
    )
    return read_event(envelope, wire["data"] and wire["data"].encode(), FIXED_KEYS)


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


def put(old: str, new: str) -> Callable[[Wire], None]:
    """Replace a piece of the data's text, which must be there."""

    def apply(wire: Wire) -> None:
        assert old in wire["data"]
        wire["data"] = wire["data"].replace(old, new, 1)

    return apply


BROKEN: dict[str, tuple[Callable[[Wire], None], str]] = {
    "not a number": (put('"units":1', '"units":NaN'), "units: "),
    "infinity": (put('"units":1', '"units":Infinity'), "units: "),
    "a fraction for cents": (set_("ehr_charge_cents", 100.5), "ehr_charge_cents: int_"),
    "a float for cents": (set_("ehr_charge_cents", 100.0), "ehr_charge_cents: int_"),
    "a text for cents": (set_("ehr_charge_cents", "100"), "ehr_charge_cents: int_"),
    "true for cents": (set_("ehr_charge_cents", True), "ehr_charge_cents: int_"),
    "more cents than there are": (set_("ehr_charge_cents", 10**30), "ehr_charge_cents: "),
    "a word for cents": (set_("ehr_charge_cents", CANARY), "ehr_charge_cents: int_"),
    "an NPI with a wrong check digit": (set_("provider_npi", "1234567890"), "provider_npi: "),
    "no NPI at all": (set_("provider_npi", CANARY), "provider_npi: "),
    "a NUL character": (set_("place_of_service", f"1\0{CANARY}"), "NUL"),
    "an escaped NUL in a name": (set_(f"{CANARY}\0", 1), "NUL"),
    "a missing field": (with_data(lambda data: data.pop("service_on")), "service_on: missing"),
    "a day that is none": (set_("service_on", "2026-02-30"), "service_on: date_"),
    "an instant for a day": (set_("service_on", "2026-02-20T12:00:00Z"), "service_on: date_"),
    "an id that is no UUID": (set_("encounter_id", CANARY), "encounter_id: uuid_"),
    "null for a value": (set_("encounter_id", None), "encounter_id: uuid_"),
    "a value inside that is none": (put('"sex":"F"', f'"sex":"{CANARY}"'), "sex: "),
    "another key": (lambda wire: wire.update(key=CANARY), "key"),
    "another practice": (
        with_header("ce_practiceid", "6f6a1a51-3c1b-4b53-8a55-0000000000ff"),
        "ce_practiceid",
    ),
    "no data": (lambda wire: wire.update(data=None), "no value"),
    "data that is no JSON": (lambda wire: wire.update(data=f"{{{CANARY}"), "json_invalid"),
    "data that is no object": (lambda wire: wire.update(data=f'["{CANARY}"]'), "model_type"),
    "an unknown type": (with_header("ce_type", f"interop.{CANARY}.v1"), "ce_type"),
    "another version of CloudEvents": (with_header("ce_specversion", CANARY), "ce_specversion"),
    "no id": (with_header("ce_id", None), "ce_id is missing"),
    "an id that is none": (with_header("ce_id", CANARY), "malformed"),
    "no sequence": (with_header("ce_sequence", None), "ce_sequence"),
    "a malformed sequence": (with_header("ce_sequence", CANARY), "ce_sequence"),
    "a time that is none": (with_header("ce_time", CANARY), "malformed"),
    "a practice that is none": (with_header("ce_practiceid", CANARY), "malformed"),
    "a correlation id that is none": (with_header("ce_correlationid", CANARY), "malformed"),
}


@pytest.mark.parametrize(("breaks", "reason"), BROKEN.values(), ids=BROKEN.keys())
def test_what_is_broken_is_refused_without_repeating_it(
    breaks: Callable[[Wire], None], reason: str
) -> None:
    wire = wire_of(canonical("interop.encounter-posted.v1"))
    take(wire)
    breaks(wire)
    with pytest.raises(UnreadableEventError) as refused:
        take(wire)
    assert reason in str(refused.value)
    told = "".join(traceback.format_exception(refused.value))
    assert CANARY not in told, "neither the error nor what caused it"


def test_a_reader_passes_over_what_a_newer_publisher_says_and_nobody_makes_it() -> None:
    """At every depth: in the event, in a value inside it, in a value inside a list."""
    event = canonical("interop.encounter-posted.v1")
    wire = wire_of(event)
    data = json.loads(wire["data"])
    for place in (data, data["person"], data["lines"][0]):
        place[CANARY] = CANARY
    wire["data"] = json.dumps(data)
    assert take(wire).model_dump_json() == event.model_dump_json()
    with pytest.raises(ValidationError, match="extra_forbidden"):
        type(event).model_validate_json(wire["data"])


@pytest.mark.parametrize("kind", kinds())
def test_the_canonical_event_fits_its_published_schema(kind: str) -> None:
    schema = schema_of(contracts()[kind])
    jsonschema.Draft202012Validator.check_schema(schema)
    said = json.loads(wire_of(canonical(kind))["data"])
    for held_to in (schema, closed(schema)):
        jsonschema.validate(said, held_to)
    jsonschema.validate(said | {CANARY: 1}, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(said | {CANARY: 1}, closed(schema))


@pytest.mark.parametrize("kind", kinds())
def test_the_cloudevents_sdk_reads_what_we_write(kind: str) -> None:
    """The project's own SDK is the judge of the binding."""
    wire = wire_of(canonical(kind))
    headers = {name: text.encode() for name, text in wire["headers"].items()}
    message = KafkaMessage(headers, wire["key"].encode(), wire["data"].encode())
    event = from_binary(message, JSONFormat(), CloudEvent)
    data = json.loads(wire["data"])
    assert event.get_id() == str(EVENT_ID)
    assert event.get_type() == kind
    assert event.get_source() == f"/mainstay/{contracts()[kind].topic.publisher}"
    assert event.get_subject() == wire["key"]
    assert event.get_specversion() == "1.0"
    assert event.get_datacontenttype() == "application/json"
    assert event.get_time() == AT
    assert event.get_data() == data
    assert {name: event.get_extension(name) for name in EXTENSIONS} == {
        "practiceid": data["practice_id"],
        "correlationid": str(ORIGIN.correlation_id),
        "causationid": str(ORIGIN.causation_id),
        "sequence": "0001-00000000000000000001",
        "partitionkey": str(data[contracts()[kind].key]),
    }
    assert set(event.get_attributes()) - CORE == set(EXTENSIONS), "and nothing else"


EXTENSIONS = ("practiceid", "correlationid", "causationid", "sequence", "partitionkey")
CORE = {"id", "source", "type", "specversion", "subject", "time", "datacontenttype"}


@pytest.mark.parametrize("lost", ["ce_source", "ce_type"])  # it makes up the others
def test_the_cloudevents_sdk_refuses_what_lacks_a_required_attribute(lost: str) -> None:
    wire = wire_of(canonical("billing.claim-paid.v1"))
    del wire["headers"][lost]
    headers = {name: text.encode() for name, text in wire["headers"].items()}
    with pytest.raises(BaseCloudEventException):
        from_binary(
            KafkaMessage(headers, wire["key"].encode(), wire["data"].encode()),
            JSONFormat(),
            CloudEvent,
        )
