"""Where in a message a value stands that its contract does not take: `Person.given` is PID-5.2."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from services.interop.connections.fields import FieldMap
from services.interop.messages.model import Refusal
from services.interop.mllp.mapped import place_of

_PLACES = {
    "Person.family": "PID-5.1",
    "Person.given": "PID-5.2",
    "Person.birth_on": "PID-7",
    "Person.address_line": "PID-11.1",
    "Person.city": "PID-11.3",
    "Person.postal_code": "PID-11.5",
    "Person.email": "PID-13.4",
    "Coverage.member_id": "IN1-36",
    "Coverage.group_number": "IN1-8",
    "Visit.diagnoses": "DG1",
    "Visit.lines": "FT1",
    "Visit.ehr_charge_cents": "FT1-11",
    "SourceLine.modifiers": "FT1-26",
}


def in_message(refusals: Iterable[Refusal], fields: FieldMap) -> tuple[Refusal, ...]:
    """The same refusals, each at its HL7 place where it has one."""
    places = _PLACES
    if fields.member_id:
        places = _PLACES | {"Coverage.member_id": place_of(fields.member_id)}
    return tuple(
        replace(refusal, where=places.get(_field(refusal.where), refusal.where))
        for refusal in refusals
    )


def _field(where: str) -> str:
    """A contract and its field, without the place in a list."""
    return ".".join(where.split(".")[:2])
