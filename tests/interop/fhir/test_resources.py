"""Resources one by one over HTTP: versions, conditions, what is read back, and what is refused."""

from __future__ import annotations

import json
from uuid import uuid5

import httpx
import pytest

from libs.events.contracts.interop import (
    EncounterCorrected,
    EncounterPosted,
    EncounterVoided,
    PatientMerged,
    PatientRegistered,
    PatientUpdated,
)
from libs.events.examples import interop as examples
from tests.harness import Harness
from tests.interop.conftest import OTHER_PRACTICE, OpenConnection
from tests.interop.fhir.asking import FHIR, PROFILE, codes, send
from tests.interop.fhir.test_bad_bundles import CONDITION, ENCOUNTER, PATIENT
from tests.interop.fhir.test_charges import CHARGE, COVERAGE


async def test_a_resource_is_created_read_replaced_and_has_versions(
    interop: Harness, key: str
) -> None:
    made = await send(interop, key, "PUT", "/Patient/p1", PATIENT)
    assert (made.status_code, made.headers["etag"]) == (201, 'W/"1"')
    assert made.headers["location"].endswith("/fhir/Patient/p1/_history/1")
    same = await send(interop, key, "PUT", "/Patient/p1", PATIENT)
    assert (same.status_code, same.headers["etag"]) == (200, 'W/"1"')
    changed = await send(interop, key, "PUT", "/Patient/p1", PATIENT | {"gender": "male"})
    assert (changed.status_code, changed.headers["etag"]) == (200, 'W/"2"')
    read = await send(interop, key, "GET", "/Patient/p1")
    assert read.headers["etag"] == 'W/"2"'
    found = read.json()
    assert (found["gender"], found["meta"]["versionId"]) == ("male", "2")
    back = await send(interop, key, "PUT", "/Patient/p1", PATIENT)  # as it was: a new version
    assert back.headers["etag"] == 'W/"3"'
    assert len(await interop.published(PatientRegistered)) == 1
    assert len(await interop.published(PatientUpdated)) == 2


async def test_a_stale_if_match_changes_nothing(interop: Harness, key: str) -> None:
    await send(interop, key, "PUT", "/Patient/p1", PATIENT)
    changed = PATIENT | {"gender": "male"}
    stale = await send(interop, key, "PUT", "/Patient/p1", changed, if_match='W/"7"')
    assert (stale.status_code, codes(stale)) == (412, ["version-stale"])
    fresh = await send(interop, key, "PUT", "/Patient/p1", changed, if_match='W/"1"')
    assert fresh.status_code == 200


async def test_a_conditional_create_finds_one_none_or_too_many(interop: Harness, key: str) -> None:
    one = {k: v for k, v in PATIENT.items() if k != "id"}
    condition = {"if_none_exist": "identifier=1001"}
    made = await send(interop, key, "POST", "/Patient", one, **condition)
    assert made.status_code == 201
    found = await send(interop, key, "POST", "/Patient", one | {"gender": "male"}, **condition)
    assert found.status_code == 200
    assert found.json()["id"] == made.json()["id"]
    assert found.json()["gender"] == "female"
    await send(interop, key, "PUT", "/Patient/p2", PATIENT | {"id": "p2"})
    several = await send(interop, key, "POST", "/Patient", one | {"gender": "other"}, **condition)
    assert (several.status_code, codes(several)) == (412, ["matches-several"])
    wrong = await send(interop, key, "POST", "/Patient", one, if_none_exist="family=Rivera")
    assert (wrong.status_code, codes(wrong)) == (422, ["criteria"])


async def test_a_conditional_update_replaces_the_one_that_it_finds(
    interop: Harness, key: str
) -> None:
    await send(interop, key, "PUT", "/Patient/p1", PATIENT)
    without_id = {k: v for k, v in PATIENT.items() if k != "id"} | {"gender": "male"}
    updated = await send(interop, key, "PUT", "/Patient?identifier=1001", without_id)
    assert (updated.status_code, updated.json()["id"]) == (200, "p1")
    other = await send(interop, key, "PUT", "/Patient?identifier=1001", PATIENT | {"id": "p9"})
    assert codes(other) == ["id-mismatch"]


