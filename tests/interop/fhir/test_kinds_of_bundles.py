"""Batches, messages and transactions: who sees what, and what is answered."""

from __future__ import annotations

import asyncio
import copy
from typing import Any

from libs.events.contracts.interop import PatientRegistered
from libs.events.examples import interop as examples
from services.interop.fhir.store import lock_source
from tests.harness import Harness
from tests.interop.fhir.asking import codes, send
from tests.interop.fhir.reading import refusals_of
from tests.interop.fhir.test_bad_bundles import CLAIM, CONDITION, ENCOUNTER, PATIENT


def batch_of(*resources: dict[str, Any]) -> dict[str, Any]:
    return {
        "resourceType": "Bundle",
        "type": "batch",
        "entry": [
            {
                "resource": one,
                "request": {"method": "PUT", "url": f"{one['resourceType']}/{one['id']}"},
            }
            for one in resources
        ],
    }


async def test_of_a_batch_the_wrong_entries_get_their_status_and_the_rest_is_taken(
    interop: Harness, key: str
) -> None:
    body = batch_of(PATIENT, PATIENT | {"id": "p2", "gender": "x"}, ENCOUNTER, CONDITION)
    body["entry"].append({"request": {"method": "DELETE", "url": "Patient/p1"}})
    body["entry"].append(
        {"resource": {"resourceType": "Observation"}, "request": {"method": "POST",
         "url": "Observation"}}
    )  # fmt: skip
    answer = await send(interop, key, "POST", "", body)
    assert answer.status_code == 200
    assert answer.json()["type"] == "batch-response"
    statuses = [entry["response"]["status"][:3] for entry in answer.json()["entry"]]
    assert statuses == ["201", "422", "201", "201", "422", "200"]
    assert len(await interop.published(PatientRegistered)) == 1
    assert (await send(interop, key, "GET", "/Patient/p2")).status_code == 404


HEADER: dict[str, Any] = {
    "resourceType": "MessageHeader",
    "id": "m1",
    "eventCoding": {"system": "urn:ehr", "code": "visit-closed"},
    "source": {"endpoint": "urn:ehr:main"},
}


def message_of(*resources: dict[str, Any]) -> dict[str, Any]:
    entries = [{"resource": one} for one in resources]
    return {"resourceType": "Bundle", "type": "message", "entry": entries}


async def test_a_message_is_taken_whole_and_answered_with_its_own_header(
    interop: Harness, key: str
) -> None:
    body = message_of(HEADER, PATIENT, ENCOUNTER, CONDITION, CLAIM)
    answer = await send(interop, key, "POST", "/$process-message", body)
    assert answer.status_code == 200, answer.text
    [entry] = answer.json()["entry"]
    assert entry["resource"]["response"] == {"identifier": "m1", "code": "ok"}
    assert len(await interop.published(PatientRegistered)) == 1
    body["entry"].reverse()
    assert codes(await send(interop, key, "POST", "", body)) == ["message-header-missing"]


async def test_a_refused_message_is_answered_as_a_message_that_says_why(
    interop: Harness, key: str
) -> None:
    body = message_of(HEADER, PATIENT | {"gender": "x"})
    answer = await send(interop, key, "POST", "/$process-message", body)
    assert answer.status_code == 422
    told, outcome = answer.json()["entry"]
    response = told["resource"]["response"]
    assert (response["identifier"], response["code"]) == ("m1", "fatal-error")
    assert response["details"] == {"reference": outcome["fullUrl"]}
    assert told["resource"]["eventCoding"] == HEADER["eventCoding"]
    [issue] = outcome["resource"]["issue"]
    assert issue["expression"] == ["Bundle.entry[1].resource.gender"]
    assert refusals_of(answer.json()) == []  # it is a message as we would take one


async def test_a_header_that_is_itself_wrong_is_not_repeated(interop: Harness, key: str) -> None:
    wrong = HEADER | {"eventUri": "urn:both"}
    answer = await send(interop, key, "POST", "/$process-message", message_of(wrong, PATIENT))
    assert codes(answer) == ["several-values"]


CUT_OFF_WHO_WAITS = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
 WHERE wait_event_type = 'Lock' AND datname = current_database()
