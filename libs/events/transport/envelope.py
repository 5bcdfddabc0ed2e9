"""CloudEvents 1.0, Kafka protocol binding, binary mode: attributes are headers, data is the value.

Header names follow the binding (`ce_` and the attribute); `traceparent` stays the bare W3C header,
so that any tracing client finds it. `sequence` is fixed width, so it also sorts as text
(CloudEvents sequence extension): four digits of epoch, a hyphen, twenty digits.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from operator import itemgetter
from typing import cast
from uuid import UUID, uuid4

from libs.events.contracts import Event
from libs.events.transport.faults import UnreadableEventError

CONTENT_TYPE = "application/json"
Headers = Sequence[tuple[str, bytes | None]]
"""As Kafka gives them: a header may lack its value."""

_SEQUENCE = re.compile(rb"([0-9]{4})-([0-9]{1,20})")
_TRACEPARENT = re.compile(rb"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_UUID = re.compile(rb"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_TEXT = re.compile(rb"[!-~]+")
_REPEATED = {
    "content-type": re.compile(rb"application/json(?:\s*;.*)?", re.IGNORECASE),
    "ce_specversion": re.compile(rb"1\.0"),
    "ce_type": _TEXT,
    "ce_source": _TEXT,
    "ce_practiceid": _UUID,
}
"""Headers that say the same in most records, so that a look at what was seen before is enough."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a thing comes from: kept with work that goes on later, so that its story stays one."""

    correlation_id: UUID
    causation_id: UUID | None
    traceparent: str | None

    def dump(self) -> str:
        return f"{self.correlation_id} {self.causation_id or '-'} {self.traceparent or '-'}"

    @classmethod
    def load(cls, text: str) -> Origin:
        correlation, causation, trace = text.split(" ")
        return cls(
            correlation_id=UUID(correlation),
            causation_id=None if causation == "-" else UUID(causation),
            traceparent=None if trace == "-" else trace,
        )


class Envelope:
    """The attributes of a received event, and where on Kafka it stood.

    Checked when it is read; what few ask for is made from the headers when they do.
    """

    __slots__ = (
        "_found",
        "_key",
        "epoch",
        "offset",
        "partition",
        "practice_id",
        "sequence",
        "time",
        "topic",
        "type",
    )

    def __init__(
        self,
        found: dict[str, bytes],
        *,
        type: str,
        practice_id: UUID,
        topic: str,
        partition: int,
        offset: int,
        key: bytes,
        place: tuple[int, int],
        time: datetime,
    ) -> None:
        self._found = found
        self._key = key
        self.type = type
        self.practice_id = practice_id
        self.topic = topic
        self.partition = partition
        self.offset = offset
        self.epoch, self.sequence = place
        self.time = time

    @property
    def id(self) -> UUID:
        return UUID(self._found["ce_id"].decode())

    @property
    def id_text(self) -> bytes:
        return self._found["ce_id"]

    @property
    def source(self) -> str:
        return self._found["ce_source"].decode()

    @property
    def correlation_id(self) -> UUID:
        return UUID(self._found["ce_correlationid"].decode())

    @property
    def causation_id(self) -> UUID | None:
        causation = self._found.get("ce_causationid")
        return UUID(causation.decode()) if causation else None

    @property
    def traceparent(self) -> str | None:
        """None where the header is missing or is no traceparent: a story, not a reason to park."""
        written = self._found.get("traceparent", b"")
        return written.decode() if _TRACEPARENT.fullmatch(written) else None

    @property
    def key(self) -> str:
        """The key's text; bytes that are no UTF-8 are none of a contract's."""
        return self._key.decode("utf-8", "backslashreplace")

    @property
    def origin(self) -> Origin:
        """What an event published because of this one comes from."""
        return Origin(self.correlation_id, self.id, self.traceparent)


def write_headers(event: Event, *, source: str, time: datetime, origin: Origin) -> dict[str, str]:
    """The stored headers of a new event; `ce_sequence` is added when the relay places it."""
    headers = {
        "content-type": CONTENT_TYPE,
        "ce_specversion": "1.0",
        "ce_id": str(event.event_id),
        "ce_source": f"/mainstay/{source}",
        "ce_type": event.type,
        "ce_subject": event.key_value,
        "ce_time": time.isoformat(),
        "ce_practiceid": str(event.practice_id),
        "ce_correlationid": str(origin.correlation_id),
    }
    if origin.causation_id is not None:
        headers["ce_causationid"] = str(origin.causation_id)
    if origin.traceparent is not None:
        headers["traceparent"] = origin.traceparent
    return headers


