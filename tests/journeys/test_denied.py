"""A payer refuses, somebody works it, and the payer pays after all: to the cent, with a letter."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from libs.local.run.feed import Feeder
from libs.local.run.platform import LocalPlatform
from libs.local.run.seed import Door
from tests.billing.documents.pdf import text_of
from tests.billing.remittance import Said, payment
from tests.journeys.doors import at, deliver, said
from tests.transport.platform import eventually

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]
DECIDED_ON = date(2026, 3, 20)
"""BPR16 of the files that `payment` writes."""


async def test_a_refused_claim_is_appealed_with_a_letter_and_paid_after_all(
    live: LocalPlatform, fed: Feeder
) -> None:
    door, denial = await refused_by_the_payer(live, fed)
    path = f"/denials/{denial['denial_id']}"
    about = {"denial_id": denial["denial_id"]}
    await said(live, "billing.denial-opened.v1", **about, denied_cents=denial["denied_cents"])
    async with at(live, "billing", door) as billing:
        history = (await billing.get(f"/claims/{denial['claim_id']}")).json()
        await do(billing, f"{path}/assign", to="Kim")
        await do(billing, f"{path}/appeals", level=1, argument="The visit was as ordered.")
        await said(live, "billing.denial-appealed.v1", **about, level=1)
        letter = await billing.get(f"{path}/appeals/1/letter.pdf")
        told = text_of(letter.content)
        assert denial["control_number"] in told
        assert door.practice.name in told
        decided_on = str(datetime.now(UTC).date())
        await do(billing, f"{path}/appeals/1/outcome", outcome="overturned", decided_on=decided_on)
        await said(live, "billing.appeal-decided.v1", **about, outcome="overturned")
        [posting] = [p for p in history["postings"] if p["reversed_by"] is None]
        charge = history["claim"]["charge_cents"]
        first = Said(
            denial["control_number"], charge, 0, [("CO", denial["reason"], charge)], status="4"
        )
        again = Said(denial["control_number"], charge, charge - 500, [("CO", "45", 500)])
        assert posting["denied_cents"] == charge
        file = payment(first.reversed(), again, trace="DENIED1", payer=denial["payer_id"])
        deliver(live, door, "denied-paid.835", file)
        overturned = {**about, "outcome": "overturned", "recovered_cents": charge - 500}
        await said(live, "billing.denial-overturned.v1", **overturned)
        await said(live, "billing.denial-closed.v1", **about, reason="reversed")
        view = (await billing.get(path)).json()
        claim = (await billing.get(f"/claims/{denial['claim_id']}")).json()["claim"]
    assert (view["state"], view["recoverable_cents"]) == ("closed", 0)
    assert claim["state"] == "paid"


async def test_a_deadline_is_told_before_it_comes_and_when_it_has_passed(
    live: LocalPlatform, doors: list[Door]
) -> None:
    door = doors[1]
    async with at(live, "billing", door) as billing:
        in_three_days = datetime.now(UTC).date() + timedelta(days=3) - DECIDED_ON
        limit = {
            "payer_limit_id": str(uuid4()), "payer_id": "NEARBY", "effective_on": "2026-01-01",
            "appeal_days": in_three_days.days, "next_appeal_days": 60, "correction_days": 90,
        }  # fmt: skip
        assert (await billing.post("/payer-limits", json=limit)).status_code == 201
        near = await refuse(live, door, billing, "NEARBY", "50")
        late = await refuse(live, door, billing, "LONGAGO", "197")
    await said(live, "billing.denial-deadline-neared.v1", denial_id=near["denial_id"])
    await said(live, "billing.denial-deadline-missed.v1", denial_id=late["denial_id"])
    about = {"rule_id": "authorization-missing", "payer_id": "LONGAGO"}
    await said(live, "billing.rule-proposed.v1", **about, denial_id=late["denial_id"])


async def refused_by_the_payer(live: LocalPlatform, fed: Feeder) -> tuple[Door, dict[str, Any]]:
    """A claim that the payer simulator refused as a whole, on the work list of its practice."""
    for door in reversed(fed.doors):
        async with at(live, "billing", door) as billing:
            listed = (await billing.get("/denials")).json()["denials"]
        for denial in reversed(listed):
            if denial["line_number"] == 0 and denial["appealable"]:
                return door, denial
    pytest.fail("the payer refused nothing")


async def refuse(
    live: LocalPlatform, door: Door, billing: httpx.AsyncClient, payer: str, reason: str
) -> dict[str, Any]:
    """A claim of the former system that a payer refuses; gives its denial."""
    claim = {
        "claim_id": str(uuid4()), "control_number": f"{payer}1", "payer_id": payer,
        "service_on": "2026-03-02", "charge_cents": 17_800,
    }  # fmt: skip
    assert (await billing.post("/opening-claims", json=claim)).status_code == 201
    refused = Said(f"{payer}1", 17_800, 0, [("CO", reason, 17_800)], status="4")
    deliver(live, door, f"{payer}.835", payment(refused, trace=f"{payer}1", payer=payer))

    async def look() -> list[dict[str, Any]]:
        return (await billing.get("/denials", params={"payer": payer})).json()["denials"]

    [denial] = await eventually(look, within_seconds=60, what=f"{payer}'s denial is on the list")
    return denial


async def do(billing: httpx.AsyncClient, path: str, **command: Any) -> None:
    answer = await billing.post(path, json={"command_id": str(uuid4()), **command})
    assert answer.status_code == 200, answer.text
