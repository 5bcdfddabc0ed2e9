"""A visit changes after its payer has paid for it: the claim is replaced, or voided, at the payer.

The EHR's second message does it all: the claim goes out again by itself, the payer takes its old
decision back, and the practice's books and the EHR's account follow to the cent.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from libs.local.demo.months import APPLICATION, Message, day
from libs.local.run.feed import SEED, Feeder
from libs.local.run.platform import LocalPlatform
from libs.local.run.seed import Door
from services.interop.encounters.model import encounter_id_of
from tests.billing.x12.validated import accepted
from tests.journeys.doors import DAYS, at, said, send
from tests.journeys.written_back import booked, credit
from tests.transport.platform import eventually

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]


async def paid_visits(live: LocalPlatform, door: Door) -> list[tuple[Message, dict[str, Any]]]:
    """Charge messages of visits that one payer covers and has paid, with their claims."""
    async with at(live, "billing", door) as billing:
        rows = (await billing.get("/claims", params={"state": "paid", "limit": 500})).json()
    claims = {row["encounter_id"]: row for row in rows if row["payer_claim_number"]}
    found: list[tuple[Message, dict[str, Any]]] = []
    for message in charges(door):
        visit = encounter_id_of(door.practice.practice_id, APPLICATION, message.control_id[:-1])
        if claim := claims.get(str(visit)):
            found.append((message, claim))
    return found


def charges(door: Door) -> Iterator[Message]:
    for on in DAYS:
        for message in day(door.practice, on, SEED):
            covers = [s for s in message.segments if s.startswith("IN1")]
            if message.kind.startswith("DFT") and len(covers) == 1:
                yield message


def doubled(charge: Message, visit: str) -> Message:
    """The same visit with twice the units of each service."""
    segments: list[str] = []
    for segment in charge.segments:
        fields = segment.split("|")
        if fields[0] == "FT1":
            fields[2], fields[10] = f"{visit}Y{fields[1]}", str(2 * int(fields[10] or 1))
        segments.append("|".join(fields))
    return replace(charge, control_id=f"{visit}Y", segments=tuple(segments))


async def comes_to(live: LocalPlatform, door: Door, claim_id: str, state: str) -> dict[str, Any]:
    async def look() -> dict[str, Any]:
        async with at(live, "billing", door) as billing:
            history = (await billing.get(f"/claims/{claim_id}")).json()
        return history if history["claim"]["state"] == state else {}

    return await eventually(look, within_seconds=90, what=f"the claim is {state}")


async def test_a_visit_with_more_services_replaces_its_paid_claim_and_is_paid_anew(
    live: LocalPlatform, fed: Feeder
) -> None:
    door = fed.doors[0]
    message, claim = (await paid_visits(live, door))[0]
    claim_id, charged = claim["claim_id"], claim["charge_cents"]
    await send(live, door, doubled(message, message.control_id[:-1]))
    [replaced] = await said(live, "billing.claim-replaced.v1", claim_id=claim_id)
    assert f'"charge_cents":{2 * charged}'.encode() in (replaced.value or b"")
    await said(live, "billing.payment-reversed.v1", claim_id=claim_id)
    history = await comes_to(live, door, claim_id, "paid")
    told = booked(history["journal"])
    assert told.charged == 2 * charged == told.paid + told.adjusted + told.patient
    assert history["claim"]["payer_claim_number"] != claim["payer_claim_number"]


async def test_a_visit_that_never_was_is_voided_at_its_payer_which_pays_it_back(
    live: LocalPlatform, fed: Feeder
) -> None:
    door = fed.doors[0]
    message, claim = (await paid_visits(live, door))[-1]
    claim_id = claim["claim_id"]
    await send(live, door, credit(message, message.control_id[:-1]))
    await said(live, "billing.claim-void-sent.v1", claim_id=claim_id)
    await said(live, "billing.claim-voided.v1", claim_id=claim_id)
    history = await comes_to(live, door, claim_id, "voided")
    told = booked(history["journal"])
    assert (told.charged, told.paid, told.adjusted, told.patient) == (0, 0, 0, 0)


async def test_every_file_of_claims_is_accepted_by_the_independent_judge(
    live: LocalPlatform, fed: Feeder
) -> None:
    files = sorted(live.exchange.rglob("*.837"))
    assert files
    for path in files:
        accepted(path.read_bytes())
