"""An AsyncAPI 3.0 document of who says what on which topic, and who listens.

Made from the contracts and each service's own lists, because FastStream's document describes the
payload of a batch handler as an array that is never on the wire.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from libs.events.contracts import (
    Event,
    Topic,
    acl_class,
    platform_contracts,
    platform_topics,
    topics_of,
    with_older,
)
from libs.events.transport.ingest import Ingest
from libs.events.transport.service import Service

SERVICES = Path(__file__).resolve().parents[3] / "services"
FORMAT = "application/schema+json;version=2020-12"
_TEXT = {"type": "string"}
_ID = {"type": "string", "format": "uuid"}
HEADERS: dict[str, Any] = {
    "type": "object",
    "required": [
        "ce_specversion", "ce_id", "ce_source", "ce_type", "ce_subject", "ce_time",
        "ce_practiceid", "ce_correlationid", "ce_sequence", "content-type",
    ],
    "properties": {
        "ce_specversion": {"const": "1.0"},
        "ce_id": _ID,
        "ce_source": _TEXT,
        "ce_type": _TEXT,
        "ce_subject": _TEXT,
        "ce_time": {"type": "string", "format": "date-time"},
        "ce_practiceid": _ID,
        "ce_correlationid": _ID,
        "ce_causationid": _ID,
        "ce_sequence": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{20}$"},
        "content-type": {"const": "application/json"},
        "traceparent": _TEXT,
    },
}  # fmt: skip


def load_services(services: Path = SERVICES) -> list[Service]:
    """Every service, by its folder."""
    names = sorted(path.parent.name for path in services.glob("*/app.py"))
    return [import_module(f"services.{name}.app").service for name in names]


def asyncapi_of(services: list[Service]) -> dict[str, Any]:
    """The document; schemas are referred to beside it."""
    topics = {topic.name: topic for topic in platform_topics()}
    ingests = {f"{s.name}.{ingest.name}": ingest for s in services for ingest in s.ingests}
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Mainstay events", "version": "1", "license": {"name": "Apache-2.0"}},
        "defaultContentType": "application/json",
        "channels": {name: _channel(topic) for name, topic in sorted(topics.items())}
        | {ingest.topic.name: _written_to(name, ingest) for name, ingest in ingests.items()},
        "operations": _sends(topics) | _receives(services),
        "components": {
            "messageTraits": {"cloudevent": {"headers": HEADERS}},
            "messages": {
                kind: _message(contract, contract.key)
                | {"traits": [{"$ref": "#/components/messageTraits/cloudevent"}]}
                for kind, contract in sorted(platform_contracts().items())
            }
            | {
                f"{contract.type}.{name}": _message(contract, ingest.key)
                | {"headers": _ingest_headers(ingest)}
                for name, ingest in ingests.items()
                for contract in ingest.takes
            },
        },
    }


def _message(contract: type[Event], key: str) -> dict[str, Any]:
    return {
        "name": contract.type,
        "summary": (contract.__doc__ or "").strip().splitlines()[0],
        "payload": {"schemaFormat": FORMAT, "schema": {"$ref": f"./{contract.type}.json"}},
        "bindings": {"kafka": {"key": {**_TEXT, "description": key}}},
    }


def _ingest_headers(ingest: Ingest) -> dict[str, Any]:
    """In binary mode; in structured mode the attributes are in the value."""
    attributes = ("ce_specversion", "ce_id", "ce_source", "ce_type", "content-type")
    named = dict.fromkeys(ingest.headers, _TEXT)
    return {
        "type": "object",
        "required": [*attributes, *named],
        "properties": {n: HEADERS["properties"][n] for n in attributes} | {"ce_id": _TEXT} | named,
    }


def _written_to(name: str, ingest: Ingest) -> dict[str, Any]:
    """The channel of an ingest topic: its messages are those of others, with their own headers."""
    messages = {
        contract.type: {"$ref": f"#/components/messages/{contract.type}.{name}"}
        for contract in ingest.takes
    }
    return _channel(ingest.topic) | {"messages": messages}


def _channel(topic: Topic) -> dict[str, Any]:
    return {
        "address": topic.name,
        "messages": {k: {"$ref": f"#/components/messages/{k}"} for k in _kinds_on(topic)},
        "x-mainstay-acl-class": acl_class(topic),
        **({"x-mainstay-succeeds": topic.succeeds.name} if topic.succeeds else {}),
        "bindings": {"kafka": {
            "topic": topic.name,
            "partitions": topic.partitions,
            "topicConfiguration": {
                "cleanup.policy": [topic.configuration["cleanup.policy"]],
                "retention.ms": int(topic.configuration["retention.ms"]),
                "retention.bytes": int(topic.configuration["retention.bytes"]),
            },
        }},
    }  # fmt: skip


def _kinds_on(topic: Topic) -> list[str]:
    return sorted(kind for kind, c in platform_contracts().items() if topic in c.topic.generations)


def _sends(topics: dict[str, Topic]) -> dict[str, Any]:
    return {
        f"{topic.publisher} sends to {name}": {
            "action": "send",
            "channel": {"$ref": f"#/channels/{name}"},
        }
        for name, topic in sorted(topics.items())
        if _kinds_on(topic)  # to an ingest topic others write
    }


def _receives(services: list[Service]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for service in services:
        groups = {service.name: with_older(service.handlers_by_type())}
        groups |= {f"{service.name}.{p.name}": with_older(p.by_type()) for p in service.projections}
        for group, heard in groups.items():
            for topic in topics_of(heard):
                kinds = sorted(e.type for e in heard if topic in e.topic.generations)
                found |= _receive(group, topic.name, kinds)
        for ingest in service.ingests:
            kinds = sorted(contract.type for contract in ingest.takes)
            found |= _receive(f"{service.name}.{ingest.name}", ingest.topic.name, kinds)
    return found


def _receive(group: str, topic: str, kinds: list[str]) -> dict[str, Any]:
    return {
        f"{group} receives from {topic}": {
            "action": "receive",
            "channel": {"$ref": f"#/channels/{topic}"},
            "messages": [{"$ref": f"#/channels/{topic}/messages/{kind}"} for kind in kinds],
            "bindings": {"kafka": {"groupId": {"const": group}}},
        }
    }
