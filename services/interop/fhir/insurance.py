"""Who pays, from Coverage resources and from the claims that name them (FHIR R4 §13.1, §13.6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from libs.events.contracts.people import Relationship, Subscriber
from services.interop.fhir.elements import (
    as_list,
    as_object,
    as_text,
    coding_of,
    codings_of,
    has_code,
)
from services.interop.fhir.model import Entry, View, refuse
from services.interop.fhir.people import whole_name
from services.interop.patients.read import CoverageFacts

INSURANCE_TYPES = "https://codesystem.x12.org/005010/1336"
_RELATIONSHIPS: dict[str, Relationship] = {
    "self": "self",
    "spouse": "spouse",
    "common": "spouse",
    "child": "child",
    "parent": "other",
    "other": "other",
    "injured": "other",
}
"""The codes of FHIR's subscriber-relationship; `common` is a spouse by common law."""


def read_insurance(claims: list[Entry], view: View) -> list[CoverageFacts]:
    """Who the first claim that tells says pays, the focal one first, then by `sequence`.

    A Coverage or, as in Synthea, a name. What a further claim of the visit names, such as a
    pharmacy's, is not asked after it.
    """
    told: list[CoverageFacts] = []
    for claim in claims:
        found: list[CoverageFacts] = []
        rows = [as_object(row) for row in as_list(claim.resource.get("insurance"))]
        for row in sorted(rows, key=lambda row: (not row.get("focal"), row.get("sequence", 0))):
            coverage = as_object(row.get("coverage"))
            entry = view.follow(coverage, claim)
            where = f"{claim.where}.insurance.coverage"
            agreed = map(as_text, as_list(row.get("preAuthRef")))
            authorization = next((number for number in agreed if number), None)
            if entry is not None and entry.type == "Coverage":
                read = read_coverage_facts(entry, view, where)
                found.append(replace(read, authorization=authorization))
            elif (name := as_text(coverage.get("display"))) is not None:
                found.append(
                    CoverageFacts(payers=(name,), where=where, authorization=authorization)
                )
        told = told or found
    return told


def coverages_of(patient: Entry, view: View) -> list[CoverageFacts]:
    """What the patient is covered by now, in the order that the coverages are to be asked in."""
    entries = [
        entry
        for entry in view.parts_of(patient, "Coverage")
        if entry.resource.get("status") == "active"
    ]
    entries.sort(key=lambda entry: entry.resource.get("order", 1_000_000))
    return [read_coverage_facts(entry, view, entry.where) for entry in entries]


def read_coverage_facts(entry: Entry, view: View, where: str) -> CoverageFacts:
    """Raises RefusedError for a coverage that pays nothing, or whose relationship is unknown."""
    if entry.resource.get("status") != "active":
        refuse("coverage-not-active", where, "name a Coverage whose status is active")
    payor = as_object(next(iter(as_list(entry.resource.get("payor"))), None))
    names = [as_text(payor.get("display")), as_text(payor.get("reference"))]
    organization = view.follow(payor, entry)
    if organization is not None:
        names = [*_ids(organization), as_text(organization.resource.get("name")), *names]
    return CoverageFacts(
        payers=tuple(name for name in names if name is not None),
        where=where,
        member_id=_member_id(entry),
        relationship=_relationship(entry),
        group_number=_group_number(entry),
        subscriber=_subscriber(entry, view),
        medicare_secondary=_insurance_type(entry),
    )


def _subscriber(entry: Entry, view: View) -> Subscriber | None:
    """The insured person: a Patient or a RelatedPerson with a whole name."""
    told = view.follow(entry.resource.get("subscriber"), entry)
    if told is None:
        return None
    family, given = whole_name(told.resource)
    if family is None or given is None:
        return None
    return Subscriber(family=family, given=given, birth_on=_born_on(told))


def _born_on(person: Entry) -> date | None:
    try:
        return date.fromisoformat(as_text(person.resource.get("birthDate")) or "")
    except ValueError:
        return None  # a year or a month alone is no day; no claim depends on it


def _ids(organization: Entry) -> list[str | None]:
    """What the practice's map may call it; one that is contained has only its identifiers."""
    if organization.container is None:
        return [organization.id]
    rows = map(as_object, as_list(organization.resource.get("identifier")))
    return [as_text(row.get("value")) for row in rows]


def _member_id(entry: Entry) -> str | None:
    """The subscriber's number, or the member's (type MB, as US Core has it)."""
    told = as_text(entry.resource.get("subscriberId"))
    if told is not None:
        return told
    rows = map(as_object, as_list(entry.resource.get("identifier")))
    return next(
        (as_text(row.get("value")) for row in rows if has_code(row.get("type"), ("MB",))), None
    )


def _relationship(entry: Entry) -> Relationship:
    told = coding_of(entry.resource.get("relationship"))
    if told is None:
        return "self"
    found = _RELATIONSHIPS.get(told[1])
    if found is None:
        fix = f"send one of {', '.join(sorted(_RELATIONSHIPS))}"
        refuse("relationship-unknown", f"{entry.where}.relationship", fix)
    return found


def _insurance_type(entry: Entry) -> str | None:
    """Coverage.type by X12's code system of the insurance type, data element 1336."""
    codings = codings_of(entry.resource.get("type"))
    return next((code for system, code in codings if system == INSURANCE_TYPES), None)


def _group_number(entry: Entry) -> str | None:
    rows: list[Any] = as_list(entry.resource.get("class"))
    for row in map(as_object, rows):
        if has_code(row.get("type"), ("group",)):
            return as_text(row.get("value"))
    return None
