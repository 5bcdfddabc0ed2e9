"""A claim's file is lost: its payer is asked, finds nothing, and gets the claim again."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from libs.local.run.platform import LocalPlatform
from libs.local.run.seed import Door
from tests.journeys.doors import at, charges, let_time_pass, said, send
from tests.transport.platform import eventually

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]

VISIT, DAY = "LOST1", date(2025, 7, 11)


@contextmanager
def payer_is_closed(live: LocalPlatform) -> Iterator[None]:
    """It takes no files until the context ends."""
    pid = live.processes.pid("payer")
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


async def test_a_claim_that_never_got_there_is_sent_again_by_itself_and_answered(
    live: LocalPlatform, doors: list[Door]
) -> None:
    door = doors[0]
    practice = door.practice.practice_id
    outbound = live.exchange / str(practice) / "outbound"

    async def written() -> list[Path]:
        return list(outbound.glob("*.837"))

    with payer_is_closed(live):
        await send(live, door, charges(door, VISIT, DAY, 1, ("CG", "")))
        [lost] = await eventually(written, within_seconds=60, what="the claim's file")
        lost.rename(live.home / lost.name)
        async with at(live, "billing", door) as billing:
            claims = (await billing.get("/claims", params={"limit": 500})).json()
        [claim] = [one for one in claims if one["service_on"] == str(DAY)]
        claim_id = claim["claim_id"]
        assert claim["state"] == "submitted"
        assert await let_time_pass(live, "billing", practice, "follow-up", claim_id)
        await said(live, "billing.claim-followed-up.v1", claim_id=claim_id)
    [told] = await said(live, "billing.claim-lost.v1", claim_id=claim_id)
    assert json.loads(told.value or b"")["kept_back"] is None

    async with at(live, "billing", door) as billing:

        async def story() -> dict[str, Any]:
            return (await billing.get(f"/claims/{claim_id}/timeline")).json()

        async def answered() -> bool:
            state = (await story())["claim"]["state"]
            return state in ("paid", "denied", "rejected")

        await eventually(answered, within_seconds=60, what="the payer's answer")
        steps = [step["words"] for step in (await story())["steps"]]
    number = int(lost.stem)
    assert any(words.startswith(f"interchange {number:09d}.837, written") for words in steps)
    assert any(
        words.endswith(f"interchange {number}; it goes there again, once") for words in steps
    )
