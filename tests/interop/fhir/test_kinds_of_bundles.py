"""Batches, messages and transactions: who sees what, and what is answered."""

from __future__ import annotations

import copy
from typing import Any

from libs.events.contracts.interop import PatientRegistered
from tests.harness import Harness
from tests.interop.fhir.asking import codes, send
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


async def test_a_message_is_taken_whole_and_answered_with_its_own_header(
    interop: Harness, key: str
) -> None:
    header = {
        "resourceType": "MessageHeader",
        "id": "m1",
        "eventCoding": {"system": "urn:ehr", "code": "visit-closed"},
        "source": {"endpoint": "urn:ehr:main"},
    }
    resources = [header, PATIENT, ENCOUNTER, CONDITION, CLAIM]
    body: dict[str, Any] = {
        "resourceType": "Bundle",
        "type": "message",
        "entry": [{"resource": one} for one in resources],
    }
    answer = await send(interop, key, "POST", "/$process-message", body)
    assert answer.status_code == 200, answer.text
    [entry] = answer.json()["entry"]
    assert entry["resource"]["response"] == {"identifier": "m1", "code": "ok"}
    assert len(await interop.published(PatientRegistered)) == 1
    body["entry"].reverse()
    assert codes(await send(interop, key, "POST", "", body)) == ["message-header-missing"]


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
