"""FHIR transaction bundles: all or nothing, each visit once, and every refusal says what to do."""

from __future__ import annotations

import copy
import json
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest

from libs.events.contracts.interop import (
    EncounterCorrected,
    EncounterPosted,
    PatientRegistered,
)
from libs.events.contracts.interop_queries import QueryOpened
from libs.events.examples import interop as examples
from tests.harness import Harness
from tests.interop.conftest import OpenConnection

SAMPLES = Path(__file__).parents[3] / "samples" / "fhir"
PATIENTS = sorted(p for p in SAMPLES.glob("*_*.json"))
REGISTERS = sorted(p for p in SAMPLES.glob("*Information*.json"))
SNOMED, CVX = "http://snomed.info/sct", "http://hl7.org/fhir/sid/cvx"


def row(system: str, code: str, kind: str, target: str) -> dict[str, str]:
    return {"system": system, "code": code, "kind": kind, "target": target}


CODES = [
    row(SNOMED, "444814009", "diagnosis", "J01.90"),
    row(SNOMED, "40055000", "diagnosis", "J32.9"),
    row(SNOMED, "38341003", "diagnosis", "I10"),
    row(SNOMED, "162864005", "diagnosis", "E66.9"),
    row(SNOMED, "185345009", "procedure", "G0463"),
    row(SNOMED, "185349003", "procedure", "G0439"),
    row(SNOMED, "428191000124101", "procedure", "G8427"),
    row(CVX, "140", "procedure", "G0008"),
    row(CVX, "113", "procedure", "G0009"),
]


def profile(bundles: list[Any], **changes: Any) -> dict[str, Any]:
    """A profile that knows the sample's payer, its practitioners and most of its codes."""
    practitioners = {
        entry["resource"]["id"]: examples.NPI
        for bundle in bundles
        for entry in bundle["entry"]
        if entry["resource"]["resourceType"] == "Practitioner"
    }
    return {
        "payers": {"private": {"payer_id": "BLUST", "payer_name": "Bluestone Health Plan"}},
        "chart_number_is_member_id": True,
        "practitioners": practitioners,
        "places_of_service": {"AMB": "11", "EMER": "23", "IMP": "21"},
        "codes": CODES,
        **changes,
    }


async def post(interop: Harness, key: str, body: Any) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    async with interop.http(key=key) as client:
        return await client.post(
            "/fhir", content=content, headers={"content-type": "application/fhir+json"}
        )


def sample() -> dict[str, Any]:
    """Edward Gulgowski: six visits, three of them with a sinusitis."""
    return json.loads(next(p for p in PATIENTS if p.name.startswith("Edward")).read_bytes())


