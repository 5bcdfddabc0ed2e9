"""A query has a day, a place and an end: overdue it is said once, answered late it still works."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from libs.events.contracts.interop import EncounterPosted, EncounterVoided
from libs.events.contracts.interop_queries import (
    QueryOpened,
    QueryOverdue,
    QueryWithdrawn,
)
from libs.events.examples import interop as examples
from tests.harness import Harness
from tests.interop.conftest import OpenConnection
from tests.interop.fhir.test_bundles import post
from tests.interop.queries.test_answering import answer, visit


async def test_an_open_query_is_overdue_once_and_its_answer_still_works(
    interop: Harness, open_connection: OpenConnection
) -> None:
    profile = {"practitioners": {}, "query_due_days": 3}
    key = await open_connection(kind="fhir", profile=profile)
    await post(interop, key, visit("38341003"))
    opened = await interop.published(QueryOpened)
    assert {query.due_on for query in opened} == {date(2026, 3, 5)}
    replies = {"unmapped-diagnosis": "I10", "unmapped-procedure": "G0439",
               "missing-provider": "1245319599"}  # fmt: skip
    first, *others = opened
    await answer(interop, first.query_id, replies[first.reason])
    last_moment = datetime(2026, 3, 6, 4, 59, tzinfo=UTC)  # the day's end, Eastern
    await interop.fire_timers(last_moment)
    assert await interop.published(QueryOverdue) == []
    await interop.fire_timers(last_moment + timedelta(minutes=1))
    await interop.fire_timers(last_moment + timedelta(days=90))
    overdue = await interop.published(QueryOverdue)
    assert {query.query_id for query in overdue} == {query.query_id for query in others}
    assert len(overdue) == len(others)
    async with interop.http(examples.PRACTICE) as client:
        shown = (await client.get("/queries", params={"state": "open"})).json()
    assert len(shown) == len(others)
    assert all(query["overdue_at"] for query in shown)
    for query in others:
        reply = await answer(interop, query.query_id, replies[query.reason])
        assert reply.status_code == 200
    assert len(await interop.published(EncounterPosted)) == 1


async def test_a_visit_that_is_voided_while_it_waits_asks_nothing_any_more(
    interop: Harness, open_connection: OpenConnection
) -> None:
    key = await open_connection(kind="fhir", profile={"practitioners": {}})
    bundle = visit("38341003")
    await post(interop, key, bundle)
    [encounter] = [e["resource"] for e in bundle["entry"] if "period" in e["resource"]]
    encounter["status"] = "entered-in-error"
    assert (await post(interop, key, bundle)).status_code == 200
    opened = await interop.published(QueryOpened)
    withdrawn = await interop.published(QueryWithdrawn)
    assert {q.query_id for q in withdrawn} == {q.query_id for q in opened}
    assert await interop.published(EncounterVoided) == [], "it was never posted"
    reply = await answer(interop, opened[0].query_id, "I10")
    assert reply.status_code == 409
    await interop.fire_timers(interop.clock.now() + timedelta(days=90))
    assert await interop.published(QueryOverdue) == []
    async with interop.http(examples.PRACTICE) as client:
        fates = {m["fate"] for m in (await client.get("/messages")).json()}
        shown = (await client.get("/queries", params={"state": "withdrawn"})).json()
    assert fates == {"accepted"}
    assert len(shown) == len(opened)


async def test_a_posted_visit_whose_claims_are_all_cancelled_is_voided(
    interop: Harness, open_connection: OpenConnection
) -> None:
    rows = [
        {"system": "http://snomed.info/sct", "code": code, "kind": kind, "target": target}
        for code, kind, target in (
            ("38341003", "diagnosis", "I10"),
            ("185349003", "procedure", "G0439"),
        )
    ]
    key = await open_connection(kind="fhir", profile={"codes": rows})
    bundle = visit("38341003")
    await post(interop, key, bundle)
    [query] = await interop.published(QueryOpened)
    await answer(interop, query.query_id, "1245319599")
    [posted] = await interop.published(EncounterPosted)
    [claim] = [e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Claim"]
    claim["status"] = "cancelled"
    assert (await post(interop, key, bundle)).status_code == 200
    [voided] = await interop.published(EncounterVoided)
    assert voided.reason == "cancelled"
    assert voided.replaces is not None
    assert voided.replaces.event_id == posted.event_id
