"""A claim that its payer is silent about is asked after, and the payer tells how it stands."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import httpx
import pytest
from typer.testing import CliRunner

from libs.cli.app import app
from libs.local.run.feed import Feeder
from libs.local.run.platform import LocalPlatform
from tests.billing.remittance import payment
from tests.journeys.doors import as_decided, at, deliver, let_time_pass, paid_claim, said
from tests.transport.platform import eventually

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]


async def test_a_payer_that_took_its_payment_back_and_says_no_more_is_asked_and_answers(
    live: LocalPlatform, fed: Feeder
) -> None:
    door = fed.doors[1]
    practice = door.practice.practice_id
    async with at(live, "billing", door) as billing:
        visits = {one["encounter_id"] for one in await _claims(billing)} - {None}
        claim, posted = await paid_claim(billing, among=visits)
        decided = as_decided(claim, posted, left="patient_cents")
        payer = claim["payer_id"]
        back = payment(decided.reversed(), trace="SILENT1", payer=payer)
        deliver(live, door, "silent.835", back)
        await said(live, "billing.payment-reversed.v1", payment_id=posted["payment_id"])

        async def a_fortnight_passes() -> bool:
            return await let_time_pass(live, "billing", practice, "follow-up", claim["claim_id"])

        await eventually(a_fortnight_passes, within_seconds=30, what="the claim is watched")
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


async def _shown(live: LocalPlatform, practice_id: UUID, claim_id: str) -> dict[str, Any]:
    """As a person at a terminal asks for it."""
    result = CliRunner().invoke(
        app,
        ["claims", "show", claim_id, "--practice", str(practice_id), "--json"],
        env={"MAINSTAY_PLATFORM": str(live.home / "platform.json")},
    )
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)
