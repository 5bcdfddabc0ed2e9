"""Two connections of one EHR write at once: nothing is lost, doubled or versioned twice."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from libs.events.contracts.interop import EncounterPosted, PatientRegistered, PatientUpdated
from libs.events.examples import interop as examples
from tests.harness import Harness
from tests.interop.conftest import OpenConnection
from tests.interop.fhir.asking import PROFILE, send
from tests.interop.fhir.test_bad_bundles import CLAIM, CONDITION, ENCOUNTER, PATIENT
from tests.interop.fhir.test_kinds_of_bundles import batch_of


@pytest.fixture
async def keys(open_connection: OpenConnection) -> list[str]:
    profile = PROFILE | {"practitioners": {"dr": "1245319599"}}
    return [
        await open_connection(kind="fhir", name=name, source_system="ehr", profile=profile)
        for name in ("main", "billing")
    ]


def version_of(answer: httpx.Response) -> int:
    return int(answer.headers["etag"].strip('W/"'))


def reachable_by(phone: str) -> dict[str, Any]:
    return PATIENT | {"telecom": [{"system": "phone", "value": phone}]}


async def test_every_update_of_one_resource_is_a_version_and_the_last_one_stands(
    interop: Harness, keys: list[str]
) -> None:
    bodies = [reachable_by(f"614555010{n}") for n in range(8)]
    sent = [send(interop, keys[n % 2], "PUT", "/Patient/p1", body) for n, body in enumerate(bodies)]
    answers = await asyncio.gather(*sent)
    assert sorted(map(version_of, answers)) == list(range(1, 9))
    assert sorted(one.status_code for one in answers) == [*[200] * 7, 201]
    last = max(zip(answers, bodies, strict=True), key=lambda pair: version_of(pair[0]))[1]
    for key in keys:
        kept = (await send(interop, key, "GET", "/Patient/p1")).json()
        assert kept["telecom"] == last["telecom"]
        assert kept["meta"]["versionId"] == "8"
    assert len(await interop.published(PatientRegistered)) == 1
    told = await interop.published(PatientUpdated)
    assert len(told) == 7
    assert told[-1].person.phone == last["telecom"][0]["value"]


async def test_the_same_visits_from_both_are_posted_once(interop: Harness, keys: list[str]) -> None:
    by_dr = {"participant": [{"individual": {"reference": "Practitioner/dr"}}]}
    visit = batch_of(PATIENT, ENCOUNTER | by_dr, CONDITION, CLAIM) | {"type": "transaction"}
    answers = await asyncio.gather(
        *[send(interop, keys[n % 2], "POST", "", visit) for n in range(6)]
    )
    assert {one.status_code for one in answers} == {200}
    etags = {row["response"]["etag"] for one in answers for row in one.json()["entry"]}
    assert etags == {'W/"1"'}
    assert len(await interop.published(PatientRegistered)) == 1
    assert len(await interop.published(EncounterPosted)) == 1


async def test_of_two_who_saw_the_same_version_one_is_told_that_it_is_stale(
    interop: Harness, keys: list[str]
) -> None:
    await send(interop, keys[0], "PUT", "/Patient/p1", PATIENT)
    sent = [
        send(interop, key, "PUT", "/Patient/p1", reachable_by(f"614555020{n}"), if_match='W/"1"')
        for n, key in enumerate(keys)
    ]
    assert sorted(one.status_code for one in await asyncio.gather(*sent)) == [200, 412]
    kept = await send(interop, keys[0], "GET", "/Patient/p1")
    assert kept.json()["meta"]["versionId"] == "2"


async def test_of_two_conditional_creates_one_finds_what_the_other_made(
    interop: Harness, keys: list[str]
) -> None:
    bodies = [PATIENT | {"id": name} for name in ("one", "two")]
    sent = [
        send(interop, key, "POST", "/Patient", body, if_none_exist="identifier=1001")
        for key, body in zip(keys, bodies, strict=True)
    ]
    answers = await asyncio.gather(*sent)
    assert sorted(one.status_code for one in answers) == [200, 201]
    assert len({one.json()["id"] for one in answers}) == 1
    async with interop.uow(examples.PRACTICE) as uow:
        assert await uow.db.fetchval("SELECT count(*) FROM fhir_resource") == 1


async def test_a_visit_whose_parts_come_over_both_is_told_whole(
    interop: Harness, keys: list[str]
) -> None:
    """Its charge over one connection while its diagnosis comes over the other: none misses."""
    by_dr = {"participant": [{"individual": {"reference": "Practitioner/dr"}}]}
    await send(interop, keys[0], "PUT", "/Patient/p1", PATIENT)
    await send(interop, keys[0], "PUT", "/Encounter/e1", ENCOUNTER | by_dr)
    claim = {k: v for k, v in CLAIM.items() if k != "diagnosis"}
    claim["item"] = [{k: v for k, v in CLAIM["item"][0].items() if k != "diagnosisSequence"}]
    answers = await asyncio.gather(
        send(interop, keys[0], "PUT", "/Claim/cl1", claim),
        send(interop, keys[1], "PUT", "/Condition/c1", CONDITION),
    )
    assert [one.status_code for one in answers] == [201, 201]
    [posted] = await interop.published(EncounterPosted)
    assert list(posted.diagnoses) == ["I10"]
    assert len(posted.lines) == 1
