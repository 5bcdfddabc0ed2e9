"""A message as it came, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Literal
from uuid import UUID, uuid4

from libs.events.contracts import Event

Fate = Literal["accepted", "refused", "duplicate", "waiting", "rehearsed"]
"""`rehearsed`: of a connection in testing; understood, answered as taken, without an effect."""

EARLIEST_YEAR, LATEST_YEAR = 1900, 2199
"""Of a visit or an appointment; outside them a conversion of time zones may leave the calendar."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One thing that is wrong: a closed code, where it stands, and the fix. Never a value."""

    code: str
    where: str
    """HL7 ERR-2 style (PID-3), a FHIRPath expression, or a JSON path."""
    fix: str


class RefusedError(Exception):
    """The message is not taken; nothing of it has an effect."""

    def __init__(self, *refusals: Refusal) -> None:
        super().__init__(", ".join(f"{r.code} at {r.where}" for r in refusals))
        self.refusals = refusals


@dataclass(frozen=True, slots=True)
class Inbound:
    """A message as its transport handed it over. `raw` holds no key."""

    type: str
    control_id: str
    """MSH-10, a bundle's hash, or a CloudEvent's source and id: the same again is a duplicate."""
    raw: bytes = field(repr=False)
    canonical: bytes | None = field(default=None, repr=False)
    """The content in one spelling, where `raw` may spell the same content differently."""
    asked: bytes | None = field(default=None, repr=False)
    """How it came, where `raw` does not say it; kept with a refused one, to be taken again."""
    message_id: UUID = field(default_factory=uuid4)

    @property
    def sha256(self) -> bytes:
        return sha256(self.raw if self.canonical is None else self.canonical).digest()


_ID_FIELD = {"hl7v2": "MSH-10", "fhir": "Bundle", "cloudevents": "id"}


def control_id_reused(kind: str) -> Refusal:
    return Refusal(
        code="control-id-reused",
        where=_ID_FIELD[kind],
        fix="a message with this id and other content was taken before; "
        "give each new message an id of its own",
    )


@dataclass(slots=True)
class Effects:
    """What a message leads to, gathered until all of it is known to be right."""

    events: list[Event] = field(default_factory=list[Event])
    waiting: bool = False
    """A visit in it waits for its clinician's answer."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a message, as its sender is told."""

    message_id: UUID
    fate: Fate
    received_at: datetime
    """When the message came; of a duplicate, when the first of them did."""
    refusals: tuple[Refusal, ...] = ()

    @property
    def is_taken(self) -> bool:
        return self.fate != "refused"

    @property
    def is_turned_away(self) -> bool:
        """Its connection takes no messages: this one was not even kept."""
        return any(r.code in ("connection-suspended", "connection-closed") for r in self.refusals)
