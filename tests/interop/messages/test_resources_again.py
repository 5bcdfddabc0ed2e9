"""A refused resource is decided again by the method, id, conditions and place that it came with."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from libs.events.contracts.interop import EncounterCorrected, EncounterPosted
from libs.events.examples import interop as examples
from tests.harness import Harness
from tests.interop.conftest import OpenConnection
from tests.interop.fhir.asking import PROFILE, codes, send
from tests.interop.fhir.test_bad_bundles import CLAIM, CONDITION, ENCOUNTER, PATIENT
from tests.interop.fhir.test_kinds_of_bundles import batch_of
from tests.interop.health.sending import CONNECTION
from tests.interop.messages.again import again, later, refused, the_fate
from tests.interop.messages.test_inspecting import answer_title, asked, mend

WHOLE_VISIT = ENCOUNTER | {"participant": [{"individual": {"reference": "Practitioner/dr"}}]}
WITHOUT_PAYERS = {name: value for name, value in PROFILE.items() if name != "payers"}


def priced(dollars: float, **changes: Any) -> dict[str, Any]:
    """The claim with another price."""
    [item] = CLAIM["item"]
    return CLAIM | {"item": [item | {"net": {"value": dollars, "currency": "USD"}}], **changes}


@pytest.fixture
async def key(interop: Harness, open_connection: OpenConnection) -> str:
    """Of a FHIR connection without the payers that its claims name; a visit waits for its claim."""
    key = await open_connection(kind="fhir", profile=WITHOUT_PAYERS)
    for one in (PATIENT, WHOLE_VISIT, CONDITION):
        path = f"/{one['resourceType']}/{one['id']}"
        assert (await send(interop, key, "PUT", path, one)).status_code == 201
    return key


async def put_claim(
    interop: Harness, key: str, claim: dict[str, Any], **headers: str
) -> httpx.Response:
    return await send(interop, key, "PUT", "/Claim/cl1", claim, **headers)


async def test_a_claim_that_came_alone_is_decided_again_by_its_method_and_address(
    interop: Harness, key: str
) -> None:
    assert codes(await put_claim(interop, key, CLAIM)) == ["payer-unknown"]
    await mend(interop, PROFILE)
    [message_id] = await refused(interop)
    assert await the_fate(interop, message_id) == "accepted"
    [posted] = await interop.published(EncounterPosted)
    assert posted.ehr_charge_cents == 17_810
    read = await send(interop, key, "GET", "/Claim/cl1")
    assert read.headers["etag"] == 'W/"1"'


async def test_a_condition_is_kept_sealed_and_decides_again(interop: Harness, key: str) -> None:
    """Created only where none is there: by then one is, so nothing is done."""
    nameless = {name: value for name, value in CLAIM.items() if name != "id"}
    nameless["identifier"] = [{"system": "urn:claims", "value": "A-77"}]
    condition = "identifier=urn:claims|A-77"
    first = await send(interop, key, "POST", "/Claim", nameless, if_none_exist=condition)
    assert codes(first) == ["payer-unknown"]
    async with interop.uow(examples.PRACTICE) as uow:
        kept = await uow.db.fetchval("SELECT asked FROM message WHERE fate = 'refused'")
    assert json.loads(kept).keys() == {"alg", "kid", "iv", "ct"}
    await mend(interop, PROFILE)
    other = nameless | {"created": "2026-03-04"}
    made = await send(interop, key, "POST", "/Claim", other, if_none_exist=condition)
    assert made.status_code == 201
    [message_id] = await refused(interop)
    assert await the_fate(interop, message_id) == "accepted"
    read = await send(interop, key, "GET", f"/Claim/{made.json()['id']}")
    assert (read.json()["created"], read.headers["etag"]) == ("2026-03-04", 'W/"1"')


async def test_a_version_conflict_stays_refused(interop: Harness, key: str) -> None:
    await mend(interop, PROFILE)
    assert (await put_claim(interop, key, CLAIM)).status_code == 201
    conflict = await put_claim(interop, key, priced(90), if_match='W/"2"')
    assert codes(conflict) == ["version-stale"]
    assert (await put_claim(interop, key, priced(120))).headers["etag"] == 'W/"2"'
    [message_id] = await refused(interop)
    answered = await again(interop, message_id)
    assert answered.status_code == 409
    assert "another version" in answer_title(answered)
    asking = {"fate": "refused", "connection_id": str(CONNECTION)}
    bulk = await asked(interop, "POST", "/messages/reprocess", params=asking)
    assert bulk.json() == []


async def test_a_version_that_was_the_last_is_looked_at_again(interop: Harness, key: str) -> None:
    await mend(interop, PROFILE)
    await put_claim(interop, key, CLAIM)
    elsewhere = priced(90, insurance=[{"sequence": 1, "focal": True,
                                       "coverage": {"display": "Nobody"}}])  # fmt: skip
    assert codes(await put_claim(interop, key, elsewhere, if_match='W/"1"')) == ["payer-unknown"]
    await put_claim(interop, key, priced(120))
    acme = {"payer_id": "BLUST", "payer_name": "Bluestone Health Plan"}
    payers = {"Acme": acme, "Nobody": acme}
    await mend(interop, PROFILE | {"payers": payers})
    [message_id] = await refused(interop)
    answered = (await again(interop, message_id)).json()
    assert [one["code"] for one in answered["refusals"]] == ["version-stale"]


async def test_a_resource_that_was_sent_anew_since_is_not_set_back(
    interop: Harness, key: str
) -> None:
    await put_claim(interop, key, CLAIM)
    await mend(interop, PROFILE)
    await later(interop)
    await put_claim(interop, key, priced(200))
    [message_id] = await refused(interop)
    answered = (await again(interop, message_id)).json()
    assert answered["fate"] == "refused"
    [refusal] = answered["refusals"]
    assert (refusal["code"], refusal["where"]) == ("superseded", "Claim")
    [posted] = await interop.published(EncounterPosted)
    assert posted.ehr_charge_cents == 20_000


async def test_what_was_refused_is_taken_again_in_its_order(interop: Harness, key: str) -> None:
    for dollars in (100, 150, 200):
        await put_claim(interop, key, priced(dollars))
        await later(interop)
    await mend(interop, PROFILE)
    asking = {"fate": "refused", "connection_id": str(CONNECTION)}
    bulk = await asked(interop, "POST", "/messages/reprocess", params=asking)
    assert [one["fate"] for one in bulk.json()] == ["accepted"] * 3
    [posted] = await interop.published(EncounterPosted)
    corrected = await interop.published(EncounterCorrected)
    charged = [one.ehr_charge_cents for one in (posted, *corrected)]
    assert charged == [10_000, 15_000, 20_000]


async def test_an_entry_of_a_batch_gets_the_id_that_it_would_have_had(
    interop: Harness, key: str
) -> None:
    nameless = {name: value for name, value in CLAIM.items() if name != "id"}
    body = batch_of(PATIENT)
    body["entry"].append({"resource": nameless, "request": {"method": "POST", "url": "Claim"}})
    answered = await send(interop, key, "POST", "", body)
    assert [one["response"]["status"][:3] for one in answered.json()["entry"]] == ["200", "422"]
    await mend(interop, PROFILE)
    [message_id] = await refused(interop)
    assert await the_fate(interop, message_id) == "accepted"
    once_more = await send(interop, key, "POST", "", body)
    [_, same] = [one["response"] for one in once_more.json()["entry"]]
    assert (same["status"][:3], same["etag"]) == ("201", 'W/"1"'), "nothing was made anew"
    assert len(await interop.published(EncounterPosted)) == 1


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ({"resource": PATIENT, "request": {"method": "DELETE", "url": "Patient/p1"}},
         "method-not-taken"),
        ({"resource": PATIENT, "request": {"method": "PUT", "url": "Patient/p7"}}, "id-mismatch"),
        ({"resource": {"resourceType": "Pacient"}, "request": {"method": "POST", "url": "x"}},
         "type-unknown"),
        ({"request": {"method": "POST", "url": "Patient"}}, "resource-missing"),
        ({"request": {"method": "GET", "url": "Observation/o1"}}, "type-not-kept"),
        ({"resource": {"resourceType": "Observation"},
          "request": {"method": "PUT", "url": "Patient/p1"}}, "url-mismatch"),
        ({"resource": PATIENT, "request": {"method": "PUT", "url": "Patient/p1"}},
         "duplicate-entry"),
    ],
)  # fmt: skip
async def test_an_entry_whose_request_is_wrong_is_refused_for_it_again(
    interop: Harness, key: str, entry: dict[str, Any], code: str
) -> None:
    body = batch_of(PATIENT)
    body["entry"].append(entry)
    answered = await send(interop, key, "POST", "", body)
    assert [one["response"]["status"][0] for one in answered.json()["entry"]] == ["2", "4"]
    [message_id] = await refused(interop)
    before = (await asked(interop, "GET", f"/messages/{message_id}")).json()["refusals"]
    after = (await again(interop, message_id)).json()
    assert after == {"message_id": message_id, "fate": "refused", "refusals": before}
    assert code in [one["code"] for one in before]
