"""What is wrong with a bundle is named by code and FHIRPath, all at once, and never repeated."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as any_

from services.interop.fhir.inspect import read_resources
from services.interop.fhir.outcome import operation_outcome
from services.interop.messages.model import RefusedError
from tests.interop.fhir.reading import connection, read, refusals_of, visits_of

HCPCS = "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p1",
    "identifier": [{"value": "1001"}],
    "name": [{"family": "Rivera", "given": ["Alma"]}],
    "gender": "female",
    "birthDate": "1984-05-17",
}
ENCOUNTER: dict[str, Any] = {
    "resourceType": "Encounter",
    "id": "e1",
    "status": "finished",
    "class": {"code": "AMB"},
    "subject": {"reference": "Patient/p1"},
    "period": {"start": "2026-03-02T23:30:00-05:00"},
}
CONDITION: dict[str, Any] = {
    "resourceType": "Condition",
    "id": "c1",
    "subject": {"reference": "Patient/p1"},
    "encounter": {"reference": "Encounter/e1"},
    "code": {"coding": [{"system": "http://snomed.info/sct", "code": "38341003"}]},
}
CLAIM: dict[str, Any] = {
    "resourceType": "Claim",
    "id": "cl1",
    "status": "active",
    "type": {"coding": [{"code": "professional"}]},
    "use": "claim",
    "patient": {"reference": "Patient/p1"},
    "created": "2026-03-03",
    "provider": {"display": "Main Street Clinic"},
    "priority": {"coding": [{"code": "normal"}]},
    "insurance": [{"sequence": 1, "focal": True, "coverage": {"display": "Acme"}}],
    "diagnosis": [{"sequence": 1, "diagnosisReference": {"reference": "Condition/c1"}}],
    "item": [
        {
            "sequence": 1,
            "diagnosisSequence": [1],
            "encounter": [{"reference": "Encounter/e1"}],
            "productOrService": {"coding": [{"system": HCPCS, "code": "G0439"}]},
            "quantity": {"value": 1},
            "net": {"value": 178.10, "currency": "USD"},
        }
    ],
}
NET = "Bundle.entry[3].resource.item[0].net"
QUANTITY = "Bundle.entry[3].resource.item[0].quantity.value"


def bundle(*path: str | int, to: Any = None) -> dict[str, Any]:
    """The good bundle, its value at `path` below `entry` replaced, or taken out with None."""
    entry = [
        {"resource": copy.deepcopy(one), "request": {"method": "POST", "url": one["resourceType"]}}
        for one in (PATIENT, ENCOUNTER, CONDITION, CLAIM)
    ]
    place: Any = entry
    for step in path[:-1]:
        place = place[step]
    if path and to is None:
        del place[path[-1]]
    elif path:
        place[path[-1]] = to
    return {"resourceType": "Bundle", "type": "transaction", "entry": entry}


def written(text: str, instead: str) -> bytes:
    """The good bundle with a piece of its JSON written otherwise."""
    whole = json.dumps(bundle())
    assert text in whole
    return whole.replace(text, instead, 1).encode()


def test_the_good_bundle_is_taken() -> None:
    [told] = visits_of(read(bundle()))
    assert told.visit.service_on.isoformat() == "2026-03-02"  # the connection's day, not UTC's
    assert told.visit.ehr_charge_cents == 17_810
    assert told.visit.lines[0].diagnoses == (1,)


@pytest.mark.parametrize(
    ("body", "code", "where"),
    [
        (b"", "not-json", "Bundle"),
        (b"null", "not-a-bundle", "Bundle"),
        (b"[]", "not-a-bundle", "Bundle"),
        (b'"Bundle"', "not-a-bundle", "Bundle"),
        (b"MSH|^~\\&|EHR", "not-json", "Bundle"),
        (b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]><Bundle/>',
         "not-json", "Bundle"),
        (json.dumps(bundle()).encode()[:-1], "not-json", "Bundle"),
        (json.dumps(bundle()).encode() + b"{}", "not-json", "Bundle"),
        (b"\xef\xbb\xbf" + json.dumps(bundle()).encode(), "not-json", "Bundle"),
        (json.dumps(bundle()).encode("utf-16"), "not-json", "Bundle"),
        (written("Rivera", "Riv\x01era"), "not-json", "Bundle"),
        (json.dumps(bundle()).encode().replace(b"Rivera", b"Riv\xc3(ra"), "not-json", "Bundle"),
        (written("178.1", "NaN"), "not-json", "Bundle"),
        (written("178.1", "-Infinity"), "not-json", "Bundle"),
        (written("178.1", "9" * 5000), "not-json", "Bundle"),
        (written("Rivera", "Riv\\u0000era"), "nul-character", "Bundle"),
        (written('"value": "1001"', '"value": "1001", "value": "1002"'), "duplicate-name",
         "Bundle"),
        (b'{"a":' * 100_000, "too-deep", "Bundle"),
        ({"resourceType": "Observation"}, "not-a-bundle", "Bundle"),
        ({**bundle(), "type": "searchset"}, "bundle-type", "Bundle.type"),
        ({**bundle(), "type": "collection"}, "bundle-type", "Bundle.type"),
        ({**bundle(), "entry": []}, "empty-bundle", "Bundle.entry"),
        ({**bundle(), "entry": {"0": {}}}, "empty-bundle", "Bundle.entry"),
        ({**bundle(), "entry": [{"request": {"method": "POST", "url": "Patient"}}]},
         "resource-missing", "Bundle.entry[0].resource"),
        (bundle(0, "resource", "resourceType", to="../Patient"), "resource-missing",
         "Bundle.entry[0].resource"),
        (bundle(0, "request", "method", to="DELETE"), "method-not-taken",
         "Bundle.entry[0].request.method"),
        (bundle(0, "request"), "method-not-taken", "Bundle.entry[0].request.method"),
        (bundle(0, "resource", "identifier"), "chart-number-missing",
         "Bundle.entry[0].resource.identifier"),
        (bundle(0, "resource", "name"), "family-name-missing",
         "Bundle.entry[0].resource.name.family"),
        (bundle(0, "resource", "name", to=[None]), "json-type",
         "Bundle.entry[0].resource.name[0]"),
        (bundle(0, "resource", "name", 0, "given", to=[]), "not-a-list",
         "Bundle.entry[0].resource.name[0].given"),
        (bundle(0, "resource", "name", 0, "given"), "given-name-missing",
         "Bundle.entry[0].resource.name.given"),
        (bundle(0, "resource", "birthDate"), "date-missing", "Bundle.entry[0].resource.birthDate"),
        (bundle(0, "resource", "birthDate", to="1984-02-30"), "not-a-date",
         "Bundle.entry[0].resource.birthDate"),
        (bundle(0, "resource", "birthDate", to="1984-05"), "not-a-date",
         "Bundle.entry[0].resource.birthDate"),
        (bundle(1, "resource", "subject"), "patient-missing", "Bundle.entry[1].resource.subject"),
        (bundle(1, "resource", "subject", "reference", to="urn:uuid:nobody"), "reference-unknown",
         "Bundle.entry[1].resource.subject.reference"),
        (bundle(1, "resource", "period"), "service-date-missing",
         "Bundle.entry[1].resource.period.start"),
        (bundle(1, "resource", "period", "start", to="2026-03"), "not-a-time",
         "Bundle.entry[1].resource.period.start"),
        (bundle(3, "resource", "item", 0, "productOrService"), "element-missing",
         "Bundle.entry[3].resource.item[0].productOrService"),
        (bundle(3, "resource", "insurance", 0, "coverage", "display", to="Nobody's"),
         "payer-unknown", "Bundle.entry[3].resource.insurance.coverage"),
        (bundle(3, "resource", "item", 0, "quantity", "value", to=-1), "units", QUANTITY),
        (bundle(3, "resource", "item", 0, "quantity", "value", to=1.5), "units", QUANTITY),
        (bundle(3, "resource", "item", 0, "quantity", "value", to=True), "json-type", QUANTITY),
        (bundle(3, "resource", "item", 0, "quantity", "value", to="2"), "json-type", QUANTITY),
        (bundle(3, "resource", "item", 0, "net", "value", to=-1), "amount", f"{NET}.value"),
        (bundle(3, "resource", "item", 0, "net", "value", to="178"), "json-type", f"{NET}.value"),
        (bundle(3, "resource", "item", 0, "net", "value", to=True), "json-type", f"{NET}.value"),
        (written("178.1", "1E+1000000"), "amount", f"{NET}.value"),
        (bundle(3, "resource", "item", 0, "net", "currency", to="EUR"), "currency",
         f"{NET}.currency"),
    ],
)  # fmt: skip
def test_a_wrong_bundle_is_refused_by_code_and_place(
    body: dict[str, Any] | bytes, code: str, where: str
) -> None:
    assert refusals_of(body) == [(code, where)]


def test_a_name_that_the_contract_does_not_take_is_refused_at_its_resource() -> None:
    [(code, where)] = refusals_of(bundle(0, "resource", "name", 0, "family", to="A" * 201))
    assert code == "value-not-accepted"
    assert where.startswith("Bundle.entry[0].resource.")


def test_two_entries_of_one_name_are_refused() -> None:
    twice = bundle()
    for entry in twice["entry"][:2]:
        entry["fullUrl"] = "urn:uuid:one"
    assert refusals_of(twice) == [("duplicate-entry", "Bundle.entry[1].fullUrl")]


def test_everything_that_is_wrong_is_told_at_once() -> None:
    wrong = bundle(1, "resource", "period")
    second = copy.deepcopy(wrong["entry"][1])
    second["resource"] |= {"id": "e2", "subject": {"reference": "Patient/nobody"}}
    wrong["entry"].append(second)
    assert refusals_of(wrong) == [
        ("reference-unknown", "Bundle.entry[4].resource.subject.reference"),
        ("service-date-missing", "Bundle.entry[1].resource.period.start"),
    ]


SECRET = "Xq7Zw9"


@pytest.mark.parametrize(
    "path",
    [
        (0, "resource", "birthDate"),
        (1, "resource", "subject", "reference"),
        (1, "resource", "period", "start"),
        (3, "resource", "insurance", 0, "coverage", "display"),
        (3, "resource", "item", 0, "quantity", "value"),
        (3, "resource", "item", 0, "net", "value"),
        (3, "resource", "item", 0, "net", "currency"),
    ],
)
def test_an_operation_outcome_never_repeats_what_was_sent(path: tuple[str | int, ...]) -> None:
    with pytest.raises(RefusedError) as refused:
        read(bundle(*path, to=SECRET))
    outcome = operation_outcome(refused.value.refusals)
    assert SECRET not in json.dumps(outcome) + str(refused.value)
    for issue in outcome["issue"]:
        assert issue["severity"] == "error"
        assert issue["details"]["text"]
        assert issue["expression"][0].startswith("Bundle.entry[")
        assert issue["diagnostics"].startswith(issue["expression"][0])


JSON = any_.recursive(
    any_.none() | any_.booleans() | any_.integers(-3, 3) | any_.text("aZ0-|", max_size=4),
    lambda inner: (
        any_.lists(inner, max_size=2)
        | any_.dictionaries(any_.sampled_from(["coding", "code", "value", "reference"]), inner)
    ),
    max_leaves=5,
)
PLACES = [
    (row, "resource", name)
    for row, one in enumerate((PATIENT, ENCOUNTER, CONDITION, CLAIM))
    for name in one
    if name != "resourceType"
]


@given(any_.sampled_from(PLACES), JSON)
def test_whatever_stands_in_an_element_is_read_or_refused(
    place: tuple[int, str, str], value: object
) -> None:
    body = json.dumps(bundle(*place, to=value)).encode()
    reading = read_resources(body, connection())
    assert reading.told or reading.refusals
