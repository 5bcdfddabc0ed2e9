"""A claim that its payer is silent about is asked after, and the payer tells how it stands."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from typer.testing import CliRunner

from libs.cli.app import app
from libs.events.transport.database import SET_TRANSPORT
from libs.local.run.feed import Feeder, month_days
from libs.local.run.platform import LocalPlatform
from libs.local.run.progress import Display
from libs.local.run.settle import settle
from tests.billing.remittance import Said, payment
from tests.journeys.test_second_thoughts import at, deliver, paid_claim, said
from tests.transport.platform import eventually

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]


@pytest.fixture
async def fed(live: LocalPlatform, feeder: Feeder, shown: Display) -> Feeder:
    await feeder.panels()
    for on in month_days(date(2026, 1, 1), 1)[:7]:
        await feeder.day(on)
    await settle(live, shown, within_seconds=180)
    return feeder


async def test_a_payer_that_took_its_payment_back_and_says_no_more_is_asked_and_answers(
    live: LocalPlatform, fed: Feeder
) -> None:
    door = fed.doors[1]
    practice = door.practice.practice_id
    async with at(live, "billing", door) as billing:
        visits = {one["encounter_id"] for one in await _claims(billing)} - {None}
        claim, posted = await paid_claim(billing, among=visits)
        decided = _as_decided(claim, posted)
        payer = claim["payer_id"]
        back = payment(decided.reversed(), trace="SILENT1", payer=payer)
        deliver(live, door, "silent.835", back)
        await said(live, "billing.payment-reversed.v1", payment_id=posted["payment_id"])
        await _a_fortnight_passes(live, practice, claim["claim_id"])
        [asked] = await said(live, "billing.claim-followed-up.v1", claim_id=claim["claim_id"])
        assert json.loads(asked.value or b"")["times_asked"] == 1
        [told] = await said(live, "billing.claim-status-told.v1", claim_id=claim["claim_id"])
        assert json.loads(told.value or b"")["meaning"] in ("finalized-paid", "finalized-denied")
        deliver(live, door, "after-all.835", payment(decided, trace="SILENT2", payer=payer))

        async def is_paid() -> bool:
            shown = (await billing.get(f"/claims/{claim['claim_id']}")).json()
            return shown["claim"]["state"] == "paid"

        await eventually(is_paid, within_seconds=60, what="the payer pays after all")
    shown = await _shown(live, practice, claim["claim_id"])
    story = [step["words"] for step in shown["steps"]]
    assert any("was silent and was asked (276" in words for words in story)
    assert any(words.startswith("277: the payer tells how it stands") for words in story)


async def _claims(billing: httpx.AsyncClient) -> list[dict[str, Any]]:
    return (await billing.get("/claims", params={"state": "paid", "limit": 500})).json()


def _as_decided(claim: dict[str, Any], posted: dict[str, Any]) -> Said:
    parts = [("CO", "45", posted["adjusted_cents"]), ("PR", "2", posted["patient_cents"])]
    return Said(
        claim["control_number"],
        claim["charge_cents"],
        posted["paid_cents"],
        [part for part in parts if part[2]],
    )


async def _a_fortnight_passes(live: LocalPlatform, practice_id: UUID, claim_id: str) -> None:
    """The payer had its time: the claim's timer is due."""
    db = await asyncpg.connect(live.databases["billing"])

    async def moved() -> bool:
        async with db.transaction():
            await db.execute(SET_TRANSPORT)
            done = await db.execute(
                "UPDATE timer SET due_at = $3"
                " WHERE practice_id = $1 AND key = $2 AND name = 'follow-up'",
                practice_id, claim_id, datetime.now(UTC) - timedelta(seconds=1),
            )  # fmt: skip
        return done == "UPDATE 1"

    try:
        await eventually(moved, within_seconds=30, what="the claim is watched")
    finally:
        await db.close()


async def _shown(live: LocalPlatform, practice_id: UUID, claim_id: str) -> dict[str, Any]:
    """As a person at a terminal asks for it."""
    result = CliRunner().invoke(
        app,
        ["claims", "show", claim_id, "--practice", str(practice_id), "--json"],
        env={"MAINSTAY_PLATFORM": str(live.home / "platform.json")},
    )
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)
