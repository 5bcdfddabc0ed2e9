"""Bad input, row by row: each has its verdict, told by code and place, and none is passed over."""

from __future__ import annotations

import json
from typing import Any

import pytest

from services.interop.encounters.translate import translator
from services.interop.fhir.inspect import read_resources
from services.interop.fhir.request import MOST_IN_BATCH
from tests.interop.fhir.reading import connection, read, refusals_of, visits_of
from tests.interop.fhir.test_bad_bundles import CONDITION, ENCOUNTER, PATIENT, bundle

PLACE = "Bundle.entry[0].resource"


def patient(**changes: Any) -> dict[str, Any]:
    """The good bundle, its patient changed."""
    found = bundle()
    found["entry"][0]["resource"] |= changes
    return found


def nested(times: int) -> dict[str, Any]:
    found = bundle()
    for _ in range(times):
        request = {"method": "POST", "url": "Bundle"}
        found = {**bundle(), "entry": [{"resource": found, "request": request}]}
    return found


def extended(times: int) -> list[dict[str, Any]]:
    extension: dict[str, Any] = {"url": "urn:x", "valueBoolean": True}
    for _ in range(times):
        extension = {"url": "urn:x", "extension": [extension]}
    return [extension]


def asked(**request: str) -> dict[str, Any]:
    found = bundle()
    found["entry"][0]["request"] |= request
    return found


def twice(**names: Any) -> dict[str, Any]:
    found = bundle()
    for entry in found["entry"][:2]:
        entry |= names
    return found


def put_twice() -> dict[str, Any]:
    found = bundle()
    found["entry"][0]["request"] = {"method": "PUT", "url": "Patient/p1"}
    found["entry"].append(found["entry"][0])
    return found


def narrative(inner: str) -> dict[str, str]:
    return {
        "status": "generated",
        "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{inner}</div>',
    }


def containing(*rows: dict[str, Any], **more: Any) -> dict[str, Any]:
    return patient(contained=list(rows), **more)


def organization(name: str, part_of: str) -> dict[str, Any]:
    reference = {"reference": part_of}
    return {"resourceType": "Organization", "id": name, "name": "X", "partOf": reference}


def photo(**attachment: str) -> dict[str, Any]:
    return patient(photo=[{"contentType": "image/png", **attachment}])


def many(kind: str, count: int) -> dict[str, Any]:
    entry = {
        "resource": {"resourceType": "Observation"},
        "request": {"method": "POST", "url": "Observation"},
    }
    return {"resourceType": "Bundle", "type": kind, "entry": [entry] * count}


def played_by(reference: str) -> dict[str, Any]:
    found = bundle()
    role = {"resourceType": "PractitionerRole", "practitioner": {"reference": reference}}
    request = {"method": "POST", "url": "PractitionerRole"}
    found["entry"].append({"fullUrl": "urn:uuid:role", "resource": role, "request": request})
    participant = [{"individual": {"reference": "urn:uuid:role"}}]
    found["entry"][1]["resource"]["participant"] = participant
    return found


def subject_is(full_url: str) -> dict[str, Any]:
    found = bundle(1, "resource", "subject", "reference", to=full_url)
    found["entry"][2]["fullUrl"] = full_url
    return found


def of_two_visits() -> dict[str, Any]:
    """A claim with an item of each visit, and one more that says of neither."""
    found = bundle()
    other = {
        "resource": ENCOUNTER | {"id": "e2"},
        "request": {"method": "POST", "url": "Encounter"},
    }
    [item] = found["entry"][3]["resource"]["item"]
    second = item | {"sequence": 2, "encounter": [{"reference": "Encounter/e2"}]}
    third = {k: v for k, v in item.items() if k != "encounter"} | {"sequence": 3}
    found["entry"][3]["resource"]["item"] = [item, second, third]
    found["entry"].append(other)
    return found


