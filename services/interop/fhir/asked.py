"""How a resource was asked for, kept with a refused one, so that the same can be decided again.

A bundle says it itself. A single resource has its method, id and conditions in the address and the
headers; an entry of a batch has them beside the resource, and its place in the id that it is given.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from libs.events.contracts import Contract
from services.interop.connections.model import Connection
from services.interop.fhir.elements import as_object
from services.interop.fhir.operations import Operation, Request, repeated
from services.interop.fhir.request import read_bundle, read_entry, read_one
from services.interop.fhir.strict import read_json
from services.interop.messages.model import Inbound


class AskedOne(Contract):
    """A resource that came alone."""

    by: Literal["address"] = "address"
    method: Literal["POST", "PUT"]
    id: str | None
    criteria: str | None
    if_match: str | None


class AskedEntry(Contract):
    """An entry of a batch."""

    by: Literal["entry"] = "entry"
    place: int
    seed: str
    """The hash of its batch, of which ids are made."""
    full_url: str | None
    request: dict[str, str]
    is_repeated: bool
    """Another entry of its batch has its name."""

    @classmethod
    def of(cls, operation: Operation, place: int, seed: str) -> AskedEntry:
        told = as_object(operation.sent.get("request"))
        return cls(
            place=place,
            seed=seed,
            full_url=operation.full_url,
            request={name: value for name, value in told.items() if isinstance(value, str)},
            is_repeated=any(one.code == "duplicate-entry" for one in operation.refusals),
        )


Asked = AskedOne | AskedEntry
_asked: TypeAdapter[Asked] = TypeAdapter(Annotated[Asked, Field(discriminator="by")])


def write_asked(asked: Asked) -> bytes:
    return asked.model_dump_json().encode()


def read_again(inbound: Inbound, connection: Connection) -> Request:
    """The request of a kept message; raises RefusedError."""
    if inbound.asked is None:
        return read_bundle(inbound.raw, connection)
    asked = _asked.validate_json(inbound.asked)
    if isinstance(asked, AskedOne):
        return read_one(
            inbound.raw,
            inbound.type,
            connection,
            method=asked.method,
            id=asked.id,
            criteria=asked.criteria,
            if_match=asked.if_match,
        )
    resource = read_json(inbound.raw, "Resource")
    row = {"fullUrl": asked.full_url, "request": asked.request, "resource": resource}
    told = {name: value for name, value in row.items() if value is not None}
    operation = read_entry(told, asked.place, asked.seed, connection)
    return Request("resource", (repeated(operation) if asked.is_repeated else operation,))
