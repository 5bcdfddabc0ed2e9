"""CloudEvents 1.0 over HTTP (binary, structured, batched) and Kafka, read strictly.

Sources: CloudEvents 1.0.2 core, its HTTP protocol binding §3.1 to §3.3, its Kafka protocol binding
§3.1 to §3.3 and its JSON format §2 to §4.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn, cast, get_args
from urllib.parse import unquote

from libs.events.contracts.interop import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentChanged,
    AppointmentCompleted,
    AppointmentMissed,
    EncounterCorrected,
    EncounterPosted,
    EncounterVoided,
    PatientMerged,
    PatientRegistered,
    PatientUnmerged,
    PatientUpdated,
)
from services.interop.messages.model import Refusal, RefusedError

AboutPatient = (
    PatientRegistered
    | PatientUpdated
    | PatientMerged
    | PatientUnmerged
    | AppointmentBooked
    | AppointmentChanged
    | AppointmentCancelled
    | AppointmentMissed
    | AppointmentCompleted
    | EncounterPosted
    | EncounterCorrected
    | EncounterVoided
)
TAKEN: Mapping[str, type[AboutPatient]] = {
    contract.type: contract for contract in get_args(AboutPatient)
}
"""What a partner may publish."""

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
LONGEST_ATTRIBUTE = 300


@dataclass(frozen=True, slots=True)
class PartnerEvent:
    """A CloudEvent as it came: its attributes, and its data as JSON text."""

    id: str
    source: str
    type: str
    data: str = field(repr=False)
    practice_id: str | None = None
    """The extension `practiceid`, where the partner sends it."""
    key: bytes | None = field(default=None, repr=False)
    """The Kafka record's key; None over HTTP."""

    @property
    def control_id(self) -> str:
        """CloudEvents tells events apart by source and id; neither a URI nor we allow a space."""
        return f"{self.source} {self.id}"

    @property
    def canonical(self) -> bytes:
        """Type and data in one spelling: the content modes write the same event differently."""
        return f"{self.type} {self.data}".encode()


def read_binary(headers: Mapping[str, str], body: bytes) -> PartnerEvent:
    """Binary content mode: attributes are `ce-` headers, percent-encoded; the body is the data."""
    attributes = {
        name[3:]: unquote(value) for name, value in headers.items() if name.startswith("ce-")
    }
    return _event(attributes, read_json(body, "data"), "ce-")


def read_record(
    content_type: str, key: bytes, headers: Sequence[tuple[str, bytes]], value: bytes
) -> PartnerEvent:
    """A Kafka record: structured where its content type says so, else binary with `ce_` headers."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == STRUCTURED:
        told = read_structured(value)
    elif kind == "application/json":
        told = _event(_kafka_attributes(headers), read_json(value, "data"), "ce_")
    else:
        _refuse("wrong-content-type", "content-type", f"send application/json or {STRUCTURED}")
    return replace(told, key=key)


def _kafka_attributes(headers: Sequence[tuple[str, bytes]]) -> dict[str, str]:
    attributes: dict[str, str] = {}
    for name, text in headers:
        if not name.startswith("ce_"):
            continue
        if name[3:] in attributes:
            _refuse("duplicate-name", "headers", "send each ce_ header once")
        try:
            attributes[name[3:]] = text.decode()
        except UnicodeDecodeError:
            _refuse("not-utf8", "headers", "send the ce_ headers in UTF-8")
    return attributes


def read_structured(body: bytes) -> PartnerEvent:
    return read_object(read_json(body, "event"))


def read_batch(body: bytes) -> list[Any]:
    """The objects of a batch, each to be read by itself with `read_object`."""
    found = read_json(body, "batch")
    if not isinstance(found, list):
        _refuse("not-a-batch", "batch", "send a JSON array of CloudEvents")
    return cast(list[Any], found)


def read_object(found: Any) -> PartnerEvent:
    """One CloudEvent of the JSON format."""
    if not isinstance(found, dict):
        _refuse("not-an-event", "event", "send a JSON object with the CloudEvents attributes")
    event = cast(dict[str, Any], found)
    if "data" not in event:
        _refuse("missing-data", "data", "put the event's data, as JSON, into `data`")
    return _event(event, event["data"], "")


def read_json(body: bytes, where: str) -> Any:
    """JSON as RFC 8259 means it: UTF-8, no duplicate names, no NaN, and no NUL in a text."""
    try:
        found = json.loads(
            body.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant
        )
    except RecursionError:
        _refuse("too-deep", where, "nest the JSON less deeply")
    except ValueError:
        _refuse("not-json", where, "send well-formed JSON in UTF-8 (RFC 8259)")
    if _holds_nul(found):
        _refuse("nul-character", where, "remove the NUL characters (\\\\u0000)")
    return found


def _event(attributes: Mapping[str, Any], data: Any, prefix: str) -> PartnerEvent:
    required = {name: attributes.get(name) for name in ("specversion", "id", "source", "type")}
    wrong = [
        Refusal("missing-attribute", prefix + name, "send this attribute as a text without spaces")
        for name, value in required.items()
        if not _is_attribute(value)
    ]
    if wrong:
        raise RefusedError(*wrong)
    if required["specversion"] != "1.0":
        _refuse("unknown-specversion", f"{prefix}specversion", "send CloudEvents 1.0")
    practice_id = attributes.get("practiceid")
    return PartnerEvent(
        id=cast(str, required["id"]),
        source=cast(str, required["source"]),
        type=cast(str, required["type"]),
        data=json.dumps(data, sort_keys=True),
        practice_id=practice_id if isinstance(practice_id, str) else None,
    )


def _is_attribute(value: Any) -> bool:
    return (
        isinstance(value, str)
        and 0 < len(value) <= LONGEST_ATTRIBUTE
        and value.isprintable()
        and " " not in value
    )


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        _refuse("duplicate-name", "JSON", "name each member of an object once")
    return found


def _no_constant(_: str) -> NoReturn:
    _refuse("not-json", "JSON", "NaN and Infinity are not JSON (RFC 8259)")


def _holds_nul(found: Any) -> bool:
    if isinstance(found, str):
        return "\0" in found
    if isinstance(found, list):
        return any(_holds_nul(item) for item in cast(list[Any], found))
    if isinstance(found, dict):
        members = cast(dict[str, Any], found).items()
        return any("\0" in name or _holds_nul(value) for name, value in members)
    return False


def _refuse(code: str, where: str, fix: str) -> NoReturn:
    raise RefusedError(Refusal(code, where, fix))
