"""Holds what stands on Kafka against the AsyncAPI document, as somebody who has only both would."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from aiokafka import ConsumerRecord
from jsonschema import Draft202012Validator

from libs.events.catalogue.schemas import closed

Document = dict[str, Any]
Record = ConsumerRecord[bytes, bytes]


class Catalogue:
    """The committed documents; `schemas` by event type."""

    def __init__(self, document: Document, schemas: dict[str, Document]) -> None:
        self.channels: Document = document["channels"]
        self.messages: Document = document["components"]["messages"]
        self.headers = document["components"]["messageTraits"]["cloudevent"]["headers"]
        self._data = {kind: _validator(closed(schema)) for kind, schema in schemas.items()}
        self._headers = _validator({**self.headers, "additionalProperties": False})

    def untold(self, topics: Iterable[str], records: Iterable[Record]) -> Iterator[str]:
        """A line for each topic, type, header, key or datum that the document does not say."""
        topics = set(topics)
        yield from (f"{name}: in no channel" for name in sorted(topics - set(self.channels)))
        yield from (f"{name}: not on Kafka" for name in sorted(set(self.channels) - topics))
        for record in records:
            where = f"{record.topic}/{record.partition} at {record.offset}"
            yield from (f"{where}: {reason}" for reason in self._untold_of(record))

    def _untold_of(self, record: Record) -> Iterator[str]:
        headers = {name: (value or b"").decode() for name, value in record.headers}
        kind = headers.get("ce_type", "")
        if len(headers) != len(record.headers):
            yield "a header comes twice"
        for error in self._headers.iter_errors(headers):
            yield f"headers: {error.validator} at {'/'.join(map(str, error.absolute_path))}"
        if kind not in self.channels.get(record.topic, {"messages": {}})["messages"]:
            yield f"type {kind} is not of this channel"
            return
        data = json.loads(record.value or b"null")
        for error in self._data[kind].iter_errors(data):
            yield f"{kind}: {error.validator} at {'/'.join(map(str, error.absolute_path))}"
        field = self.messages[kind]["bindings"]["kafka"]["key"]["description"]
        key = (record.key or b"").decode()
        if key != str(data.get(field)) or key != headers.get("ce_subject"):
            yield f"{kind}: the key is not {field}"
        if headers.get("ce_practiceid") != data.get("practice_id"):
            yield f"{kind}: another practice than the data's"


def types_of(records: Iterable[Record]) -> set[str]:
    return {dict(record.headers).get("ce_type", b"").decode() for record in records}


def headers_of(records: Iterable[Record]) -> set[str]:
    return {name for record in records for name, _ in record.headers}


def _validator(schema: Document) -> Draft202012Validator:
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
