"""A visit whose modifiers contradict one another waits, is mended in the EHR, and goes out."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from libs.local.run.platform import LocalPlatform
from libs.local.run.seed import Door
from tests.journeys.doors import at, charges, said, send
from tests.journeys.observed import Record
from tests.transport.platform import eventually

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]

VISIT, DAY = "SCRUB1", date(2025, 6, 10)


async def test_a_visit_with_an_error_is_held_mended_released_and_sent(
    live: LocalPlatform, doors: list[Door]
) -> None:
    door = doors[0]
    practice = door.practice.practice_id
    await send(live, door, charges(door, VISIT, DAY, 1, ("CG", "26~TC")))
    held = await said(
        live, "billing.claim-held.v2", practice_id=str(practice), edits=["modifier-26-tc"]
    )
    [claim_id] = {body(one)["claim_id"] for one in held}
    async with at(live, "billing", door) as billing:
        history = await shown(billing, claim_id)
        assert (history["claim"]["state"], len(history["edits"])) == ("held", 1)
        [edit] = history["edits"]
        assert (edit["rule_id"], edit["line_number"]) == ("modifier-26-tc", 1)
        rules = {rule["rule_id"]: rule for rule in (await billing.get("/scrub-rules")).json()}
        assert rules[edit["rule_id"]]["authority"]

        await send(live, door, charges(door, VISIT, DAY, 2, ("CR", "26~TC"), ("CG", "26")))
        await said(live, "billing.claim-released.v1", claim_id=claim_id)
        await said(live, "billing.claim-submitted.v1", claim_id=claim_id)

        async def mended() -> bool:
            return (await shown(billing, claim_id))["edits"][0]["mended_at"] is not None

        await eventually(mended, within_seconds=60, what="the edit is mended")
        months = {
            month["month"]: month for month in (await billing.get("/scrub/clean-rate")).json()
        }
    assert (months["2025-06-01"]["scrubbed"], months["2025-06-01"]["clean"]) == (1, 0)


async def shown(billing: Any, claim_id: str) -> dict[str, Any]:
    return (await billing.get(f"/claims/{claim_id}")).json()


def body(record: Record) -> dict[str, Any]:
    return json.loads(record.value or b"{}")