LARGEST_EPOCH = 9999
"""What four digits hold; a text with more of them would sort below those before it."""
EPOCH_BEGUN = "mainstay.epoch-begun.v1"
"""The type of the mark in place 0 of a raised epoch: it tells readers where the epoch begins."""


def write_epoch_mark(epoch: int, *, source: str, time: datetime) -> list[tuple[str, bytes]]:
    """The headers of an epoch's mark; a CloudEvent like any other, so that every tool reads it."""
    headers = {
        "content-type": CONTENT_TYPE,
        "ce_specversion": "1.0",
        "ce_id": str(uuid4()),
        "ce_source": f"/mainstay/{source}",
        "ce_type": EPOCH_BEGUN,
        "ce_time": time.isoformat(),
        "ce_practiceid": str(UUID(int=0)),
        "ce_correlationid": str(uuid4()),
        "ce_sequence": write_sequence(epoch, 0),
    }
    return [(name, value.encode()) for name, value in headers.items()]


def begins_epoch(headers: Headers) -> bool:
    """True for an epoch's mark, which holds no event."""
    return ("ce_type", EPOCH_BEGUN.encode()) in headers


def write_sequence(epoch: int, sequence: int) -> str:
    return f"{epoch:04d}-{sequence:020d}"


def read_sequence(headers: Headers) -> tuple[int, int] | None:
    """The (epoch, sequence) of a record, or None where it has none that a checkpoint can keep."""
    for name, value in reversed(headers):  # relays write it last
        if name == "ce_sequence":
            place = _SEQUENCE.fullmatch(value or b"")
            if place is not None and (sequence := int(place[2])) < 2**63:
                return int(place[1]), sequence
    return None


def read_envelope(
    headers: Headers,
    *,
    topic: str,
    partition: int,
    offset: int,
    key: bytes | None,
    place: tuple[int, int] | None = None,
) -> Envelope:
    """Read a record's attributes; raises UnreadableEventError naming the header that is wrong.

    `place`: its (epoch, sequence), where that was read before.
    """
    place = place or read_sequence(headers)
    if place is None:
        raise UnreadableEventError("header ce_sequence is missing or malformed")
    found = dict(headers)
    try:
        repeated = _read_repeated(_repeated_of(found))
    except KeyError as missing:
        repeated = str(missing.args[0])
    if isinstance(repeated, str):
        raise UnreadableEventError(f"header {repeated} is {_what_is_wrong(found, repeated)}")
    kind, practice_id = repeated
    for name in ("ce_id", "ce_correlationid"):  # and each its own
        if _UUID.fullmatch(found.get(name) or b"") is None:
            raise UnreadableEventError(f"header {name} is {_what_is_wrong(found, name)}")
    causation = found.get("ce_causationid")
    if causation and _UUID.fullmatch(causation) is None:
        raise UnreadableEventError("header ce_causationid is malformed")
    return Envelope(
        cast(dict[str, bytes], found),
        type=kind,
        practice_id=practice_id,
        topic=topic,
        partition=partition,
        offset=offset,
        key=key or b"",
        place=place,
        time=_read_time(found.get("ce_time")),
    )


_repeated_of = itemgetter(*_REPEATED)


@lru_cache(maxsize=4096)
def _read_repeated(values: tuple[bytes | None, ...]) -> tuple[str, UUID] | str:
    """The type and the practice; or the name of the first of `_REPEATED` that is not as it must
    be."""
    found = {name: value or b"" for name, value in zip(_REPEATED, values, strict=True)}
    for name, form in _REPEATED.items():
        if form.fullmatch(found[name]) is None:
            return name
    return found["ce_type"].decode(), UUID(found["ce_practiceid"].decode())


def _read_time(written: bytes | None) -> datetime:
    if not written:
        raise UnreadableEventError("header ce_time is missing")
    try:
        time = datetime.fromisoformat(written.decode())
    except ValueError:  # its message would quote the header
        time = None
    if time is None or time.tzinfo is None:
        raise UnreadableEventError("header ce_time is malformed: no time with its zone (RFC 3339)")
    return time


def _what_is_wrong(found: dict[str, bytes | None], name: str) -> str:
    if not found.get(name):
        return "missing"
    if name == "ce_specversion":
        return "not 1.0"
    return "not application/json" if name == "content-type" else "malformed"
