"""A visit's charges and diagnoses: Encounter, Condition and Claim resources (FHIR R4)."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from libs.events.contracts.values import round_half_even
from services.interop.bundles.model import (
    Bundle,
    Entry,
    as_list,
    as_object,
    as_text,
    coding_of,
    refuse,
)
from services.interop.bundles.people import read_practitioner
from services.interop.connections.model import Connection
from services.interop.encounters.model import VoidReason
from services.interop.encounters.read import LineFacts, ProviderFacts, VisitFacts
from services.interop.messages.model import EARLIEST_YEAR, LATEST_YEAR
from services.interop.patients.read import CoverageFacts

Code = tuple[str, str]


def read_visit_facts(entry: Entry, bundle: Bundle, connection: Connection) -> VisitFacts:
    """Raises RefusedError naming the element."""
    claims = claims_of(entry, bundle)
    found = _diagnoses(entry, claims, bundle)
    diagnoses = found or _of_visit_type(entry, connection)
    lines = tuple(line for claim in claims for line in _lines(claim, bundle, found))
    return VisitFacts(
        reference=entry.id,
        service_on=_service_on(entry, connection),
        visit_class=as_text(as_object(entry.resource.get("class")).get("code")),
        providers=_providers(entry, bundle),
        diagnoses=tuple(diagnoses),
        lines=lines,
        where=entry.where,
    )


TAKEN_BACK: dict[str, VoidReason] = {
    "entered-in-error": "entered-in-error",
    "cancelled": "cancelled",
}
"""Encounter.status (FHIR R4 §8.11) and Claim.status (§13.2) of what never was, or is no more."""


def taken_back(visit: Entry, bundle: Bundle) -> VoidReason | None:
    """Why a visit is void: it says so itself, or every claim for it does."""
    status = as_text(visit.resource.get("status")) or ""
    claims = _all_claims_of(visit, bundle)
    if status in TAKEN_BACK or not claims:
        return TAKEN_BACK.get(status)
    reasons: list[VoidReason | None] = [
        TAKEN_BACK.get(as_text(claim.resource.get("status")) or "") for claim in claims
    ]
    return reasons[0] if None not in reasons else None


def claims_of(visit: Entry, bundle: Bundle) -> list[Entry]:
    """The visit's own claims that stand; a pharmacy's are the pharmacy's to bill."""
    claims = _all_claims_of(visit, bundle)
    return [claim for claim in claims if claim.resource.get("status") not in TAKEN_BACK]


def _all_claims_of(visit: Entry, bundle: Bundle) -> list[Entry]:
    found: list[Entry] = []
    for claim in bundle.of_type("Claim"):
        kind = coding_of(claim.resource.get("type"))
        named = [
            bundle.follow(reference)
            for item in as_list(claim.resource.get("item"))
            for reference in as_list(as_object(item).get("encounter"))
        ]
        if any(entry is visit for entry in named) and (kind is None or kind[1] != "pharmacy"):
            found.append(claim)
    return found


def read_insurance(claims: list[Entry], bundle: Bundle) -> list[CoverageFacts]:
    """Who the claims say pays: a Coverage of the bundle, or, as Synthea writes it, a name."""
    found: list[CoverageFacts] = []
    for claim in claims:
        for row in map(as_object, as_list(claim.resource.get("insurance"))):
            coverage = as_object(row.get("coverage"))
            entry = bundle.follow(coverage)
            where = f"{claim.where}.insurance.coverage"
            if entry is not None and entry.type == "Coverage":
                found.append(_coverage(entry, bundle, where))
            elif (name := as_text(coverage.get("display"))) is not None:
                found.append(CoverageFacts(payers=(name,), where=where))
    return found


def _coverage(entry: Entry, bundle: Bundle, where: str) -> CoverageFacts:
    payor = as_object(next(iter(as_list(entry.resource.get("payor"))), None))
    organization = bundle.follow(payor)
    names = [as_text(payor.get("display")), as_text(payor.get("reference"))]
    if organization is not None:
        names = [organization.id, as_text(organization.resource.get("name")), *names]
    return CoverageFacts(
        payers=tuple(name for name in names if name is not None),
        where=where,
        member_id=as_text(entry.resource.get("subscriberId")),
    )


