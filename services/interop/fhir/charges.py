"""A visit's charges and diagnoses: Encounter, Condition, Claim and ChargeItem (FHIR R4)."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from libs.events.contracts.values import round_half_even
from services.interop.connections.model import Connection
from services.interop.encounters.model import VoidReason
from services.interop.encounters.read import LineFacts, ProviderFacts, ReferringFacts, VisitFacts
from services.interop.fhir.elements import as_list, as_object, as_text, coding_of, has_code
from services.interop.fhir.model import Entry, Resource, View, refuse
from services.interop.fhir.people import read_practitioner, whole_name
from services.interop.messages.model import EARLIEST_YEAR, LATEST_YEAR

Code = tuple[str, str]

_MODIFIER = re.compile(r"[A-Z0-9]{2}")
_NOT_FOUND = ("entered-in-error", "refuted")
"""A condition's verificationStatus that means: the patient does not have it."""


def read_visit_facts(
    entry: Entry, view: View, connection: Connection, reasons: frozenset[Code]
) -> VisitFacts:
    """Raises RefusedError naming the element. `reasons`: what the map takes for a diagnosis."""
    claims = claims_of(entry, view)
    found = _diagnoses(entry, claims, view)
    diagnoses = found or _of_visit_type(entry, reasons)
    lines = [line for claim in claims for line in _lines(claim, entry, view, found)]
    lines += [_charge(item) for item in charge_items_of(entry, view)]
    return VisitFacts(
        reference=entry.id,
        service_on=service_on(entry, connection),
        visit_class=as_text(as_object(entry.resource.get("class")).get("code")),
        providers=_providers(entry, view),
        diagnoses=tuple(diagnoses),
        lines=tuple(lines),
        where=entry.where,
        referring=_referring(entry, view),
    )


TAKEN_BACK: dict[str, VoidReason] = {
    "entered-in-error": "entered-in-error",
    "cancelled": "cancelled",
}
"""The status of an Encounter (FHIR R4 §8.11), a Claim (§13.2) or a ChargeItem (§13.5) that never
was, or is no more."""


def taken_back(visit: Entry, view: View) -> VoidReason | None:
    """Why a visit is void: it says so itself, or every claim and charge item of it does."""
    status = as_text(visit.resource.get("status")) or ""
    if status in TAKEN_BACK:
        return TAKEN_BACK[status]
    charges = [*_own_claims(visit, view), *view.parts_of(visit, "ChargeItem")]
    reasons: list[VoidReason | None] = [
        TAKEN_BACK.get(as_text(one.resource.get("status")) or "") for one in charges
    ]
    return reasons[0] if reasons and None not in reasons else None


def claims_of(visit: Entry, view: View) -> list[Entry]:
    """The visit's own claims that are to be billed: a draft or one taken back charges nothing."""
    claims = _own_claims(visit, view)
    return [claim for claim in claims if claim.resource.get("status") == "active"]


def _own_claims(visit: Entry, view: View) -> list[Entry]:
    """A pharmacy's are the pharmacy's to bill; one may only ask what would be paid."""
    return [
        claim
        for claim in view.parts_of(visit, "Claim")
        if claim.resource.get("use") == "claim"
        and not has_code(claim.resource.get("type"), ("pharmacy",))
    ]


def charge_items_of(visit: Entry, view: View) -> list[Entry]:
    """The visit's own charges that are ready to be billed."""
    items = view.parts_of(visit, "ChargeItem")
    return [item for item in items if item.resource.get("status") == "billable"]


def service_on(entry: Entry, connection: Connection) -> date:
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


def _providers(entry: Entry, view: View) -> tuple[ProviderFacts, ...]:
    treated = (p for p in _participants(entry) if not _sent_the_patient(p))
    found = (read_practitioner(p.get("individual"), entry, view) for p in treated)
    return tuple(provider for provider in found if provider is not None)


def _referring(entry: Entry, view: View) -> ReferringFacts | None:
    """The participant of type REF, where the bundle holds the Practitioner with a whole name."""
    for participant in filter(_sent_the_patient, _participants(entry)):
        provider = read_practitioner(participant.get("individual"), entry, view)
        person = view.follow(participant.get("individual"), entry)
        family, given = whole_name(person.resource) if person is not None else (None, None)
        if provider is not None and family and given:
            return ReferringFacts(provider, family, given)
    return None


def _participants(entry: Entry) -> list[Resource]:
    return [as_object(participant) for participant in as_list(entry.resource.get("participant"))]


