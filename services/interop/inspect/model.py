"""What an inspection found, in the shape in which it is told."""

from __future__ import annotations

import operator
import re
from collections.abc import Iterable, Sequence
from typing import Literal

from pydantic import Field

from libs.events.contracts import Contract, Event
from libs.events.contracts.interop_queries import QueryOpened
from services.interop.messages.model import Refusal

_PLACE = re.compile(r"([A-Z][A-Z0-9]{2})(?:\[\d+\])?(-[\d.]+)?")

Ack = Literal["AA", "AE", "AR"]


class UnreadableError(Exception):
    """The file holds nothing to inspect; says what to do."""


class Reason(Contract):
    """Why an HL7 v2 message is refused: the segment, the field as in `PID-7`, and the fix."""

    segment: str | None
    field: str | None
    message: str

    @classmethod
    def of(cls, refusal: Refusal) -> Reason:
        found = _PLACE.fullmatch(refusal.where)
        return cls(
            segment=found[1] if found else None,
            field=None if found and not found[2] else refusal.where,
            message=_message(refusal),
        )


class InspectedMessage(Contract):
    """One HL7 v2 message: the answer that its sender would get, and what it would become."""

    control_id: str
    type: str
    version: str
    ack: Ack
    reasons: tuple[Reason, ...]
    events: tuple[str, ...]
    read_from: dict[str, str] = Field(default_factory=dict[str, str], exclude_if=operator.not_)
    """Fact → the path of the profile that it was read from."""


class InspectedHl7(Contract):
    """A file of HL7 v2 messages."""

    file: str
    messages: tuple[InspectedMessage, ...]
    to_map: tuple[str, ...] = Field((), exclude_if=operator.not_)
    """What a profile that was filled in for the inspection has yet to name."""

    @property
    def is_accepted(self) -> bool:
        return all(message.ack == "AA" for message in self.messages)


class Issue(Contract):
    """Why a FHIR bundle is refused: the FHIRPath expression, and the fix."""

    expression: str
    message: str

    @classmethod
    def of(cls, refusal: Refusal) -> Issue:
        return cls(expression=refusal.where, message=_message(refusal))


class InspectedFhir(Contract):
    """A FHIR bundle: `accepted` is how many of its resources would be taken."""

    file: str
    resources: dict[str, int]
    accepted: int
    refused: tuple[Issue, ...]
    events: dict[str, int]

    @property
    def is_accepted(self) -> bool:
        return not self.refused


class ToMap(Contract):
    """What a real connection's profile would have to say before this is billed."""

    payers: tuple[str, ...] = ()
    practitioners: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        return [
            *(f"payer {name}" for name in self.payers),
            *(f"practitioner {name} (no NPI)" for name in self.practitioners),
            *self.codes,
        ]


def unmapped_codes(events: Iterable[Event]) -> tuple[str, ...]:
    """The codes that became queries, each once: `procedure 99011 (system unknown)`."""
    found = [
        f"{event.reason.removeprefix('unmapped-')} {event.code} (system {event.code_system})"
        for event in events
        if isinstance(event, QueryOpened) and event.reason.startswith("unmapped-")
    ]
    return tuple(dict.fromkeys(found))


def reasons_of(refusals: Sequence[Refusal]) -> tuple[Reason, ...]:
    return tuple(Reason.of(refusal) for refusal in refusals)


def _message(refusal: Refusal) -> str:
    return f"{refusal.fix} ({refusal.code})"
