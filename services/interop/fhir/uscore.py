"""US Core 6.1.0: what a resource has to have where it claims a profile, and what it should have.

Source: the mandatory and must-support elements, without extensions, without what R4 itself
requires (check.py refuses that) and, but for how a patient is reached, without what only USCDI asks
for. Must support is a warning, because a sender that has no value leaves the element out. A
mandatory element that is missing makes the claim of a profile false, so that is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from services.interop.fhir.elements import as_object, as_rows, has_code
from services.interop.fhir.model import Resource
from services.interop.messages.model import Refusal

_BASE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"


@dataclass(frozen=True, slots=True)
class Profile:
    """Element paths; a choice of types is written with its [x], one of elements with a bar."""

    name: str
    type: str
    mandatory: tuple[str, ...]
    """Each where its parent is there."""
    supported: tuple[str, ...]


def _profile(name: str, kind: str, mandatory: str, supported: str) -> Profile:
    return Profile(name, kind, tuple(mandatory.split()), tuple(supported.split()))


PROFILES = (
    _profile(
        "patient",
        "Patient",
        "identifier identifier.system identifier.value name gender telecom.system telecom.value",
        "name.family name.given birthDate address.line address.city address.state"
        " address.postalCode telecom communication.language",
    ),
    _profile(
        "coverage",
        "Coverage",
        "relationship",
        "identifier.type type subscriberId period class.value class.name",
    ),
    _profile("relatedperson", "RelatedPerson", "active", "relationship name telecom address"),
    _profile(
        "practitioner",
        "Practitioner",
        "identifier identifier.system identifier.value name name.family",
        "telecom.system telecom.value address.line address.city address.state address.postalCode"
        " address.country",
    ),
    _profile(
        "practitionerrole",
        "PractitionerRole",
        "telecom.system telecom.value",
        "practitioner organization code specialty location telecom endpoint",
    ),
    _profile(
        "organization",
        "Organization",
        "active name",
        "identifier.system identifier.value telecom.system telecom.value address.line address.city"
        " address.state address.postalCode address.country",
    ),
    _profile(
        "location",
        "Location",
        "name",
        "status telecom address.line address.city address.state address.postalCode"
        " managingOrganization",
    ),
    _profile(
        "encounter",
        "Encounter",
        "identifier.system identifier.value type subject",
        "identifier participant.type participant.period participant.individual period"
        " reasonCode|reasonReference hospitalization.dischargeDisposition"
        " location.location|serviceProvider",
    ),
    _profile(
        "condition-encounter-diagnosis",
        "Condition",
        "category code",
        "clinicalStatus verificationStatus encounter onset[x] abatement[x] recordedDate",
    ),
    _profile(
        "condition-problems-health-concerns",
        "Condition",
        "category code",
        "clinicalStatus verificationStatus onset[x] abatement[x] recordedDate",
    ),
    _profile("procedure", "Procedure", "code", "performed[x]"),
    _profile(
        "servicerequest",
        "ServiceRequest",
        "code",
        "category occurrence[x] authoredOn requester",
    ),
)
_BY_URL = {_BASE + profile.name: profile for profile in PROFILES}


def false_claims(resource: Resource, where: str) -> list[Refusal]:
    """Mandatory elements that are missing in a resource that claims the profile (meta.profile)."""
    claimed = as_rows(as_object(resource.get("meta")).get("profile"))
    return [
        Refusal("profile-element-missing", place, _fix(profile, "requires"))
        for url in claimed
        if isinstance(url, str) and (profile := _BY_URL.get(url.partition("|")[0])) is not None
        if profile.type == resource.get("resourceType")
        for path in profile.mandatory
        for place in _gaps(resource, path, where)
    ]


def warnings_of(resource: Resource, where: str) -> list[Refusal]:
    """What US Core would like to see, whether the resource claims a profile or not."""
    profile = _usual(resource)
    if profile is None:
        return []
    gaps = [place for path in profile.mandatory for place in _gaps(resource, path, where)]
    for path in profile.supported:
        choices = path.split("|")
        if not any(_has([resource], one.split(".")) for one in choices):
            gaps.append(" | ".join(f"{where}.{one}" for one in choices))
    return [Refusal("us-core-element-missing", gap, _fix(profile, "looks for")) for gap in gaps]


def _fix(profile: Profile, verb: str) -> str:
    return f"send it where you have it: us-core-{profile.name} (6.1.0) {verb} this element"


def _usual(resource: Resource) -> Profile | None:
    """The profile of a resource's type; a condition is a visit's finding, or a problem."""
    kind = resource.get("resourceType")
    found = [profile for profile in PROFILES if profile.type == kind]
    if kind == "Condition":
        is_problem = any(
            has_code(concept, ("problem-list-item", "health-concern"))
            for concept in as_rows(resource.get("category"))
        )
        return found[1] if is_problem else found[0]
    return found[0] if found else None


def _gaps(row: Resource, path: str, where: str) -> Iterator[str]:
    """The places where a mandatory element is missing: in each of its parents that is there."""
    step, _, rest = path.partition(".")
    if not rest:
        if step not in row and f"_{step}" not in row:
            yield f"{where}.{step}"
        return
    value = row.get(step)
    for number, one in enumerate(as_rows(value) if value is not None else []):
        at = f"{where}.{step}[{number}]" if isinstance(value, list) else f"{where}.{step}"
        yield from _gaps(as_object(one), rest, at)


def _has(rows: list[Any], path: list[str]) -> bool:
    """True where any of the rows has the element, or says why it has none."""
    if not path:
        return True
    step, *rest = path
    for row in map(as_object, rows):
        if step.endswith("[x]"):
            if any(name.startswith(step.removesuffix("[x]")) for name in row):
                return True
            continue
        if f"_{step}" in row and not rest:
            return True
        if step in row and _has(as_rows(row[step]), rest):
            return True
    return False
