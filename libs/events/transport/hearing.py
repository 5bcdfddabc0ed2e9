"""How a domain topic's records are read: by their place in its sequence, and by their contracts."""

from __future__ import annotations

from typing import TypeAlias

from libs.events.contracts import Event, contracts
from libs.events.transport.envelope import Envelope, read_envelope, read_sequence
from libs.events.transport.keys import Keys
from libs.events.transport.parked import Record
from libs.events.transport.payload import read_event

Heard: TypeAlias = tuple[Envelope, Event]
"""A received event: its attributes and its data."""


class HearsContracts:
    """What reads events of these types, and passes over the other known ones."""

    types: frozenset[str]
    most_at_once = 2000
    keys: Keys
    """Open the marked fields."""

    def place_of(self, record: Record) -> tuple[int, int] | None:
        return read_sequence(record.headers)

    def hear(self, record: Record, place: tuple[int, int] | None) -> Heard | None:
        envelope = read_record(record, place)
        kind = envelope.type
        if kind in self.types or kind not in contracts():
            return envelope, read_event(envelope, record.value, self.keys)
        return None

    def stays_out(self, record: Record, place: tuple[int, int] | None) -> bool:
        return False


def read_record(record: Record, place: tuple[int, int] | None) -> Envelope:
    """The envelope of a record; raises UnreadableEventError."""
    return read_envelope(
        record.headers,
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        key=record.key,
        place=place,
    )
