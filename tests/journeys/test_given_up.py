"""A balance is given up by two people and taken back, a month of the journal is closed for good."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from libs.events.contracts.values import month_of
from libs.local.run.feed import Feeder
from libs.local.run.platform import LocalPlatform
from libs.local.run.seed import Door
from tests.journeys.doors import at, said
from tests.transport.platform import eventually

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]


@asynccontextmanager
async def colleague(live: LocalPlatform, door: Door) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody else at billing: the person who signs in at the pages."""
    practice = str(door.practice.practice_id)
    headers = {"x-practice-id": practice}
    async with httpx.AsyncClient(base_url=live.url("billing"), headers=headers) as client:
        form = {"name": "demo", "password": live.demo_password, "next": "/"}
        assert (await client.post("/sign-in", data=form)).status_code == 303
        yield client


async def test_a_denied_balance_is_given_up_by_two_people_and_comes_back(
    live: LocalPlatform, fed: Feeder
) -> None:
    door = fed.doors[0]
    practice = str(door.practice.practice_id)
    async with at(live, "billing", door) as billing, colleague(live, door) as second:
        policy = await billing.put("/write-off-policy", json={"alone_cents": 100})
        assert policy.status_code == 200, policy.text
        claim = (await billing.get("/claims", params={"state": "denied"})).json()[0]
        month = claim["service_on"][:7]
        before = await given_up(live, practice, month)
        refused, wanted = [order(claim, claim["charge_cents"]) for _ in range(2)]
        for command in (refused, wanted):
            assert (await billing.post("/write-offs", json=command)).json()["state"] == "proposed"
        steps = [(refused, "decline"), (wanted, "approve"), (wanted, "reverse")]
        for command, step in steps:
            answer = await second.post(f"/write-offs/{command['write_off_id']}/{step}")
            assert answer.status_code == 200, answer.text
            if step == "approve":
                now = before + claim["charge_cents"]
                await shows(live, practice, month, now)
    await shows(live, practice, month, before)
    for kind, command in (
        ("billing.write-off-proposed.v1", refused),
        ("billing.write-off-declined.v1", refused),
        ("billing.balance-written-off.v1", wanted),
        ("billing.write-off-reversed.v1", wanted),
    ):
        await said(live, kind, write_off_id=command["write_off_id"])


async def test_a_month_of_the_journal_is_closed(live: LocalPlatform, fed: Feeder) -> None:
    door = fed.doors[1]
    this_month = month_of(datetime.now(UTC).date())
    month = month_of(this_month - timedelta(days=40))
    async with at(live, "billing", door) as billing:
        closed = await billing.post(f"/ledger/months/{month}/close")
        assert closed.status_code == 200, closed.text
        early = await billing.post(f"/ledger/months/{this_month}/close")
        assert early.status_code == 409
    practice = str(door.practice.practice_id)
    await said(live, "billing.month-closed.v1", practice_id=practice, month=str(month))


def order(claim: dict[str, Any], cents: int) -> dict[str, Any]:
    return {
        "write_off_id": str(uuid4()),
        "claim_id": claim["claim_id"],
        "owed_by": "payer",
        "reason": "administrative",
        "cents": cents,
    }


async def given_up(live: LocalPlatform, practice: str, month: str) -> int:
    """What the scorecard says was written off of the month's charges."""
    async with live.client("analytics") as analytics:
        answer = await analytics.get(f"/scorecards/{practice}/{month}")
    return answer.raise_for_status().json()["counters"]["written_off_cents"]


async def shows(live: LocalPlatform, practice: str, month: str, cents: int) -> None:
    async def look() -> bool:
        return await given_up(live, practice, month) == cents

    await eventually(look, within_seconds=60, what=f"the scorecard says {cents} are given up")
