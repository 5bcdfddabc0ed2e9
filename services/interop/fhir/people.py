"""Patient and Practitioner resources (FHIR R4)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from libs.events.contracts.people import Sex
from services.interop.encounters.read import ProviderFacts
from services.interop.fhir.elements import as_list, as_object, as_text
from services.interop.fhir.model import Entry, Resource, View, refuse
from services.interop.patients.read import PatientFacts

NPI_SYSTEM = "http://hl7.org/fhir/sid/us-npi"
_SEX: dict[str, Sex] = {"female": "F", "male": "M"}


def read_patient_facts(entry: Entry) -> PatientFacts:
    """Raises RefusedError naming the element that a claim cannot do without."""
    patient, where = entry.resource, entry.where
    authority, mrn = read_chart(entry)
    family, given = whole_name(patient)
    if family is None:
        refuse("family-name-missing", f"{where}.name.family", "send the family name")
    if given is None:
        refuse("given-name-missing", f"{where}.name.given", "send the given name")
    address = as_object(next(iter(as_list(patient.get("address"))), None))
    language = as_object(next(iter(as_list(patient.get("communication"))), None)).get("language")
    return PatientFacts(
        mrn=mrn,
        authority=authority,
        family=family,
        given=given,
        birth_on=read_day(patient.get("birthDate"), f"{where}.birthDate"),
        sex=_SEX.get(str(patient.get("gender")), "U"),
        where=where,
        address_line=next((x for x in map(as_text, as_list(address.get("line"))) if x), None),
        city=as_text(address.get("city")),
        state=as_text(address.get("state")),
        postal_code=as_text(address.get("postalCode")),
        phone=_telecom(patient, "phone"),
        email=_telecom(patient, "email"),
        language=_language(language),
    )


def read_chart(entry: Entry) -> tuple[str | None, str]:
    """(authority, number) of the identifier of type MR, else of the first that has a value.

    Raises RefusedError where there is none, or two in use of one authority.
    """
    found: list[tuple[bool, str | None, str]] = []
    for row in map(as_object, as_list(entry.resource.get("identifier"))):
        value = as_text(row.get("value"))
        codings = as_list(as_object(row.get("type")).get("coding"))
        is_chart = any(as_object(c).get("code") == "MR" for c in codings)
        if value is not None and row.get("use") != "old":
            found.append((is_chart, as_text(row.get("system")), value))
    where = f"{entry.where}.identifier"
    if not found:
        refuse("chart-number-missing", where, "send the medical record number")
    charts = {row[1:] for row in found if row[0]}
    if len({authority for authority, _ in charts}) < len(charts):
        refuse(
            "chart-numbers-conflict",
            where,
            "send one medical record number of a system; tell of a second chart by Patient.link",
        )
    _, system, value = next((row for row in found if row[0]), found[0])
    return system, value


def whole_name(person: Resource) -> tuple[str | None, str | None]:
    """(family, the first given), of the official name or else the first."""
    name = _name(person)
    given = next((g for g in map(as_text, as_list(name.get("given"))) if g), None)
    return as_text(name.get("family")), given


def _name(patient: Resource) -> Resource:
    """The official name, else the first."""
    names = [as_object(name) for name in as_list(patient.get("name"))]
    official = (name for name in names if name.get("use") == "official")
    return next(official, names[0] if names else {})


def _telecom(patient: Resource, system: str) -> str | None:
    points = map(as_object, as_list(patient.get("telecom")))
    values = (as_text(point.get("value")) for point in points if point.get("system") == system)
    return next((value for value in values if value), None)


def _language(concept: Any) -> str | None:
    coding = as_object(next(iter(as_list(as_object(concept).get("coding"))), None))
    return as_text(coding.get("code"))


def read_day(value: Any, where: str) -> date:
    """A date, or the day that a dateTime is written with; raises RefusedError."""
    text = as_text(value)
    if text is None:
        refuse("date-missing", where, "send the date as YYYY-MM-DD")
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        refuse("not-a-date", where, "write the date as YYYY-MM-DD")


def _named(reference: Resource) -> ProviderFacts | None:
    """A clinician who was not sent: by the identifier that the reference carries, or by id."""
    identifier = as_object(reference.get("identifier"))
    value = as_text(identifier.get("value"))
    if value is not None:
        return ProviderFacts(value, value if identifier.get("system") == NPI_SYSTEM else None)
    told = as_text(reference.get("reference"))
    if told is None or not told.partition("?")[0].rpartition("/")[0].endswith("Practitioner"):
        return None
    return ProviderFacts(told.rpartition("/")[2])


def read_practitioner(reference: Any, within: Entry, view: View) -> ProviderFacts | None:
    """The clinician of an entry's reference: by id in the practice's map, or by the NPI it carries.

    One who is contained has no id that the map could know: an identifier is what names this one.
    """
    entry = view.follow(reference, within)
    if entry is not None and entry.type == "PractitionerRole":
        reference = entry.resource.get("practitioner")
        entry = view.follow(reference, entry)
    if entry is None:
        return _named(as_object(reference))
    if entry.type != "Practitioner":
        return None
    rows = [as_object(row) for row in as_list(entry.resource.get("identifier"))]
    values = [value for row in rows if (value := as_text(row.get("value"))) is not None]
    own = entry.id if entry.container is None else next(iter(values), None)
    npis = (as_text(row.get("value")) for row in rows if row.get("system") == NPI_SYSTEM)
    return None if own is None else ProviderFacts(own, next(npis, None))


def had_died_by(moment: datetime, patient: Entry) -> bool:
    """True where the patient's record says so; a day that is not known to the hour counts whole."""
    if patient.resource.get("deceasedBoolean") is True:
        return True
    text = as_text(patient.resource.get("deceasedDateTime"))
    day = (text or "9")[:10]
    return day < moment.date().isoformat()[: len(day)]
