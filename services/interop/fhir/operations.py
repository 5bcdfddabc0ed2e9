"""What is asked for: an entry's `request`, checked against its resource.

Sources: FHIR R4 §3.1.0.11 (batch and transaction), §3.1.0.11.2 (what their entries may ask for).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from urllib.parse import parse_qsl

from services.interop.fhir.criteria import Search, read_search
from services.interop.fhir.model import TAKEN, Entry, Resource
from services.interop.messages.model import Refusal, RefusedError

Kind = Literal["transaction", "batch", "message", "resource"]

_URL = re.compile(r"([A-Z][A-Za-z]+)(?:/([A-Za-z0-9\-.]{1,64}))?(?:\?(.+))?")


@dataclass(frozen=True, slots=True)
class Operation:
    """A resource to create or update, or what is to be read.

    `entry` None: it only reads, its type is passed over, or it is refused.
    """

    where: str
    """Of the resource, as a FHIRPath expression."""
    type: str = ""
    method: str | None = None
    url: str | None = field(default=None, repr=False)
    entry: Entry | None = None
    full_url: str | None = None
    criteria: str | None = field(default=None, repr=False)
    """Of a conditional create or update: the query that decides which resource is meant."""
    if_match: str | None = None
    if_none_match: str | None = None
    reads: str | Search | None = field(default=None, repr=False)
    """Of a GET: the id of the resource that is asked for, or what a search is to find."""
    found: str | None = None
    """The id of the resource that a conditional create found: nothing is to be done."""
    sent: Resource = field(default_factory=dict[str, Any], repr=False)
    """Its entry of the bundle, as it came; of a type that is passed over, its type alone."""
    refusals: tuple[Refusal, ...] = ()

    @property
    def is_passed_over(self) -> bool:
        return not self.refusals and self.type not in TAKEN

    @property
    def place(self) -> str:
        """Of what it asks for; of a resource that came alone, the resource."""
        return self.where.removesuffix(".resource")

    def refused(self, code: str, place: str, fix: str) -> Operation:
        """The same, also refused for this; `place` is below the entry, or the whole place."""
        where = self.place + place if place[:1] in ("", ".") else place
        return replace(self, refusals=(*self.refusals, Refusal(code, where, fix)))


@dataclass(frozen=True, slots=True)
class Request:
    """What a body asks for, in its order."""

    kind: Kind
    operations: tuple[Operation, ...]
    header: Resource | None = field(default=None, repr=False)
    """The MessageHeader of a message, which is the first of its operations."""

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        return tuple(one for operation in self.operations for one in operation.refusals)

    @property
    def passed_over(self) -> frozenset[str]:
        """The full URLs of what is not taken; others may refer to it."""
        return frozenset(
            one.full_url for one in self.operations if one.full_url and one.type not in TAKEN
        )

    @property
    def only_reads(self) -> bool:
        return all(one.reads is not None for one in self.operations)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """What is taken of it: not refused, and not passed over."""
        found = (one.entry for one in self.operations if not one.refusals)
        return tuple(one for one in found if one is not None and one.type in TAKEN)


def asked(operation: Operation) -> Operation:
    """What `request` asks for, checked."""
    if operation.method not in _EXPECTED:
        return operation.refused("method-not-taken", ".request.method", "send POST, PUT or GET")
    if operation.refusals and not operation.type:
        return operation
    url = operation.url or ""
    if "://" in url.partition("?")[0] or url.startswith("//"):
        fix = "send an address relative to this server, such as Patient"
        return operation.refused("url-foreign", ".request.url", fix)
    if operation.method == "GET":
        return _reading(operation, url)
    found = _URL.fullmatch(url)
    if found is None or found[1] != operation.type:
        fix = f"send {_EXPECTED[operation.method].format(operation.type)}"
        return operation.refused("url-mismatch", ".request.url", fix)
    return _addressed(operation, found[2], found[3])


_EXPECTED = {
    "POST": "{0}",
    "PUT": "{0}/ID, or {0}?identifier=SYSTEM|VALUE",
    "GET": "the address of a resource or of a search, such as Patient/ID, and no resource",
}


def _reading(operation: Operation, url: str) -> Operation:
    found = _URL.fullmatch(url)
    if operation.type or found is None or (found[2] and found[3]):
        return operation.refused("url-mismatch", ".request.url", _EXPECTED["GET"])
    if found[1] not in TAKEN:
        fix = "resources of this type are not kept"
        return operation.refused("type-not-kept", ".request.url", fix)
    operation = replace(operation, type=found[1], criteria=None)
    if found[2] is not None:
        return replace(operation, reads=found[2])
    pairs = parse_qsl(found[3] or "", keep_blank_values=True)
    try:
        return replace(operation, reads=read_search(pairs, is_lenient=False))
    except RefusedError as refused:
        for one in refused.refusals:
            operation = operation.refused(one.code, ".request.url", one.fix)
        return operation


def _addressed(operation: Operation, id: str | None, query: str | None) -> Operation:
    fix = f"send {_EXPECTED[operation.method or ''].format(operation.type)}"
    if operation.method == "POST":
        if id is not None or query is not None:
            return operation.refused("url-mismatch", ".request.url", fix)
        return operation
    if (id is None) == (query is None):
        return operation.refused("url-mismatch", ".request.url", fix)
    if query is not None:
        return replace(operation, criteria=query)
    if operation.entry is not None and operation.entry.resource.get("id") != id:
        return operation.refused("id-mismatch", ".resource.id", "send the id of the address")
    return operation


def repeated(operation: Operation) -> Operation:
    """One that another entry of its bundle has the name of."""
    return operation.refused("duplicate-entry", ".fullUrl", "send each resource once")
