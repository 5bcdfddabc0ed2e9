"""A query goes to the visit's clinician; with the last answer the visit is posted."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from libs.events.contracts.interop import EncounterPosted
from libs.events.contracts.interop_queries import QueryAnswered, QueryOpened, QueryWithdrawn
from libs.events.examples import interop as examples
from tests.harness import Harness
from tests.interop.conftest import OTHER_PRACTICE, OpenConnection
from tests.interop.fhir.test_bundles import appointment, post

CLINICIAN = "1245319599"


def visit(*codes: str, items: tuple[str, ...] = ("185349003",), name: str = "e1") -> dict[str, Any]:
    """A bundle with one finished visit, SNOMED CT conditions and charged services."""
    encounter = {
        "resourceType": "Encounter",
        "id": name,
        "status": "finished",
        "class": {"code": "AMB"},
        "subject": {"reference": "Patient/p1"},
        "period": {"start": "2026-03-02T15:00:00Z"},
    }
    conditions = [
        {
            "resourceType": "Condition",
            "id": f"{name}-{code}",
            "subject": {"reference": "Patient/p1"},
            "code": concept(code),
            "encounter": {"reference": f"Encounter/{name}"},
        }
        for code in codes
    ]
    claim = {
        "resourceType": "Claim",
        "id": f"{name}-claim",
        "status": "active",
        "type": concept("professional"),
        "use": "claim",
        "patient": {"reference": "Patient/p1"},
        "created": "2026-03-03",
        "provider": {"display": "Main Street Clinic"},
        "priority": concept("normal"),
        "insurance": [{"sequence": 1, "focal": True, "coverage": {"identifier": {"value": "1"}}}],
        "item": [
            {
                "sequence": place,
                "productOrService": concept(code),
                "encounter": [{"reference": f"Encounter/{name}"}],
            }
            for place, code in enumerate(items, 1)
        ],
    }
    bundle = appointment("booked")
    del bundle["entry"][1]
    bundle["entry"] += [
        {"resource": one, "request": {"method": "POST", "url": one["resourceType"]}}
        for one in (encounter, *conditions, claim)
    ]
    return bundle


def concept(code: str) -> dict[str, Any]:
    return {"coding": [{"system": "http://snomed.info/sct", "code": code}]}


async def answer(
    interop: Harness, query_id: object, text: str, npi: str = CLINICIAN
) -> httpx.Response:
    async with interop.http(examples.PRACTICE) as client:
        return await client.post(
            f"/queries/{query_id}/answer", json={"answer": text, "answered_for_npi": npi}
        )


async def fate(interop: Harness) -> str:
    async with interop.http(examples.PRACTICE) as client:
        [message] = (await client.get("/messages")).json()
    return message["fate"]


async def test_the_last_answer_posts_the_visit_in_the_answered_codes(
    interop: Harness, open_connection: OpenConnection
) -> None:
    key = await open_connection(kind="fhir")
    assert (await post(interop, key, visit("38341003"))).status_code == 200
    opened = {query.reason: query for query in await interop.published(QueryOpened)}
    assert set(opened) == {"missing-provider", "unmapped-diagnosis", "unmapped-procedure"}
    assert await fate(interop) == "waiting"
    replies = {"unmapped-diagnosis": "I10", "unmapped-procedure": "G0439",
               "missing-provider": CLINICIAN}  # fmt: skip
    for reason, text in replies.items():
        assert await interop.published(EncounterPosted) == []
        reply = await answer(interop, opened[reason].query_id, text)
        assert reply.status_code == 200, reply.text
        assert reply.json()["answer"] == text
    [posted] = await interop.published(EncounterPosted)
    assert posted.diagnoses == ("I10",)
    assert [line.procedure_code for line in posted.lines] == ["G0439"]
    assert posted.provider_npi == CLINICIAN
    assert posted.encounter_id == opened["missing-provider"].encounter_id
    assert len(await interop.published(QueryAnswered)) == 3
    assert await fate(interop) == "accepted"
    async with interop.http(examples.PRACTICE) as client:
        assert (await client.get("/queries", params={"state": "open"})).json() == []
        [message] = (await client.get("/messages")).json()
        story = (await client.get(f"/messages/{message['message_id']}")).json()
    assert story["events"][-1]["event_type"] == "interop.encounter-posted.v1"


async def test_a_message_waits_until_the_last_of_its_visits_is_posted(
    interop: Harness, open_connection: OpenConnection
) -> None:
    key = await open_connection(kind="fhir", profile={"practitioners": {}})
    bundle = visit(name="e1")
    bundle["entry"] += visit(name="e2")["entry"][1:]
    await post(interop, key, bundle)
    queries = await interop.published(QueryOpened)
    assert len({q.encounter_id for q in queries}) == 2
    told = {"missing-provider": CLINICIAN, "missing-diagnosis": "Z00.00",
            "unmapped-procedure": "G0439"}  # fmt: skip
    *others, last = queries
    replies = await asyncio.gather(
        *[answer(interop, query.query_id, told[query.reason]) for query in others]
    )
    assert {reply.status_code for reply in replies} == {200}
    assert await fate(interop) == "waiting"
    await answer(interop, last.query_id, told[last.reason])
    assert await fate(interop) == "accepted"
    assert len(await interop.published(EncounterPosted)) == 2


async def test_the_same_answer_again_does_nothing_and_another_is_refused(
    interop: Harness, open_connection: OpenConnection
) -> None:
    key = await open_connection(kind="fhir")
    await post(interop, key, visit("38341003"))
    [query] = [q for q in await interop.published(QueryOpened) if q.code == "38341003"]
    first = await answer(interop, query.query_id, "I10")
    again = await answer(interop, query.query_id, "I10")
    other = await answer(interop, query.query_id, "I11.9")
    assert (first.status_code, again.status_code, other.status_code) == (200, 200, 409)
    assert first.json() == again.json()
    assert len(await interop.published(QueryAnswered)) == 1


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        ("unmapped-diagnosis", "hypertension"),
        ("unmapped-procedure", "G04391"),
        ("missing-provider", "1245319590"),
    ],
)
async def test_an_answer_must_be_one_to_its_question(
    interop: Harness, open_connection: OpenConnection, reason: str, text: str
) -> None:
    key = await open_connection(kind="fhir")
    await post(interop, key, visit("38341003"))
    [query] = [q for q in await interop.published(QueryOpened) if q.reason == reason]
    reply = await answer(interop, query.query_id, text)
    assert reply.status_code == 422
    assert text not in reply.text
    assert await interop.published(QueryAnswered) == []


async def test_a_foreign_query_looks_like_a_missing_one(
    interop: Harness, open_connection: OpenConnection
) -> None:
    key = await open_connection(kind="fhir")
    await post(interop, key, visit("38341003"))
    query = (await interop.published(QueryOpened))[0]
    command = {"answer": "I10", "answered_for_npi": CLINICIAN}
    async with interop.http(OTHER_PRACTICE) as client:
        foreign = await client.post(f"/queries/{query.query_id}/answer", json=command)
        missing = await client.post(f"/queries/{examples.QUERY}/answer", json=command)
    assert foreign.status_code == missing.status_code == 404
    assert foreign.json() == missing.json()


async def test_a_waiting_visit_sent_again_asks_nothing_twice(
    interop: Harness, open_connection: OpenConnection
) -> None:
    key = await open_connection(kind="fhir")
    bundle = visit("38341003")
    await post(interop, key, bundle)
    before = len(await interop.published(QueryOpened))
    bundle["entry"].reverse()
    assert (await post(interop, key, bundle)).status_code == 200
    changed = await post(interop, key, visit("38341003", items=("185349003", "140")))
    assert changed.status_code == 200
    opened = await interop.published(QueryOpened)
    assert [query.code for query in opened[before:]] == ["140"], "only what is new is asked"
    assert await interop.published(QueryWithdrawn) == []
