"""Which references have to lead somewhere, and do not (FHIR R4 §2.3.0, §3.1.0.11.2)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, cast

from services.interop.fhir.check import wrong_target
from services.interop.fhir.model import Entry, View
from services.interop.messages.model import Refusal

_MUST_RESOLVE: dict[str, frozenset[str]] = {
    "Account": frozenset({"subject"}),
    "Appointment": frozenset({"participant.actor"}),
    "ChargeItem": frozenset({"subject", "context"}),
    "Claim": frozenset(
        {"patient", "item.encounter", "diagnosis.diagnosisReference", "insurance.coverage"}
    ),
    "Condition": frozenset({"subject", "encounter"}),
    "Coverage": frozenset({"beneficiary"}),
    "Encounter": frozenset({"subject"}),
    "Procedure": frozenset({"subject", "encounter"}),
    "RelatedPerson": frozenset({"patient"}),
    "ServiceRequest": frozenset({"subject", "encounter"}),
}
"""The elements without whose target a visit, a patient or a coverage is not understood.

Whoever else is referred to may never be sent: a practice's map knows clinicians and payers by id.
"""
_ABOUT = re.compile(r"(?:.*/)?(?:Condition|Coverage|Encounter|Patient)[/?].*")
_RELATIVE = re.compile(r"[#A-Za-z0-9\-./_]*")
_INDEX = re.compile(r"\[\d+\]")


def unresolved(view: View, passed_over: frozenset[str]) -> list[Refusal]:
    """Also what leads to a resource of a type that the element does not take.

    `passed_over`: full URLs of entries whose type is not taken; one may refer to these.
    """
    found: list[Refusal] = []
    for entry in view.entries:
        for place, told, targets in entry.references:
            must = _must_resolve(entry, place, told)
            if not must and (targets is None or _RELATIVE.fullmatch(told)):
                continue  # the type that a relative reference names was looked at in the walk
            target = view.find(told)
            if target is not None and targets is not None and target.type not in targets:
                found.append(wrong_target(f"{entry.where}.{place}", targets))
            elif target is None and must and told not in passed_over:
                found.append(Refusal("reference-unknown", f"{entry.where}.{place}", _UNKNOWN))
    return found


_UNKNOWN = "refer to a resource of this request, or to one that this connection's system has sent"


def missing_of(entries: Iterable[Entry], view: View) -> list[Refusal]:
    """What kept resources refer to, cannot be understood without, and is not in sight.

    What only a bundle could name was looked at when the bundle came.
    """
    fix = "send what this refers to, in any file; what waits for it is taken then"
    return [
        Refusal("reference-unknown", f"{entry.where}.{place}", fix)
        for entry in entries
        for place, told in sorted(_references_at(entry.resource))
        if not told.lower().startswith("urn:")
        and _must_resolve(entry, place, told)
        and view.find(told) is None
    ]


def is_needed(entry: Entry, place: str, told: str) -> bool:
    """True where the element's target is one without which the resource is not understood."""
    element = _INDEX.sub("", place).removesuffix(".reference")
    return element in _MUST_RESOLVE.get(entry.type, ()) and (
        told.lower().startswith("urn:") or _ABOUT.fullmatch(told) is not None
    )


def _must_resolve(entry: Entry, place: str, told: str) -> bool:
    """What only a bundle can name has to be in it; what a visit needs has to be known."""
    if told.startswith("#"):
        return False  # looked at with the resource itself
    if told.lower().startswith("urn:"):
        return True
    return is_needed(entry, place, told)


def _references_at(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Every reference in a resource with its place below the resource."""
    if isinstance(value, dict):
        for name, one in cast(dict[str, Any], value).items():
            below = f"{place}.{name}" if place else name
            if name == "reference" and isinstance(one, str):
                yield below, one
            else:
                yield from _references_at(one, below)
    elif isinstance(value, list):
        for number, one in enumerate(cast(list[Any], value)):
            yield from _references_at(one, f"{place}[{number}]")
