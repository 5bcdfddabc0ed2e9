"""One visit's claim at its payer, as tests of what goes out again tell it."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid5

from libs.events.contracts.interop import EncounterCorrected
from libs.events.examples.interop import ENCOUNTER, encounter_corrected, encounter_posted
from libs.local.payer.claims import Claim
from tests.billing.desk import Desk, let_answer, simulated

CLAIM = uuid5(ENCOUNTER, "claim")
KIND = simulated()


def corrected(**changes: Any) -> EncounterCorrected:
    """The second unit of `encounter_corrected`, on the first day unless told otherwise."""
    return encounter_corrected(**{"service_on": date(2026, 3, 2), **changes})


async def due(desk: Desk) -> list[dict[str, Any]]:
    async with desk.billing.http(desk.practice_id) as client:
        return (await client.get("/corrections-due")).json()


async def answered(desk: Desk, *steps: str) -> None:
    """The visit's claim goes out, and is answered; by a payment where no steps are named."""
    await desk.billing.receive(encounter_posted())
    await desk.send()
    await let_answer(desk, KIND, *steps)


def sent(desk: Desk) -> list[Claim]:
    """The claims as the payer has seen them, file by file."""
    return [claim for submission in desk.sent() for claim in submission.claims]


async def payer_number(desk: Desk) -> str:
    [row] = await desk.fetch("SELECT payer_claim_number FROM claim")
    return row["payer_claim_number"]


async def ask(desk: Desk, what: str, command: dict[str, Any], wanted: int = 202) -> dict[str, Any]:
    async with desk.billing.http(desk.practice_id) as client:
        answer = await client.post(f"/claims/{CLAIM}/{what}", json=command)
    assert answer.status_code == wanted, answer.text
    return answer.json()