"""


async def test_a_message_that_could_not_be_kept_is_to_be_sent_again(
    interop: Harness, key: str
) -> None:
    """Its connection to the database is cut while it waits for its turn."""
    body = message_of(HEADER, PATIENT)
    async with interop.uow(examples.PRACTICE) as uow, interop.pool.acquire() as db:
        await lock_source(uow, "ehr")
        sent = asyncio.create_task(send(interop, key, "POST", "/$process-message", body))
        async with asyncio.timeout(10):
            while not await db.fetchval(CUT_OFF_WHO_WAITS):
                await asyncio.sleep(0)
            answer = await sent
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.json()["entry"][0]["resource"]["response"]["code"] == "transient-error"
    assert (await send(interop, key, "POST", "/$process-message", body)).status_code == 200


async def test_a_transaction_finds_what_was_sent_before_and_keeps_references_by_id(
    interop: Harness, key: str
) -> None:
    await send(interop, key, "PUT", "/Patient/p1", PATIENT)
    encounter = copy.deepcopy(ENCOUNTER)
    del encounter["id"]
    encounter["subject"]["reference"] = "urn:uuid:11111111-1111-1111-1111-111111111111"
    body = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {
                "fullUrl": "urn:uuid:11111111-1111-1111-1111-111111111111",
                "resource": {k: v for k, v in PATIENT.items() if k != "id"},
                "request": {
                    "method": "POST",
                    "url": "Patient",
                    "ifNoneExist": "identifier=1001",
                },
            },
            {
                "fullUrl": "urn:uuid:22222222-2222-2222-2222-222222222222",
                "resource": encounter,
                "request": {"method": "POST", "url": "Encounter"},
            },
        ],
    }
    answer = await send(interop, key, "POST", "", body)
    assert answer.status_code == 200, answer.text
    found, made = (entry["response"] for entry in answer.json()["entry"])
    assert (found["status"], found["location"]) == ("200 OK", "Patient/p1/_history/1")
    kept = await send(interop, key, "GET", "/Encounter/22222222-2222-2222-2222-222222222222")
    assert kept.json()["subject"] == {"reference": "Patient/p1"}
    assert made["location"] == "Encounter/22222222-2222-2222-2222-222222222222/_history/1"
    again = await send(interop, key, "POST", "", body)
    assert again.json() == answer.json()


def reading(*urls: str, **request: str) -> list[dict[str, Any]]:
    return [{"request": {"method": "GET", "url": url, **request}} for url in urls]


async def test_a_transactions_reads_are_answered_after_its_changes(
    interop: Harness, key: str
) -> None:
    body = batch_of(PATIENT, ENCOUNTER) | {"type": "transaction"}
    asked = reading("Patient/p1", "Patient?identifier=1001", "Encounter?_id=e1&_count=1")
    body["entry"] = [*asked, *body["entry"]]
    answer = await send(interop, key, "POST", "", body)
    assert answer.status_code == 200, answer.text
    one, page, other, patient, encounter = answer.json()["entry"]
    assert one["resource"]["birthDate"] == PATIENT["birthDate"]
    assert (one["response"]["status"], one["response"]["etag"]) == ("200 OK", 'W/"1"')
    assert page["resource"]["type"] == "searchset"
    assert (page["resource"]["total"], other["resource"]["total"]) == (1, 1)
    assert page["resource"]["entry"][0]["resource"] == one["resource"]
    assert page["resource"]["link"][0]["url"].endswith("/fhir/Patient?identifier=1001")
    assert {patient["response"]["status"], encounter["response"]["status"]} == {"201 Created"}
    again = await send(interop, key, "POST", "", body)
    assert again.json()["entry"][:3] == [one, page, other]


async def test_a_transaction_that_reads_what_is_not_there_changes_nothing(
    interop: Harness, key: str
) -> None:
    body: dict[str, Any] = batch_of(PATIENT) | {"type": "transaction"}
    body["entry"] += reading("Patient/p2")
    answer = await send(interop, key, "POST", "", body)
    assert (answer.status_code, codes(answer)) == (404, ["not-found"])
    assert answer.json()["issue"][0]["expression"] == ["Bundle.entry[1].request.url"]
    assert (await send(interop, key, "GET", "/Patient/p1")).status_code == 404
    assert await interop.published(PatientRegistered) == []


async def test_a_batchs_reads_are_answered_each_on_its_own(interop: Harness, key: str) -> None:
    body = batch_of(PATIENT)
    body["entry"] += reading("Patient/p1", "Patient/p2", "Patient?name=Alma", "Observation/o1")
    body["entry"] += reading("Patient/p1", ifNoneMatch='W/"1"')
    body["entry"] += [{**reading("Patient/p1")[0], "resource": PATIENT}]
    answer = await send(interop, key, "POST", "", body)
    statuses = [entry["response"]["status"][:3] for entry in answer.json()["entry"]]
    assert statuses == ["201", "200", "404", "400", "404", "304", "422"]


async def test_a_bundle_that_only_reads_is_no_message(interop: Harness, key: str) -> None:
    await send(interop, key, "PUT", "/Patient/p1", PATIENT)
    body = batch_of() | {"type": "transaction", "entry": reading("Patient/p1")}
    for version in (1, 2):
        answer = await send(interop, key, "POST", "", body)
        assert answer.json()["entry"][0]["response"]["etag"] == f'W/"{version}"'
        await send(interop, key, "PUT", "/Patient/p1", PATIENT | {"active": True})
    async with interop.uow(examples.PRACTICE) as uow:
        assert await uow.db.fetchval("SELECT count(*) FROM message WHERE type = 'Bundle'") == 0


async def test_a_conditional_update_may_name_a_system_that_is_an_address(
    interop: Harness, key: str
) -> None:
    own = PATIENT | {"identifier": [{"system": "http://ehr.example/mrn", "value": "1001"}]}
    url = "Patient?identifier=http://ehr.example/mrn|1001"
    entry = {"resource": own, "request": {"method": "PUT", "url": url}}
    body = batch_of() | {"type": "transaction", "entry": [entry]}
    assert (await send(interop, key, "POST", "", body)).status_code == 200
