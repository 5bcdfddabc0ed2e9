"""What became of the practice's visits, as its EHR was told: to the cent of the ledger."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from libs.local.demo.months import APPLICATION, day, upcoming
from libs.local.run.feed import SEED, Feeder, month_days
from libs.local.run.platform import LocalPlatform
from libs.local.run.seed import Door
from services.interop.encounters.model import encounter_id_of
from tests.billing.remittance import payment
from tests.journeys.doors import as_decided, at, deliver, paid_claim, send
from tests.journeys.written_back import Told, accounts, booked, credit, inbox
from tests.transport.platform import eventually

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]

CALLED_OTHERWISE = {"ready": "OPEN", "self-pay": "SELFPAY", "voided": "VOID"}
"""The claim's states that PV1-41 tells by another word."""


async def comes_to(live: LocalPlatform, visit: str, wanted: Told) -> list[Told]:
    async def look() -> list[Told]:
        told = accounts(live).get(visit, [])
        return told if told and told[-1] == wanted else []

    return await eventually(look, within_seconds=60, what=f"{visit} is told as {wanted}")


async def test_each_account_stands_in_the_ehr_as_it_stands_in_the_ledger(
    live: LocalPlatform, fed: Feeder
) -> None:
    practice = fed.doors[0].practice
    last = {
        str(encounter_id_of(practice.practice_id, APPLICATION, visit)): told[-1]
        for visit, told in accounts(live).items()
    }
    seen = Counter[str]()
    async with at(live, "billing", fed.doors[0]) as billing:
        for claim in (await billing.get("/claims", params={"limit": 500})).json():
            if (told := last.get(claim["encounter_id"])) is None:
                continue  # of another interface, which asks for nothing
            history = (await billing.get(f"/claims/{claim['claim_id']}")).json()
            assert told == replace(booked(history["journal"]), status=told.status)
            state = claim["state"]
            assert told.status == CALLED_OTHERWISE.get(state, state.upper())
            seen[told.status] += 1
    assert sum(seen.values()) == len(last)
    assert {"PAID", "HELD"} <= seen.keys()
    assert sum(told.paid for told in last.values()) > 0


async def test_a_payment_that_the_payer_takes_back_leaves_the_ehrs_account_as_before(
    live: LocalPlatform, fed: Feeder
) -> None:
    door = fed.doors[0]
    numbers = {
        str(encounter_id_of(door.practice.practice_id, APPLICATION, visit)): visit
        for visit in accounts(live)
    }
    async with at(live, "billing", door) as billing:
        claim, posted = await paid_claim(billing, among=numbers)
    visit, cents = numbers[claim["encounter_id"]], posted["paid_cents"]
    before = accounts(live)[visit][-1]
    assert (before.status, before.paid) == ("PAID", cents)
    decided = as_decided(claim, posted, left="patient_cents")
    file = payment(decided.reversed(), trace="TAKENBACK2", payer=claim["payer_id"])
    deliver(live, door, "taken-back-2.835", file)
    await comes_to(live, visit, Told("SUBMITTED", 0, before.charged, 0, 0))


async def test_a_visit_that_is_credited_whole_is_void_in_the_ehr(
    live: LocalPlatform, doors: list[Door]
) -> None:
    door = doors[0]
    charge = next(
        message
        for on in month_days(date(2027, 7, 1), 2)
        for message in day(door.practice, on, SEED)
        if message.kind.startswith("DFT") and "IN1" not in {s[:3] for s in message.segments}
    )
    visit = charge.control_id[:-1]
    for message, status in ((charge, "SELFPAY"), (credit(charge, visit), "VOID")):
        await send(live, door, message)

        async def is_told(wanted: str = status) -> bool:
            return [told.status for told in accounts(live).get(visit, [])][-1:] == [wanted]

        await eventually(is_told, within_seconds=60, what=f"{visit} is {status}")
    first, last = accounts(live)[visit]
    assert first == Told("SELFPAY", first.charged, first.charged, 0, 0)
    assert first.charged > 0
    assert last == Told("VOID", 0, 0, 0, 0)


async def test_the_schedule_hears_that_its_patient_was_reminded(
    live: LocalPlatform, doors: list[Door]
) -> None:
    """Only this platform knows it: the EHR's schedule told of the booking, and no more."""
    *_, booking = upcoming(doors[0].practice, datetime.now(UTC), SEED, 7)  # nobody else's
    await send(live, doors[0], booking)

    async def heard() -> list[Any]:
        notices = [one.segment("SCH") for one in inbox(live, "SIU^S14")]
        return [sch for sch in notices if str(sch[2]) == booking.control_id[:-1]]

    [sch] = await eventually(heard, within_seconds=60, what="the schedule is told of the reminder")
    assert (str(sch[6][0][0]), str(sch[25])) == ("REMINDER-SENT", "Booked")