CORPUS: list[tuple[str, Any, str, str]] = [
    ("not JSON", b"resourceType=Patient", "not-json", "Bundle"),
    ("a DOCTYPE", b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>', "not-json", "Bundle"),
    ("no resourceType", {"type": "transaction", "entry": []}, "not-a-bundle", "Bundle"),
    ("a batch of 10,000", many("batch", 10_000), "too-many-entries", "Bundle.entry"),
    ("bundles in bundles, 50 deep", nested(50), "too-deep", "Bundle"),
    ("a bundle in a bundle", nested(1), "nested-bundle", PLACE),
    ("one full URL twice", twice(fullUrl="urn:uuid:1"), "duplicate-entry",
     "Bundle.entry[1].fullUrl"),
    ("two updates of one resource", put_twice(), "duplicate-entry", "Bundle.entry[4].fullUrl"),
    ("another host's address", asked(method="PUT", url="https://evil.example/Patient/p1"),
     "url-foreign", "Bundle.entry[0].request.url"),
    ("a path that climbs", asked(method="PUT", url="Patient/../../x"), "url-mismatch",
     "Bundle.entry[0].request.url"),
    ("another type's address", asked(url="Encounter"), "url-mismatch",
     "Bundle.entry[0].request.url"),
    ("a circle of contained resources",
     containing(organization("a", "#b"), organization("b", "#a"),
                managingOrganization={"reference": "#a"}),
     "contained-loop", f"{PLACE}.contained"),
    ("a contained in a contained",
     containing({**organization("a", "#"), "contained": [organization("b", "#")]}),
     "contained-nested", f"{PLACE}.contained[0].contained"),
    ("a # that leads nowhere", patient(managingOrganization={"reference": "#x"}),
     "reference-unknown", f"{PLACE}.managingOrganization.reference"),
    ("an urn that leads nowhere",
     patient(managingOrganization={"reference": "urn:uuid:11111111-1111-1111-1111-111111111111"}),
     "reference-unknown", f"{PLACE}.managingOrganization.reference"),
    ("a modifier extension",
     patient(modifierExtension=[{"url": "urn:not", "valueBoolean": True}]),
     "modifier-extension", f"{PLACE}.modifierExtension[0]"),
    ("a modifier extension within",
     patient(contact=[{"modifierExtension": [{"url": "urn:not", "valueBoolean": True}]}]),
     "modifier-extension", f"{PLACE}.contact[0].modifierExtension[0]"),
    ("extensions, 200 deep", patient(extension=extended(200)), "too-deep", "Bundle"),
    ("a script in the narrative", patient(text=narrative("<script>x</script>")), "narrative",
     f"{PLACE}.text.div"),
    ("an event handler in the narrative", patient(text=narrative('<b onclick="x()">x</b>')),
     "narrative", f"{PLACE}.text.div"),
    ("a script behind a link", patient(text=narrative('<a href=" java&#x73;cript:x()">x</a>')),
     "narrative", f"{PLACE}.text.div"),
    ("an attachment of the file system", photo(url="file:///etc/passwd"), "url",
     f"{PLACE}.photo[0].url"),
    ("an attachment of the machine's own network", photo(url="http://169.254.169.254/latest"),
     "url", f"{PLACE}.photo[0].url"),
    ("an attachment of this host", photo(url="http://localhost/x"), "url", f"{PLACE}.photo[0].url"),
    ("bad base64", photo(data="@@@"), "base64", f"{PLACE}.photo[0].data"),
    ("an id of 65", patient(id="a" * 65), "id", f"{PLACE}.id"),
    ("an id with a slash", patient(id="a/b"), "id", f"{PLACE}.id"),
    ("the 30th of February", patient(birthDate="2026-02-30"), "not-a-date", f"{PLACE}.birthDate"),
    ("a code that is none", patient(gender="SECRET"), "code-unknown", f"{PLACE}.gender"),
    ("an element that is none", patient(gneder="female"), "unknown-element", PLACE),
    ("a text for a boolean", patient(active="true"), "json-type", f"{PLACE}.active"),
    ("both of a choice", patient(deceasedBoolean=False, deceasedDateTime="2026-01-01"),
     "several-values", PLACE),
    ("null", patient(gender=None), "json-type", f"{PLACE}.gender"),
    ("an empty object", patient(maritalStatus={}), "empty-element", f"{PLACE}.maritalStatus"),
    ("a reference to another type", patient(managingOrganization={"reference": "Patient/p1"}),
     "reference-type", f"{PLACE}.managingOrganization.reference"),
    ("a contained type that is none", containing({"resourceType": "Zork", "id": "z"}),
     "resource-missing", f"{PLACE}.contained[0]"),
    ("rules of its own", patient(implicitRules="urn:rules"), "modifier-extension",
     f"{PLACE}.implicitRules"),
    ("a bundle with rules of its own", bundle() | {"implicitRules": "urn:rules"},
     "modifier-extension", "Bundle.implicitRules"),
    ("a member of the bundle that is none", bundle() | {"zork": 1}, "unknown-element", "Bundle"),
    ("a full URL that is a number", twice(fullUrl=5), "json-type", "Bundle.entry[0].fullUrl"),
    ("a thousand and one names", patient(name=[{"family": "X", "given": ["Y"]}] * 1_001),
     "too-many-repeats", f"{PLACE}.name"),
    ("a URI with a space", patient(identifier=[{"system": "urn: x", "value": "1"}]),
     "value-not-accepted", f"{PLACE}.identifier[0].system"),
    ("an attachment of this host by a short address", photo(url="http://127.1/x"), "url",
     f"{PLACE}.photo[0].url"),
    ("an attachment of this host by wide digits", photo(url="http://１２７.０.０.１/x"), "url",
     f"{PLACE}.photo[0].url"),
    ("an attachment of this host by its full name", photo(url="http://localhost./x"), "url",
     f"{PLACE}.photo[0].url"),
    ("a comment that a browser ends early",
     patient(text=narrative("<!--><script>x</script>-->")), "narrative", f"{PLACE}.text.div"),
    ("a CDATA that a browser does not know",
     patient(text=narrative("<![CDATA[><script>x</script>]]>")), "narrative", f"{PLACE}.text.div"),
    ("entities in a narrative", patient(text={"status": "generated", "div":
     '<!DOCTYPE d [<!ENTITY a "aa">]><div xmlns="http://www.w3.org/1999/xhtml">&a;</div>'}),
     "narrative", f"{PLACE}.text.div"),
    ("a role that is played by itself", played_by("urn:uuid:role"), "reference-type",
     "Bundle.entry[4].resource.practitioner.reference"),
    ("a role that is played by what contains it", played_by("#"), "reference-type",
     "Bundle.entry[4].resource.practitioner.reference"),
    ("a visit of a diagnosis", subject_is("urn:uuid:condition"), "reference-type",
     "Bundle.entry[1].resource.subject.reference"),
    ("a charge of nobody knows which visit", of_two_visits(), "encounter-missing",
     "Bundle.entry[3].resource.item[2].encounter"),
    ("a type that is none", {**bundle(), "entry": [{"resource": {"resourceType": "Pateint"},
     "request": {"method": "POST", "url": "Pateint"}}]}, "type-unknown", PLACE),
]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "code", "where"), [row[1:] for row in CORPUS], ids=[row[0] for row in CORPUS]
)
def test_bad_input_is_refused_by_code_and_place(body: Any, code: str, where: str) -> None:
    found = refusals_of(body)
    assert (code, where) in found
    assert {other for other, _ in found} == {code}


