"""Journey 1: a visit in the EHR becomes cash in the ledger and moves the scorecard."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
from datetime import date
from typing import Any

import httpx
import pytest
from aiokafka import AIOKafkaConsumer

from libs.local.demo.months import day
from libs.local.run.feed import SEED, Feeder, month_days
from libs.local.run.opening import take_over_open_claims
from libs.local.run.platform import LocalPlatform
from libs.local.run.progress import Display
from libs.local.run.seed import enroll_late
from libs.local.run.settle import settle
from libs.local.run.summary import summarise
from libs.service.process import service_names
from tests.journeys.collector import Spans
from tests.transport.platform import eventually

pytestmark = [
    pytest.mark.journey,
    pytest.mark.timeout(420),
]
DAYS = month_days(date(2026, 1, 1), 1)


async def test_a_month_of_visits_is_paid_to_the_cent_though_every_service_is_killed(
    live: LocalPlatform, feeder: Feeder, shown: Display
) -> None:
    """Kill -9 of each service in the middle of the feed: nothing is lost, nothing doubled."""
    people = [door.practice for door in feeder.doors]
    await feeder.panels()
    await feeder.public_samples()
    await take_over_open_claims(live, people[-1])
    victims = asyncio.create_task(_kill_each_service_once(live))
    for number, on in enumerate(DAYS):
        await feeder.day(on)
        if number == 15:
            await enroll_late(live, people)
    await victims
    await settle(live, shown, within_seconds=180)

    summary = await summarise(live, feeder, seconds=1)
    assert summary.differences == []
    assert live.processes.died() == dict.fromkeys(service_names(), 1)
    figures = summary.figures
    visits = sum(m.kind.startswith("DFT") for p in people for on in DAYS for m in day(p, on, SEED))
    assert figures["encounters_posted"] >= visits, "every generated visit was posted"
    assert figures["events_parked"] == 0
    assert figures["claims_held"] > 0, "an enrollment that never came holds its claims"
    assert figures["claims_denied"] > 0
    assert figures["queries_open"] > 0, "codes that the map lacks became queries"
    assert figures["ledger_sum_cents"] == 0
    assert figures["paid_cents"] > 0
    assert figures["fee_cents"] > 0


async def _kill_each_service_once(live: LocalPlatform) -> None:
    """SIGKILL, one service after the other, each when the one before is ready again."""
    rng = random.Random(1)
    names = service_names()
    rng.shuffle(names)
    for name in names:
        await asyncio.sleep(rng.uniform(0.2, 0.8))
        os.kill(live.processes.pid(name), signal.SIGKILL)

        async def ready(name: str = name) -> bool:
            async with live.client(name) as client:
                try:
                    return (await client.get("/readyz")).status_code == 200
                except httpx.TransportError:
                    return False

        await eventually(ready, within_seconds=60, what=f"{name} is ready again")


async def test_one_events_story_is_printed_across_services(
    live: LocalPlatform, feeder: Feeder
) -> None:
    """`mainstay events trace ID`: from the visit to the fee, with times and who handled each."""
    async with live.client("billing", str(feeder.doors[0].practice.practice_id)) as client:
        claims = (await client.get("/claims", params={"state": "paid"})).json()
    story = await _story_with(live, claims)
    types = [event["type"] for event in story]
    for expected in (
        "interop.encounter-posted.v1", "billing.charges-posted.v1", "billing.claim-submitted.v1",
        "billing.claim-accepted.v1", "billing.payment-posted.v1",
        "agreements.management-fee-accrued.v1", "payroll.productivity-recorded.v1",
    ):  # fmt: skip
        assert expected in types
    assert len({event["correlation_id"] for event in story}) == 1
    traces = {event["traceparent"].split("-")[1] for event in story}
    assert len(traces) == 1, "one trace from the EHR's message to the fee"
    assert all(state == "handled" for event in story for state in event["consumers"].values())


async def test_a_messages_story_goes_on_from_its_events_to_the_claim(
    live: LocalPlatform, feeder: Feeder
) -> None:
    """`mainstay messages show ID`: how it was read, what it became, what that led to elsewhere."""
    practice = str(feeder.doors[0].practice.practice_id)
    async with live.client("interop", practice) as client:
        kept = (await client.get("/messages", params={"fate": "accepted", "limit": 500})).json()
    charged = [one["message_id"] for one in kept if one["type"] == "DFT^P03"]
    story = await _printed(live, "messages", "show", charged[-1], "--practice", practice)
    assert "interop.encounter-posted.v1" in [event["event_type"] for event in story["events"]]
    assert "billing.charges-posted.v1" in [event["type"] for event in story["onward"]]
    assert {"PID-5", "FT1-25"} <= {f["place"] for s in story["segments"] for f in s["fields"]}
    traced = await _printed(live, "events", "trace", story["events"][0]["event_id"])
    assert {event["traceparent"].split("-")[1] for event in traced} == {story["trace_id"]}


async def test_the_page_of_a_message_shows_what_its_visit_was_paid(
    live: LocalPlatform, feeder: Feeder
) -> None:
    practice = str(feeder.doors[0].practice.practice_id)
    async with live.client("billing", practice) as client:
        paid = {one["claim_id"] for one in (await client.get("/claims?state=paid")).json()}
    async with live.client("interop", practice) as client:
        kept = (await client.get("/messages?fate=accepted&limit=500")).json()
        charged = [one["message_id"] for one in kept if one["type"] == "DFT^P03"]

        async def pages() -> list[str]:
            found = [(await client.get(f"/inbox/{practice}/{one}")).text for one in charged]
            return [page for page in found if any(claim in page for claim in paid)]

        found = await eventually(pages, within_seconds=60, what="a page with a paid claim")
    assert any('standing met">paid</span>' in page for page in found)


async def test_the_spans_of_one_story_reach_any_otlp_address_as_one_trace(spans: Spans) -> None:
    """From the EHR's message to the fee: every service on the way is in one trace."""
    on_the_way = {"interop", "billing", "agreements", "payroll"}

    async def whole() -> list[str]:
        return [trace for trace, who in spans.services.items() if on_the_way <= who]

    found = await eventually(whole, within_seconds=30, what="a trace across the services")
    names = spans.names[found[0]]
    assert "billing handle interop.encounter-posted.v1" in names
    assert "agreements handle billing.payment-posted.v1" in names


async def _story_with(live: LocalPlatform, claims: list[dict[str, str]]) -> list[dict[str, Any]]:
    wanted = claims[0]["claim_id"]
    consumer = AIOKafkaConsumer(
        "billing.claims", bootstrap_servers=live.backends.kafka, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        while True:
            record = await asyncio.wait_for(consumer.getone(), 30)
            if (record.key or b"").decode() == wanted:
                break
    finally:
        await consumer.stop()
    event_id = dict(record.headers)["ce_id"].decode()
    return await _printed(live, "events", "trace", event_id)


async def _printed(live: LocalPlatform, *command: str) -> Any:
    environment = {**os.environ, "MAINSTAY_PLATFORM": str(live.home / "platform.json")}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "libs.cli", *command, "--json",
        stdout=asyncio.subprocess.PIPE, env=environment,
    )  # fmt: skip
    printed, _ = await process.communicate()
    assert process.returncode == 0
    return json.loads(printed)