async def test_the_answer_is_as_the_sender_prefers(interop: Harness, key: str) -> None:
    minimal = await send(interop, key, "PUT", "/Patient/p1", PATIENT, prefer="return=minimal")
    assert (minimal.status_code, minimal.content) == (201, b"")
    outcome = await send(
        interop, key, "PUT", "/Patient/p1", PATIENT, prefer="return=OperationOutcome"
    )
    assert {issue["severity"] for issue in outcome.json()["issue"]} == {"warning"}
    whole = await send(interop, key, "PUT", "/Patient/p1", PATIENT, prefer="return=representation")
    assert whole.json()["name"] == PATIENT["name"]


async def test_decimals_and_partial_dates_are_read_back_as_they_were_sent(
    interop: Harness, key: str
) -> None:
    await send(interop, key, "PUT", "/Patient/p1", PATIENT)
    body = json.dumps(CONDITION | {"encounter": None}).replace('"encounter": null, ', "")
    body = body.replace('"id": "c1"', '"id": "c1", "onsetDateTime": "2026-02"')
    assert (await send(interop, key, "PUT", "/Condition/c1", body.encode())).status_code == 201
    location = b'{"resourceType":"Location","id":"l1","position":{"longitude":0.10,"latitude":1e2}}'
    assert (await send(interop, key, "PUT", "/Location/l1", location)).status_code == 201
    assert (await send(interop, key, "GET", "/Condition/c1")).json()["onsetDateTime"] == "2026-02"
    assert b'"longitude":0.10' in (await send(interop, key, "GET", "/Location/l1")).content


async def test_a_visit_that_comes_in_pieces_is_posted_when_its_charges_come(
    interop: Harness, key: str
) -> None:
    encounter = ENCOUNTER | {"participant": [{"individual": {"reference": "Practitioner/dr"}}]}
    open_visit = encounter | {"status": "in-progress"}
    for one in (PATIENT, COVERAGE, open_visit, CONDITION, CHARGE):
        path = f"/{one['resourceType']}/{one['id']}"
        answer = await send(interop, key, "PUT", path, one)
        assert answer.status_code == 201, answer.text
    assert await interop.published(EncounterPosted) == []
    done = await send(interop, key, "PUT", "/Encounter/e1", encounter)
    assert done.status_code == 200, done.text
    [posted] = await interop.published(EncounterPosted)
    assert (posted.diagnoses, posted.ehr_charge_cents) == (("I10",), 4_000)
    assert posted.coverage is not None  # the patient's, as the Coverage told it
    assert posted.coverage.member_id == "W123"


async def test_a_piece_that_comes_late_corrects_its_visit_and_one_taken_back_voids_it(
    interop: Harness, key: str
) -> None:
    encounter = ENCOUNTER | {"participant": [{"individual": {"reference": "Practitioner/dr"}}]}
    second = CHARGE | {"id": "ch2", "priceOverride": {"value": 15, "currency": "USD"}}
    wrong = {"status": "entered-in-error"}
    for one in (PATIENT, COVERAGE, encounter, CONDITION, CHARGE, second):
        path = f"/{one['resourceType']}/{one['id']}"
        answer = await send(interop, key, "PUT", path, one)
        assert answer.status_code == 201, answer.text
    await send(interop, key, "PUT", "/ChargeItem/ch1", CHARGE | wrong)
    assert await interop.published(EncounterVoided) == []
    await send(interop, key, "PUT", "/ChargeItem/ch2", second | wrong)
    [posted] = await interop.published(EncounterPosted)
    corrected = await interop.published(EncounterCorrected)
    charged = [one.ehr_charge_cents for one in (posted, *corrected)]
    assert charged == [4_000, 5_500, 1_500]
    [voided] = await interop.published(EncounterVoided)
    assert voided.encounter_id == posted.encounter_id


