"""CloudEvents 1.0, Kafka protocol binding, binary mode: attributes are headers, data is the value.

Header names follow the binding (`ce_` and the attribute); `traceparent` stays the bare W3C header,
so that any tracing client finds it. `sequence` is fixed width, so it also sorts as text
(CloudEvents sequence extension): four digits of epoch, a hyphen, twenty digits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from libs.events.contracts import Event
from libs.events.transport.faults import UnreadableEventError

CONTENT_TYPE = "application/json"
Headers = Sequence[tuple[str, bytes | None]]
"""As Kafka gives them: a header may lack its value."""

_SEQUENCE = re.compile(rb"([0-9]{4})-([0-9]{1,20})")
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


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


@dataclass(frozen=True, slots=True)
class Envelope:
    """The attributes of a received event, and where on Kafka it stood."""

    id: UUID
    type: str
    source: str
    time: datetime
    practice_id: UUID
    correlation_id: UUID
    causation_id: UUID | None
    traceparent: str | None
    epoch: int
    sequence: int
    topic: str
    partition: int
    offset: int
    key: str

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


def write_sequence(epoch: int, sequence: int) -> str:
    return f"{epoch:04d}-{sequence:020d}"


def read_sequence(headers: Iterable[tuple[str, bytes | None]]) -> tuple[int, int] | None:
    """The (epoch, sequence) of a record, or None where it has none that a checkpoint can keep."""
    for name, value in headers:
        if name == "ce_sequence":
            place = _SEQUENCE.fullmatch(value or b"")
            if place is not None and int(place[2]) < 2**63:
                return int(place[1]), int(place[2])
    return None


def read_envelope(
    headers: Headers, *, topic: str, partition: int, offset: int, key: bytes | None
) -> Envelope:
    """Read a record's attributes; raises UnreadableEventError naming the header that is wrong."""
    found: dict[str, str] = {}
    try:
        for name, value in headers:
            found[name] = (value or b"").decode()
        place = read_sequence(headers)
        if place is None:
            raise UnreadableEventError("header ce_sequence is missing or malformed")
        if found["ce_specversion"] != "1.0":
            raise UnreadableEventError("header ce_specversion is not 1.0")
        causation = found.get("ce_causationid")
        traceparent = found.get("traceparent", "")
        return Envelope(
            id=UUID(found["ce_id"]),
            type=found["ce_type"],
            source=found["ce_source"],
            time=datetime.fromisoformat(found["ce_time"]),
            practice_id=UUID(found["ce_practiceid"]),
            correlation_id=UUID(found["ce_correlationid"]),
            causation_id=UUID(causation) if causation else None,
            traceparent=traceparent if _TRACEPARENT.fullmatch(traceparent) else None,
            epoch=place[0],
            sequence=place[1],
            topic=topic,
            partition=partition,
            offset=offset,
            key=(key or b"").decode(),
        )
    except KeyError as missing:
        raise UnreadableEventError(f"header {missing.args[0]} is missing") from None
    except ValueError:  # its message would quote the header
        raise UnreadableEventError("a CloudEvents header is malformed") from None