def _service_on(entry: Entry, connection: Connection) -> date:
    """The day on which the visit began, in the connection's time zone."""
    where = f"{entry.where}.period.start"
    text = as_text(as_object(entry.resource.get("period")).get("start"))
    if text is None:
        refuse("service-date-missing", where, "send when the visit began")
    try:
        began = datetime.fromisoformat(text)
    except ValueError:
        refuse("not-a-time", where, "write the time as FHIR's dateTime, with its offset")
    if not EARLIEST_YEAR <= began.year <= LATEST_YEAR:
        refuse("not-a-time", where, "send a year between 1900 and 2199")
    return began.date() if began.tzinfo is None else began.astimezone(connection.zone).date()


def _providers(entry: Entry, bundle: Bundle) -> tuple[ProviderFacts, ...]:
    participants = map(as_object, as_list(entry.resource.get("participant")))
    found = (read_practitioner(p.get("individual"), bundle) for p in participants)
    return tuple(provider for provider in found if provider is not None)


def _diagnoses(visit: Entry, claims: list[Entry], bundle: Bundle) -> list[Code]:
    """What the claims name, in their order, then the conditions found at the visit; each once."""
    named = [code for claim in claims for _, code in _claimed(claim, bundle)]
    found = [
        coding_of(entry.resource.get("code"))
        for entry in bundle.of_type("Condition")
        if bundle.follow(entry.resource.get("encounter")) is visit
    ]
    return list(dict.fromkeys(code for code in (*named, *found) if code is not None))


def _of_visit_type(visit: Entry, connection: Connection) -> list[Code]:
    """A visit without a finding, such as a check-up, is its own reason where the map says so."""
    types = [coding_of(concept) for concept in as_list(visit.resource.get("type"))]
    mapped = {(r.system, r.code) for r in connection.profile.codes if r.kind == "diagnosis"}
    return [code for code in types if code in mapped][:1]


def _claimed(claim: Entry, bundle: Bundle) -> list[tuple[str, Code | None]]:
    """A claim's diagnoses: (sequence, code), by reference to a Condition or written out."""
    found: list[tuple[str, Code | None]] = []
    for row in map(as_object, as_list(claim.resource.get("diagnosis"))):
        entry = bundle.follow(row.get("diagnosisReference"))
        concept = entry.resource.get("code") if entry else row.get("diagnosisCodeableConcept")
        found.append((str(row.get("sequence")), coding_of(concept)))
    return found


def _lines(claim: Entry, bundle: Bundle, diagnoses: list[Code]) -> list[LineFacts]:
    lines: list[LineFacts] = []
    for place, row in enumerate(as_list(claim.resource.get("item"))):
        item, where = as_object(row), f"{claim.where}.item[{place}]"
        code = coding_of(item.get("productOrService"))
        if code is None:
            refuse("procedure-missing", f"{where}.productOrService", "send a coded service")
        if code in diagnoses:
            continue  # Synthea lists the claim's conditions among its items
        lines.append(
            LineFacts(
                system=code[0],
                code=code[1],
                units=_units(item.get("quantity"), f"{where}.quantity"),
                diagnoses=_pointers(item, claim, bundle, diagnoses),
                charge_cents=_cents(item.get("net"), f"{where}.net"),
            )
        )
    return lines


def _pointers(item: Any, claim: Entry, bundle: Bundle, diagnoses: list[Code]) -> tuple[int, ...]:
    told = set(map(str, as_list(item.get("diagnosisSequence"))))
    return tuple(
        diagnoses.index(code) + 1
        for sequence, code in _claimed(claim, bundle)
        if sequence in told and code is not None
    )


def _units(quantity: Any, where: str) -> int:
    value = as_object(quantity).get("value", 1)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 999:
        refuse("units", f"{where}.value", "send whole units, 1 to 999")
    return value


def _cents(money: Any, where: str) -> int | None:
    value = as_object(money).get("value")
    if value is None:
        return None
    if as_object(money).get("currency", "USD") != "USD":
        refuse("currency", f"{where}.currency", "send amounts in USD")
    if not isinstance(value, int | Decimal) or isinstance(value, bool) or not 0 <= value <= 10**9:
        refuse("amount", f"{where}.value", "send the amount as a number of dollars")
    return round_half_even(Decimal(value) * 100)
