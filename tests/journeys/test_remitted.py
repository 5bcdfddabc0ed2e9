"""A payment with more than claims in it: what it keeps, what fits nothing, and the bank's money."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid4

import httpx
import pytest

from libs.local.payer.bank import write_deposit
from libs.local.run.platform import LocalPlatform
from libs.local.run.seed import Door
from tests.billing.remittance import Said, payment
from tests.journeys.doors import at, deliver, said
from tests.transport.platform import eventually

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]

PAYER, TRACE, TRN03 = "BUCKEYE01", "REMITTED1", "1512345678"
NOTHING = Said("FORMER3", 4_000, 0, [("PR", "1", 4_000)])


@pytest.fixture
def door(live: LocalPlatform, doors: list[Door]) -> Door:
    """A practice whose payers have a folder to write into."""
    inbound = live.exchange / str(doors[0].practice.practice_id) / "inbound"
    inbound.mkdir(parents=True, exist_ok=True)
    return doors[0]


async def listed(billing: httpx.AsyncClient, trace: str, count: int) -> list[dict[str, Any]]:
    """The work list's rows of one payment, once they are there."""

    async def look() -> list[dict[str, Any]]:
        answer = await billing.get("/unmatched-remittances", params={"limit": 500})
        assert answer.status_code == 200, answer.text
        found = [row for row in answer.json() if row["trace_number"] == trace]
        return found if len(found) == count else []

    return await eventually(look, within_seconds=60, what=f"{trace} is on the work list")


async def take_over(billing: httpx.AsyncClient, number: str, cents: int) -> str:
    """A claim of the former system; its payer knows it by another number."""
    claim_id = str(uuid4())
    command = {
        "claim_id": claim_id, "control_number": number, "payer_id": PAYER,
        "service_on": "2026-01-12", "charge_cents": cents,
    }  # fmt: skip
    answer = await billing.post("/opening-claims", json=command)
    assert answer.status_code == 201, answer.text
    return claim_id


async def act(billing: httpx.AsyncClient, row: dict[str, Any], action: str, **body: str) -> None:
    path = f"/unmatched-remittances/{row['remittance_id']}/{row['place']}/{action}"
    answer = await billing.post(path, json=body)
    assert answer.status_code == 200, answer.text


async def test_a_payment_is_worked_to_its_last_cent(live: LocalPlatform, door: Door) -> None:
    lost = [Said("FORMER1", 10_000, 8_000, [("CO", "45", 2_000)]), Said("FORMER2", 700, 700)]
    cents = 8_700 + 127 - 500
    content = payment(*lost, NOTHING, trace=TRACE, payer=PAYER, plb=[("L6", -127), ("WO", 500)])
    deliver(live, door, "remitted.ach", write_deposit(TRACE, TRN03, cents, date(2026, 3, 20), 9))
    async with at(live, "billing", door) as billing:
        claim_id = await take_over(billing, "MIGRATED1", 10_000)

        async def told_by_the_bank() -> bool:
            deposits = (await billing.get("/deposits", params={"limit": 500})).json()
            return TRACE in {deposit["trace_number"] for deposit in deposits}

        await eventually(told_by_the_bank, within_seconds=60, what="the bank's file is read")
        deliver(live, door, "remitted.835", content)
        applied, refunded, dismissed = await listed(billing, TRACE, 3)
        about = {"remittance_id": applied["remittance_id"]}
        await said(live, "billing.provider-adjustment-posted.v1", reason="L6", cents=-127, **about)
        await said(live, "billing.provider-adjustment-posted.v1", reason="WO", cents=500, **about)
        await said(live, "billing.cash-unapplied.v1", cents=8_000, **about)
        await said(live, "billing.deposit-matched.v1", cents=cents, **about)

        await act(billing, applied, "apply", claim_id=claim_id)
        await act(billing, refunded, "refund", reason="not-our-claim")
        await act(billing, dismissed, "dismiss", reason="informational")
        await said(live, "billing.cash-applied.v1", claim_id=claim_id, cents=8_000)
        await said(live, "billing.payment-posted.v1", claim_id=claim_id, adjusted_cents=2_000)
        await said(live, "billing.cash-refunded.v1", cents=700, **about)
        await said(live, "billing.unmatched-remittance-dismissed.v1", **about)
        history = (await billing.get(f"/claims/{claim_id}")).json()
    assert history["claim"]["state"] == "paid"
    assert sum(line["cents"] for line in history["journal"]) == 0


async def test_money_that_does_not_come_is_missed(live: LocalPlatform, door: Door) -> None:
    """Its day is long past, so the days that the rule allows are over at once."""
    content = payment(Said("FORMER4", 900, 900), trace="NEVERCAME1", payer=PAYER)
    deliver(live, door, "never-came.835", content)
    [missing] = await said(live, "billing.deposit-missing.v1", trace_number="NEVERCAME1")
    assert missing.key