async def test_a_patient_that_was_sent_before_is_replaced_and_has_no_visits_any_more(
    interop: Harness, key: str
) -> None:
    other = PATIENT | {"id": "p2", "identifier": [{"value": "1002"}]}
    link = {"link": [{"other": {"reference": "Patient/p1"}, "type": "replaced-by"}]}
    for one in (PATIENT, other, other | link):
        answer = await send(interop, key, "PUT", f"/Patient/{one['id']}", one)
        assert answer.status_code in (200, 201), answer.text
    assert len(await interop.published(PatientMerged)) == 1
    named = ENCOUNTER | {"status": "finished", "subject": {"reference": "Patient/p2"}}
    await send(interop, key, "PUT", "/Encounter/e1", named)
    answer = await send(interop, key, "PUT", "/ChargeItem/ch1", CHARGE)
    assert codes(answer) == ["patient-replaced"]


@pytest.mark.parametrize("path", ["", "/Patient"])
async def test_a_connection_in_testing_keeps_nothing_and_a_suspended_one_is_turned_away(
    interop: Harness, open_connection: OpenConnection, path: str
) -> None:
    key = await open_connection(kind="fhir", profile=PROFILE, state="testing")
    request = {"method": "PUT", "url": "Patient/p1"}
    entries = [{"resource": PATIENT, "request": request}]
    whole = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    answer = await send(interop, key, "POST", path, PATIENT if path else whole)
    assert answer.status_code in (200, 201), answer.text
    assert (await send(interop, key, "GET", "/Patient/p1")).status_code == 404
    assert await interop.published_all() == []
    connection_id = uuid5(examples.NAMESPACE, "connection")
    async with interop.http(examples.PRACTICE) as client:
        for act in ("go-live", "suspend"):
            assert (await client.post(f"/connections/{connection_id}/{act}")).status_code == 200
    answer = await send(interop, key, "POST", path, PATIENT if path else whole)
    assert (answer.status_code, codes(answer)) == (403, ["forbidden"])
    assert answer.json()["issue"][0]["code"] == "forbidden"


async def test_what_one_ehr_sent_another_practice_does_not_see(
    interop: Harness, key: str, open_connection: OpenConnection
) -> None:
    await send(interop, key, "PUT", "/Patient/p1", PATIENT)
    other = await open_connection(kind="fhir", practice_id=OTHER_PRACTICE, profile=PROFILE)
    assert (await send(interop, other, "GET", "/Patient/p1")).status_code == 404
    assert (await send(interop, other, "GET", "/Patient?identifier=1001")).json()["total"] == 0
    answer = await send(interop, other, "PUT", "/Encounter/e1", ENCOUNTER)
    assert codes(answer) == ["reference-unknown"]


