"""What a payer wants to agree to beforehand is told once, and kept with who told it."""

from __future__ import annotations

from typing import Any
from uuid import uuid5

from libs.events.examples.interop import NAMESPACE
from tests.billing.desk import Desk


async def test_the_same_payer_rule_again_is_the_same_and_other_content_is_a_conflict(
    desk: Desk,
) -> None:
    command: dict[str, Any] = {
        "payer_rule_id": str(uuid5(NAMESPACE, "rule")),
        "payer_id": "BUCKEYE01",
        "effective_on": "2026-01-01",
        "authorization_codes": ["G0439", "G0444"],
    }
    async with desk.billing.http(desk.practice_id) as client:
        for changes, status in (({}, 201), ({}, 201), ({"authorization_codes": []}, 409)):
            answer = await client.post("/payer-rules", json={**command, **changes})
            assert answer.status_code == status
        [shown] = (await client.get("/payer-rules?payer_id=BUCKEYE01")).json()
        assert (await client.get("/payer-rules?payer_id=OTHER01")).json() == []
        after = command["payer_rule_id"]
        assert (await client.get(f"/payer-rules?after={after}")).json() == []
    assert shown == {**command, "told_at": shown["told_at"], "told_by": "operator"}
