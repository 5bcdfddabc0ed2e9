"""Which field of an HL7 v2 message holds a fact, where an EHR departs from the usual place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from libs.events.contracts import Contract

_PATH = re.compile(
    r"(?P<segment>[A-Z][A-Z0-9]{2})-(?P<field>[1-9][0-9]{0,2})"
    r"(?:\[(?P<pick>[^\[\]\s]{1,100})\])?"
    r"(?:\.(?P<component>[1-9][0-9]?)(?:\.(?P<sub>[1-9][0-9]?))?)?"
)
_FORM = "write a field as PV1-19, PV1-7.9.2 or PID-3[MR].1"

_READ_IN = {
    "chart_number": "PID",
    "visit_number": "PID PV1 PV2 SCH FT1 Z",
    "visit_class": "PV1 PV2 FT1 SCH AIL Z",
    "provider": "PV1 FT1 PR1 ROL SCH AIP AIG Z",
    "provider_npi": "PV1 FT1 PR1 ROL SCH AIP AIG Z",
    "payer": "IN1 IN2 Z",
    "member_id": "IN1 IN2 Z",
    "medicare_secondary": "IN1 IN2 Z",
    "transaction_id": "FT1",
    "appointment_id": "SCH RGS AIS AIP AIG AIL PV1 Z",
    "appointment_start": "SCH TQ1 AIS AIP AIG AIL PV1 Z",
    "appointment_status": "SCH AIS AIP AIG AIL PV1 Z",
}
"""Fact → the segments that may tell it; a mistyped segment is found when the map is saved, and a
field about the person, such as PID-5, never passes for a code."""

_IDENTIFIERS = {"PID": {2, 3, 4, 18, 21}, "PV1": {5, 19, 50}, "IN1": {3, 49}}
"""The fields of data type CX, whose repetitions have a type (CX.5) and an authority (CX.4)."""


@dataclass(frozen=True, slots=True)
class Path:
    """A place in a message; without a component, its first."""

    segment: str
    field: int
    component: int = 1
    sub: int = 1
    pick: str | None = None
    """The repetition whose identifier type (CX.5) or assigning authority (CX.4) this is."""
    is_whole: bool = True
    """No component was written: the field as such is meant."""

    @property
    def place(self) -> str:
        """As a refusal names it."""
        field = f"{self.segment}-{self.field}"
        return field if self.is_whole else f"{field}.{self.component}"


@lru_cache(maxsize=4096)
def read_path(text: str) -> Path:
    """Raises ValueError, which says how a path is written."""
    found = _PATH.fullmatch(text)
    if found is None:
        raise ValueError(f"this is no place in a message; {_FORM}")
    segment, field, pick = found["segment"], int(found["field"]), found["pick"]
    if pick is not None and not _holds_identifiers(segment, field):
        raise ValueError(
            f"{segment}-{field} holds no identifiers of several types, so [...] picks nothing"
        )
    return Path(
        segment,
        field,
        int(found["component"] or 1),
        int(found["sub"] or 1),
        pick,
        is_whole=found["component"] is None,
    )


def _holds_identifiers(segment: str, field: int) -> bool:
    return segment.startswith("Z") or field in _IDENTIFIERS.get(segment, ())


def _checked(text: str) -> str:
    read_path(text)
    return text


Paths = Annotated[tuple[Annotated[str, AfterValidator(_checked)], ...], Field(max_length=8)]
"""Places in their order: the first that holds a value is taken. None: the usual place."""


class FieldMap(Contract):
    """Where an HL7 v2 message holds what is needed, in place of where it usually does.

    A repeating field is read at its first repetition, or at the one that `[...]` picks.
    """

    chart_number: Paths = ()
    """Usually the PID-3 of type MR, or else its first. A merged chart's number is read from the
    field of MRG that goes with it: PID-2, MRG-4; PID-3, MRG-1; PID-4, MRG-2; PID-18, MRG-3."""
    visit_number: Paths = ()
    """Usually PV1-19; of a charge, else PID-18."""
    visit_class: Paths = ()
    """What `places_of_service` is keyed by; usually PV1-2."""
    provider: Paths = ()
    """The clinician's id in the EHR; usually FT1-20 and PV1-7 of a charge, AIP-3 and PV1-7 of an
    appointment. All that are named are looked for in `practitioners`, in this order."""
    provider_npi: Paths = ()
    """Where the clinician's NPI stands outside the usual id; looked at before `provider`."""
    payer: Paths = ()
    """What `payers` is keyed by; usually IN1-2, IN1-3, IN1-4 and IN1-2.2, whichever is known."""
    member_id: Paths = ()
    """Usually IN1-36, else IN1-49."""
    medicare_secondary: Paths = ()
    """Why another payer comes before Medicare, by X12's code (SBR05: 12, 13, 14, 15, 16, 41, 42,
    43, 47). HL7 v2 has no place of its own for it; without a path it is not read."""
    transaction_id: Paths = ()
    """Of each charge; usually FT1-2."""
    appointment_id: Paths = ()
    """Usually SCH-2, else SCH-1."""
    appointment_start: Paths = ()
    """Usually TQ1-7, else SCH-11.4, AIS-4 or AIP-6."""
    appointment_status: Paths = ()
    """What `appointment_statuses` is keyed by; usually SCH-25."""

    @model_validator(mode="after")
    def each_fact_stands_where_it_may(self) -> Self:
        for name, paths in self.mapped.items():
            segments = _READ_IN[name].split()
            for text in paths:
                path = read_path(text)
                kind = "Z" if path.segment.startswith("Z") else path.segment
                if kind not in segments:
                    raise ValueError(
                        f"{name} is not read from {path.place} but from {_listed(segments)}"
                    )
        return self

    @property
    def mapped(self) -> dict[str, tuple[str, ...]]:
        """The facts that have paths."""
        return {name: paths for name in _READ_IN if (paths := getattr(self, name))}


def _listed(segments: list[str]) -> str:
    named = ["a Z segment" if name == "Z" else name for name in segments]
    return " or ".join([", ".join(named[:-1]), named[-1]] if len(named) > 1 else named)