def test_an_instant_needs_its_zone() -> None:
    booking = {
        "resourceType": "Appointment",
        "id": "a1",
        "status": "booked",
        "start": "2026-03-06T15:00:00",
        "participant": [{"actor": {"reference": "Patient/p1"}, "status": "accepted"}],
    }
    body = bundle()
    request = {"method": "POST", "url": "Appointment"}
    body["entry"].append({"resource": booking, "request": request})
    assert refusals_of(body) == [("not-a-time", "Bundle.entry[4].resource.start")]


def test_a_partial_date_is_taken_where_nothing_depends_on_the_day() -> None:
    body = bundle()
    body["entry"][2]["resource"]["onsetDateTime"] = "2026-02"
    assert refusals_of(body) == []


def test_as_many_entries_as_are_allowed_are_taken() -> None:
    for kind, count in (("batch", MOST_IN_BATCH), ("transaction", 10_000)):
        reading = read_resources(json.dumps(many(kind, count)).encode(), connection())
        assert (len(reading.resources), reading.refusals) == (count, ())


def test_extensions_as_deep_as_the_limit_allows_do_not_exhaust_the_stack() -> None:
    assert refusals_of(patient(extension=extended(25))) == []


def test_an_unknown_code_system_is_left_for_the_clinician() -> None:
    body = bundle()
    own = {"coding": [{"system": "urn:our-own", "code": "77"}]}
    body["entry"][2]["resource"] = CONDITION | {"code": own}
    [told] = visits_of(read(body))
    [code] = told.visit.diagnoses
    assert (code.system, code.code) == ("urn:our-own", "77")
    assert translator(connection().profile)("diagnosis", code) is None


def test_a_reading_says_which_resources_are_taken_and_which_are_wrong() -> None:
    body = {
        "resourceType": "Bundle",
        "type": "batch",
        "entry": [
            {"resource": one, "request": {"method": "POST", "url": one["resourceType"]}}
            for one in (
                PATIENT,
                PATIENT | {"id": "p2", "gender": "x"},
                {"resourceType": "Observation"},
            )
        ],
    }
    reading = read_resources(json.dumps(body).encode(), connection())
    found = [(one.type, one.is_taken, len(one.refusals)) for one in reading.resources]
    assert found == [("Patient", True, 0), ("Patient", False, 1), ("Observation", False, 0)]
    assert len(reading.told) == 1


def test_each_visit_of_a_claim_is_charged_its_own_items() -> None:
    body = of_two_visits()
    claim = body["entry"][3]["resource"]
    claim["item"] = claim["item"][:2]
    claim["item"][1]["net"] = {"value": 20, "currency": "USD"}
    told = visits_of(read(body))
    assert [[one.charge_cents for one in visit.visit.lines] for visit in told] == [
        [17_810],
        [2_000],
    ]
