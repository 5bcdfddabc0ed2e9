"""A claim as a ClaimResponse: valid R4, to the cent, in its EHR's own names, and only its own."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, get_args
from uuid import UUID, uuid5

import pytest
from fhir.resources.R4B.claimresponse import ClaimResponse

from libs.events.examples import billing
from libs.events.examples import interop as examples
from services.interop.fhir.check import check_resource
from services.interop.fhir.strict import read_json
from services.interop.fhir.versions import write_json
from services.interop.subscriptions.claim_response import (
    MEANINGS,
    Visit,
    claim_response,
    read_visit,
)
from services.interop.writeback.model import Account, Status
from tests.harness import Harness
from tests.interop.conftest import OpenConnection
from tests.interop.fhir.asking import PROFILE, codes, send
from tests.interop.subscriptions.conftest import story

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
CLAIM = billing.claim_paid().claim_id
VISIT = read_visit("e1", "1001", {"subject": {"reference": "Patient/p1"}}, [{"id": "cl1"}])
ACCOUNT = Account(CLAIM, uuid5(CLAIM, "visit"), uuid5(CLAIM, "connection"), uuid5(CLAIM, "patient"))


def written(account: Account, visit: Visit = VISIT) -> dict[str, Any]:
    """As it leaves, and valid by a library and by our own check of what comes in."""
    body = write_json(claim_response(account, visit, AT))
    ClaimResponse.model_validate_json(body)
    checked = read_json(body, "ClaimResponse")
    assert check_resource(checked, "ClaimResponse").refusals == []
    return json.loads(body)


def amounts(claim: dict[str, Any]) -> dict[str, str]:
    rows = claim["adjudication"]
    return {r["category"]["coding"][0]["code"]: r["amount"]["value"] for r in rows}


@pytest.mark.parametrize("status", get_args(Status))
def test_every_state_of_an_account_is_a_valid_claim_response_that_says_what_it_means(
    status: Status,
) -> None:
    found = written(replace(ACCOUNT, status=status))
    assert found["outcome"] == MEANINGS[status][0]
    assert found["disposition"].endswith(".")
    assert ("error" in found) == (found["outcome"] == "error")
    assert found["status"] == ("cancelled" if status == "VOID" else "active")


def test_cents_are_dollars_with_two_decimals() -> None:
    found = replace(
        ACCOUNT, charge_cents=17_800, paid_cents=10_005, adjusted_cents=-5, patient_cents=0
    )
    body = write_json(claim_response(found, VISIT, AT)).decode()
    for amount in ("178.00", "100.05", "-0.05", "0.00"):
        assert f'"value":{amount}}}' in body


def test_a_visit_without_resources_is_named_by_its_numbers() -> None:
    found = written(ACCOUNT, read_visit("V9", "1001", None, []))
    assert "request" not in found
    assert found["patient"]["identifier"] == {"value": "1001"}
    assert found["extension"][0]["valueReference"]["identifier"] == {"value": "V9"}


def test_of_several_claims_of_a_visit_none_is_named_as_the_one() -> None:
    encounter = {"subject": {"reference": "urn:uuid:0"}}
    found = written(ACCOUNT, read_visit("e1", "1001", encounter, [{"id": "a"}, {"id": "b"}]))
    assert "request" not in found
    assert found["patient"]["identifier"] == {"value": "1001"}, "its subject leads nowhere"


def test_who_pays_is_named_as_the_ehr_does_or_by_our_id() -> None:
    assert written(ACCOUNT)["insurer"] == {"display": "none: the patient pays"}
    paid = replace(ACCOUNT, payer_id="BLUST")
    assert written(paid)["insurer"]["identifier"]["value"] == "BLUST"
    claim = {"id": "cl1", "insurer": {"reference": "Organization/o1"}}
    visit = read_visit("e1", "1001", {"subject": {"reference": "Patient/p1"}}, [claim])
    assert written(paid, visit)["insurer"] == {"reference": "Organization/o1"}


async def test_a_paid_claim_is_read_by_its_ehr_in_its_own_names(
    interop: Harness, key: str, visit: UUID
) -> None:
    await interop.receive(*story(visit))
    answer = await send(interop, key, "GET", f"/ClaimResponse/{CLAIM}")
    assert answer.status_code == 200
    found = answer.json()
    ClaimResponse.model_validate(found)
    assert found["request"] == {"reference": "Claim/cl1"}
    assert found["patient"] == {"reference": "Patient/p1"}
    assert found["extension"][0]["valueReference"] == {"reference": "Encounter/e1"}
    assert (found["outcome"], found["use"], found["status"]) == ("complete", "claim", "active")
    assert amounts(found) == {
        "submitted": 178.0, "benefit": 100.5, "discount": 57.5, "memberliability": 20.0,
    }  # fmt: skip


async def test_what_is_taken_back_stands_no_more(interop: Harness, key: str, visit: UUID) -> None:
    await interop.receive(*story(visit)[:2], billing.charges_reversed())
    found = (await send(interop, key, "GET", f"/ClaimResponse/{CLAIM}")).json()
    assert (found["status"], found["outcome"]) == ("cancelled", "complete")
    assert set(amounts(found).values()) == {0.0}


async def test_claims_are_found_by_request_visit_patient_and_id(
    interop: Harness, key: str, visit: UUID
) -> None:
    other = uuid5(CLAIM, "another claim of the visit")
    await interop.receive(
        billing.charges_posted(encounter_id=visit),
        billing.charges_posted(encounter_id=visit, claim_id=other),
    )
    every = sorted([str(CLAIM), str(other)])

    async def found(query: str) -> list[str]:
        bundle = (await send(interop, key, "GET", f"/ClaimResponse{query}")).json()
        assert bundle["type"] == "searchset"
        return [entry["resource"]["id"] for entry in bundle.get("entry", [])]

    for query in ("", "?request=Claim/cl1", "?patient=Patient/p1", "?patient=p1",
                  "?encounter=Encounter/e1", "?encounter:identifier=x|e1",
                  "?patient=p1&request=cl1"):  # fmt: skip
        assert await found(query) == every, query
    assert await found(f"?_id={CLAIM}") == [str(CLAIM)]
    for query in ("?request=Claim/other", "?patient=p9", "?encounter=e9", "?_id=nobody"):
        assert await found(query) == [], query
    page = (await send(interop, key, "GET", "/ClaimResponse?patient=p1&_count=1")).json()
    assert [entry["resource"]["id"] for entry in page["entry"]] == every[:1]
    following = next(link["url"] for link in page["link"] if link["relation"] == "next")
    rest = (await send(interop, key, "GET", following.partition("/fhir")[2])).json()
    assert [entry["resource"]["id"] for entry in rest["entry"]] == every[1:]
    refused = await send(interop, key, "GET", "/ClaimResponse?outcome=complete")
    assert (refused.status_code, codes(refused)) == (400, ["parameter-unknown"])


async def test_another_ehrs_or_practices_claim_is_like_one_that_is_missing(
    interop: Harness, key: str, visit: UUID, open_connection: OpenConnection
) -> None:
    await interop.receive(*story(visit))
    elsewhere = uuid5(examples.NAMESPACE, "other practice")
    foreign = await open_connection(kind="fhir", profile=PROFILE, practice_id=elsewhere)
    other = await open_connection(
        kind="fhir", profile=PROFILE, name="another EHR", source_system="another"
    )
    for theirs in (foreign, other):
        answer = await send(interop, theirs, "GET", f"/ClaimResponse/{CLAIM}")
        assert (answer.status_code, codes(answer)) == (404, ["not-found"])
        listed = (await send(interop, theirs, "GET", "/ClaimResponse")).json()
        assert "entry" not in listed


async def test_claims_are_read_and_never_written(interop: Harness, key: str) -> None:
    answer = await send(interop, key, "DELETE", f"/ClaimResponse/{CLAIM}")
    assert answer.status_code == 405
    body = claim_response(ACCOUNT, VISIT, AT)
    posted = await send(interop, key, "POST", "/ClaimResponse", write_json(body))
    assert codes(posted) == ["type-not-kept"]