def resources(bundle: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    found = [entry["resource"] for entry in bundle["entry"]]
    return [one for one in found if one["resourceType"] == kind]


async def test_every_visit_of_the_samples_is_posted_or_asked_about(
    interop: Harness, open_connection: OpenConnection
) -> None:
    bundles = [json.loads(path.read_bytes()) for path in PATIENTS]
    key = await open_connection(kind="fhir", profile=profile(bundles))
    for path in (*REGISTERS, *PATIENTS):
        answer = await post(interop, key, path.read_bytes())
        assert answer.status_code == 200, answer.text
        assert answer.json()["type"] == "transaction-response"
    posted = await interop.published(EncounterPosted)
    queries = await interop.published(QueryOpened)
    visits = sum(len(resources(bundle, "Encounter")) for bundle in bundles)
    assert visits == 29
    assert len(await interop.published(PatientRegistered)) == 5
    assert len(posted) + len({q.encounter_id for q in queries}) == visits
    assert len(posted) == EXPECTED_POSTED
    assert Counter(q.reason for q in queries) == EXPECTED_QUERIES
    unmapped = {(q.code_system, q.code) for q in queries if q.reason == "unmapped-procedure"}
    assert unmapped == EXPECTED_UNMAPPED


# Counted apart from the code under test, from the files' JSON and the map above.
EXPECTED_POSTED = 9
EXPECTED_QUERIES = {"missing-diagnosis": 17, "unmapped-procedure": 9, "unmapped-diagnosis": 2}
EXPECTED_UNMAPPED = {
    (SNOMED, "50849002"),
    (SNOMED, "288086009"),
    (SNOMED, "287664005"),
    (SNOMED, "698314001"),
    (SNOMED, "305408004"),
    (CVX, "43"),
    (CVX, "114"),
}


async def test_the_same_bundle_again_and_the_same_visits_in_another_one_do_nothing(
    interop: Harness, open_connection: OpenConnection
) -> None:
    bundle = sample()
    key = await open_connection(kind="fhir", profile=profile([bundle]))
    first = await post(interop, key, bundle)
    before = len(await interop.published_all())
    same = await post(interop, key, bundle)
    bundle["entry"].reverse()
    other = await post(interop, key, bundle)
    assert first.status_code == 200
    assert same.json() == first.json()
    assert other.status_code == 200, other.text
    assert len(await interop.published_all()) == before


async def test_one_wrong_resource_refuses_the_whole_bundle_and_says_where(
    interop: Harness, open_connection: OpenConnection
) -> None:
    bundle = sample()
    key = await open_connection(kind="fhir", profile=profile([bundle]))
    good = copy.deepcopy(bundle)
    patient = resources(bundle, "Patient")[0]
    place = [entry["resource"] for entry in bundle["entry"]].index(patient)
    del patient["name"][0]["family"]
    patient["address"][0]["state"] = "SECRET"
    answer = await post(interop, key, bundle)
    assert answer.status_code == 422
    [issue] = answer.json()["issue"]
    assert issue["expression"] == [f"Bundle.entry[{place}].resource.name.family"]
    assert (issue["code"], issue["details"]["text"]) == ("required", "send the family name")
    assert "SECRET" not in answer.text
    assert await interop.published_all() == []
    assert (await post(interop, key, good)).status_code == 200


async def test_a_changed_visit_is_corrected(
    interop: Harness, open_connection: OpenConnection
) -> None:
    bundle = sample()
    key = await open_connection(kind="fhir", profile=profile([bundle]))
    await post(interop, key, bundle)
    before = len(await interop.published_all())
    visit = resources(bundle, "Encounter")[0]
    visit["class"]["code"] = "EMER"
    answer = await post(interop, key, bundle)
    assert answer.status_code == 200
    [corrected] = (await interop.published_all())[before:]
    assert isinstance(corrected, EncounterCorrected)
    assert corrected.place_of_service == "23"


async def test_an_unknown_payer_is_refused_and_never_taken_for_self_pay(
    interop: Harness, open_connection: OpenConnection
) -> None:
    bundle = sample()
    key = await open_connection(kind="fhir", profile=profile([bundle], payers={}))
    answer = await post(interop, key, bundle)
    assert {i["details"]["coding"][0]["code"] for i in answer.json()["issue"]} == {"payer-unknown"}
    selfpay = await open_connection(
        kind="fhir", name="other", profile=profile([bundle], payers={}, self_pay=["private"])
    )
    assert (await post(interop, selfpay, bundle)).status_code == 200
    posted = await interop.published(EncounterPosted)
    assert posted
    assert [event.coverage for event in posted] == [None] * len(posted)


async def test_a_check_up_is_its_own_reason_where_the_practices_map_says_so(
    interop: Harness, open_connection: OpenConnection
) -> None:
    bundle = sample()
    codes = [*CODES, row(SNOMED, "185349003", "diagnosis", "Z00.00")]
    key = await open_connection(kind="fhir", profile=profile([bundle], codes=codes))
    assert (await post(interop, key, bundle)).status_code == 200
    assert not [q for q in await interop.published(QueryOpened) if q.reason == "missing-diagnosis"]
    check_ups = [e for e in await interop.published(EncounterPosted) if "Z00.00" in e.diagnoses]
    assert check_ups
    assert {e.diagnoses for e in check_ups} == {("Z00.00",)}
    assert {e.lines[0].procedure_code for e in check_ups} == {"G0439"}


def appointment(status: str) -> dict[str, Any]:
    patient = {
        "resourceType": "Patient",
        "id": "p1",
        "identifier": [{"value": "1001"}],
        "name": [{"family": "Rivera", "given": ["Alma"]}],
        "gender": "female",
        "birthDate": "1984-05-17",
    }
    booking = {
        "resourceType": "Appointment",
        "id": "a1",
        "status": status,
        "start": "2026-03-06T01:30:00Z",
        "participant": [{"actor": {"reference": "Patient/p1"}, "status": "accepted"}],
    }
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {"resource": one, "request": {"method": "POST", "url": one["resourceType"]}}
            for one in (patient, booking)
        ],
    }


@pytest.mark.parametrize(
    ("body", "code", "expression"),
    [
        (b"", "not-json", "Bundle"),
        (b"{", "not-json", "Bundle"),
        (b"[]", "not-a-bundle", "Bundle"),
        (b'{"resourceType": "Patient"}', "not-a-bundle", "Bundle"),
        (b'{"resourceType": "Bundle", "resourceType": "Bundle"}', "duplicate-name", "Bundle"),
        (b"[" * 100_000, "too-deep", "Bundle"),
        ({"resourceType": "Bundle", "type": "searchset"}, "bundle-type", "Bundle.type"),
        ({"resourceType": "Bundle", "type": "transaction"}, "empty-bundle", "Bundle.entry"),
        (
            {
                "resourceType": "Bundle",
                "type": "transaction",
                "entry": [{"resource": {}, "request": {"method": "POST", "url": "Patient"}}],
            },
            "resource-missing",
            "Bundle.entry[0].resource",
        ),
        (
            {
                "resourceType": "Bundle",
                "type": "transaction",
                "entry": [{"resource": {"resourceType": "List"}, "request": {"method": "DELETE"}}],
            },
            "method-not-taken",
            "Bundle.entry[0].request.method",
        ),
    ],
)
async def test_what_is_no_transaction_bundle_is_named_kept_and_the_next_one_flows(
    interop: Harness, open_connection: OpenConnection, body: Any, code: str, expression: str
) -> None:
    key = await open_connection(kind="fhir")
    answer = await post(interop, key, body)
    assert answer.status_code == 422
    assert answer.json()["resourceType"] == "OperationOutcome"
    [issue] = answer.json()["issue"]
    assert (issue["details"]["coding"][0]["code"], issue["expression"]) == (code, [expression])
    assert (await post(interop, key, appointment("booked"))).status_code == 200
    async with interop.http(examples.PRACTICE) as client:
        messages = (await client.get("/messages")).json()
    assert sorted(m["fate"] for m in messages) == ["accepted", "refused"]


async def test_an_unknown_key_gets_an_operation_outcome(interop: Harness) -> None:
    answer = await post(interop, "msk_none", appointment("booked"))
    assert (answer.status_code, answer.json()["issue"][0]["code"]) == (401, "login")