def _sent_the_patient(participant: Resource) -> bool:
    """v3 ParticipationType REF: who referred, and did not treat."""
    return any(has_code(kind, ("REF",)) for kind in as_list(participant.get("type")))


def _diagnoses(visit: Entry, claims: list[Entry], view: View) -> list[Code]:
    """What the claims name, in their order, then the conditions found at the visit; each once."""
    named = [code for claim in claims for _, code in _claimed(claim, view)]
    found = [
        coding_of(entry.resource.get("code"))
        for entry in view.parts_of(visit, "Condition")
        if not has_code(entry.resource.get("verificationStatus"), _NOT_FOUND)
    ]
    return list(dict.fromkeys(code for code in (*named, *found) if code is not None))


def _of_visit_type(visit: Entry, reasons: frozenset[Code]) -> list[Code]:
    """A visit without a finding, such as a check-up, is its own reason where the map says so."""
    types = [coding_of(concept) for concept in as_list(visit.resource.get("type"))]
    return [code for code in types if code in reasons][:1]


def _claimed(claim: Entry, view: View) -> list[tuple[str, Code | None]]:
    """A claim's diagnoses: (sequence, code), by reference to a Condition or written out."""
    found: list[tuple[str, Code | None]] = []
    for row in map(as_object, as_list(claim.resource.get("diagnosis"))):
        entry = view.follow(row.get("diagnosisReference"), claim)
        concept = entry.resource.get("code") if entry else row.get("diagnosisCodeableConcept")
        found.append((str(row.get("sequence")), coding_of(concept)))
    return found


def _lines(claim: Entry, visit: Entry, view: View, diagnoses: list[Code]) -> list[LineFacts]:
    """Those of the visit: an item that names no visit is of the only one that its claim names."""
    for place, _ in view.items_of(claim, None):
        where = f"{claim.where}.item[{place}].encounter"
        refuse("encounter-missing", where, "name the visit of this item: its claim names several")
    places = {code: number for number, code in enumerate(diagnoses, start=1)}
    pointers: dict[str, list[int]] = {}
    for sequence, code in _claimed(claim, view):
        if code is not None:
            pointers.setdefault(sequence, []).append(places[code])
    ranks = {sequence: rank for rank, sequence in enumerate(pointers)}
    lines: list[LineFacts] = []
    for place, item in view.items_of(claim, visit):
        where = f"{claim.where}.item[{place}]"
        code = coding_of(item.get("productOrService"))
        if code is None:
            refuse("procedure-missing", f"{where}.productOrService", "send a coded service")
        if code in places:
            continue  # Synthea lists the claim's conditions among its items
        sequences = set(map(str, as_list(item.get("diagnosisSequence"))))
        told = sorted(sequences & pointers.keys(), key=ranks.__getitem__)
        lines.append(
            LineFacts(
                system=code[0],
                code=code[1],
                units=_units(item.get("quantity"), f"{where}.quantity"),
                modifiers=_modifiers(item, where),
                diagnoses=tuple(number for one in told for number in pointers[one]),
                charge_cents=_cents(item.get("net"), f"{where}.net"),
            )
        )
    return lines


def _charge(item: Entry) -> LineFacts:
    """A ChargeItem names no diagnosis of the visit: its line is for all of them."""
    code = coding_of(item.resource.get("code"))
    if code is None:
        refuse("procedure-missing", f"{item.where}.code", "send a coded service")
    return LineFacts(
        system=code[0],
        code=code[1],
        units=_units(item.resource.get("quantity"), f"{item.where}.quantity"),
        charge_cents=_cents(item.resource.get("priceOverride"), f"{item.where}.priceOverride"),
    )


def _modifiers(item: Resource, where: str) -> tuple[str, ...]:
    """HCPCS modifiers in their order (X12 837 SV101-3 to SV101-6)."""
    found: list[str] = []
    for place, concept in enumerate(as_list(item.get("modifier"))):
        code = coding_of(concept)
        if code is None or not _MODIFIER.fullmatch(code[1]):
            refuse("modifier", f"{where}.modifier[{place}]", "send a modifier of two characters")
        found.append(code[1])
    if len(found) > 4:
        refuse("modifier", f"{where}.modifier", "send at most four modifiers")
    return tuple(found)


def _units(quantity: Any, where: str) -> int:
    """Whole units; 1.0 is written by senders that know no integers."""
    value = as_object(quantity).get("value", 1)
    if isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value():
        value = int(value) if abs(value) < 1000 else 0
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