async def test_a_search_pages_clamps_and_refuses_what_it_does_not_know(
    interop: Harness, key: str
) -> None:
    for n in range(3):
        await send(interop, key, "PUT", f"/Patient/p{n}", PATIENT | {"id": f"p{n}"})
    first = (await send(interop, key, "GET", "/Patient?_count=2")).json()
    assert ([e["resource"]["id"] for e in first["entry"]], first["total"]) == (["p0", "p1"], 3)
    following = next(one["url"] for one in first["link"] if one["relation"] == "next")
    rest = (await send(interop, key, "GET", following.partition("/fhir")[2])).json()
    assert [entry["resource"]["id"] for entry in rest["entry"]] == ["p2"]
    huge = await send(interop, key, "GET", "/Patient?_count=1000000")
    assert (huge.status_code, len(huge.json()["entry"])) == (200, 3)
    one = (await send(interop, key, "GET", "/Patient?_id=p1&identifier=1001")).json()
    assert [entry["resource"]["id"] for entry in one["entry"]] == ["p1"]
    for token, total in (("1001", 3), ("|1001", 3), ("urn:other|1001", 0), ("1002", 0)):
        asked = (await send(interop, key, "GET", f"/Patient?identifier={token}")).json()
        assert asked["total"] == total, token
    unknown = await send(interop, key, "GET", "/Patient?family=Rivera")
    assert (unknown.status_code, codes(unknown)) == (400, ["parameter-unknown"])
    lenient = await send(interop, key, "GET", "/Patient?family=Rivera", prefer="handling=lenient")
    assert lenient.json()["entry"][-1]["search"] == {"mode": "outcome"}
    twice = await send(interop, key, "GET", "/Patient?_id=p1&_id=p2")
    assert (twice.status_code, codes(twice)) == (400, ["parameter-twice"])
    for wrong in ("-1", "two", "9" * 20):
        assert (await send(interop, key, "GET", f"/Patient?_count={wrong}")).status_code == 400


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/Patient/nobody", 404, "not-found"),
        ("GET", "/Observation/1", 404, "type-not-kept"),
        ("POST", "/Observation", 404, "type-not-kept"),
        ("DELETE", "/Patient/p1", 405, "method-not-served"),
        ("DELETE", "/Patient?identifier=1", 405, "method-not-served"),
        ("DELETE", "/Patient", 405, "method-not-served"),
        ("PATCH", "/Patient/p1", 405, "method-not-served"),
        ("GET", "/Patient/p1/_history", 404, "not-found"),
        ("GET", "/Patient/../../x", 404, "not-found"),
        ("GET", "/", 404, "not-found"),
    ],
)
async def test_what_is_not_served_is_told_as_fhir(
    interop: Harness, key: str, method: str, path: str, status: int, code: str
) -> None:
    body = {"resourceType": "Observation"} if method == "POST" else None
    async with interop.http(key=key) as client:
        url = httpx.URL(f"http://mainstay.test/fhir{path}")
        request = client.build_request(method, url, headers=FHIR, json=body)
        answer = await client.send(request)
    if ".." in path:
        assert answer.status_code == 404  # the client leads it out of /fhir
    else:
        assert (answer.status_code, codes(answer)) == (status, [code])


async def test_a_wrong_key_type_or_content_is_told_as_fhir(interop: Harness, key: str) -> None:
    nobody = await send(interop, "msk_none", "GET", "/Patient/p1")
    assert (nobody.status_code, codes(nobody)) == (401, ["login"])
    assert nobody.headers["www-authenticate"] == "Bearer"
    async with interop.http(key=key) as client:
        xml = await client.post(
            "/fhir/Patient", content=b"<Patient/>", headers={"content-type": "application/fhir+xml"}
        )
    assert (xml.status_code, codes(xml)) == (415, ["not-supported"])
    other = await send(interop, key, "POST", "/Patient", ENCOUNTER)
    assert codes(other) == ["type-mismatch"]
    elsewhere = await send(interop, key, "PUT", "/Patient/p2", PATIENT)
    assert codes(elsewhere) == ["id-mismatch"]


async def test_validate_tells_what_would_be_wrong_and_keeps_nothing(
    interop: Harness, key: str
) -> None:
    wrong = await send(interop, key, "POST", "/Patient/$validate", PATIENT | {"gender": "x"})
    assert wrong.status_code == 200
    errors = [issue for issue in wrong.json()["issue"] if issue["severity"] == "error"]
    assert [issue["expression"] for issue in errors] == [["Patient.gender"]]
    right = await send(interop, key, "POST", "/$validate", PATIENT)
    assert {issue["severity"] for issue in right.json()["issue"]} == {"warning"}
    assert (await send(interop, key, "GET", "/Patient/p1")).status_code == 404
    assert await interop.published_all() == []
