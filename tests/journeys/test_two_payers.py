"""A visit that two payers pay: HL7 in, the first payer's 835, the second's claim and 835, and back;
and one of which the second payer is learned of after the first has decided.

The payer simulator decides; what it decides is not known beforehand, so enough visits are sent.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from libs.local.demo.months import APPLICATION, Message
from libs.local.demo.practices import PAYERS
from libs.local.run.platform import LocalPlatform
from libs.local.run.seed import PRICES_CENTS, WORK_RVU_HUNDREDTHS, Door
from services.billing.claims.model import claim_id_of
from services.interop.encounters.model import encounter_id_of
from tests.billing.remittance import payment
from tests.journeys.doors import as_decided, at, deliver, said, send
from tests.journeys.written_back import accounts, booked
from tests.transport.platform import eventually

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]

VISITS = 12
SEEN_AT = datetime.now(UTC) - timedelta(days=40)
"""Not long ago: payers take claims for a while only, and none for a day to come."""
FIRST, SECOND = PAYERS[0], PAYERS[1]
CODE = next(code for code, cents in PRICES_CENTS.items() if cents and WORK_RVU_HUNDREDTHS.get(code))
PATIENT = "PID|1||TP{n:02}^^^EHR^MR||Twofold^Toni||19440101|F|||1 Elm Street^^Springfield^MA^01101"


def dft(door: Door, number: int, *, plans: int = 2) -> Message:
    """One charge of a patient with two plans, the second told first; or with the first only."""
    payers = {FIRST.payer_id, SECOND.payer_id}
    clinician = next(
        one
        for one in door.practice.clinicians
        if not {one.enrolled_late, one.never_enrolled} & payers
    )
    visit = f"TWO{number:02}"
    seen_by = f"{clinician.npi}^Sample^Clinician^^^^^^NPI^L^^^NPI"
    segments = (
        PATIENT.format(n=number),
        f"PV1|1|O|||||{seen_by}||||||||||||{visit}",
        f"FT1|1|{visit}||{SEEN_AT:%Y%m%d}|{SEEN_AT:%Y%m%d}|CG|{CODE}^^HCPCS|||1|||||||||Z00.00^^I10C|{seen_by}"
        f"|||||{CODE}^^HCPCS",
        "DG1|1||Z00.00^^I10C|||F",
        *[_in1(1, SECOND.ehr_code, f"S{number:07}", priority=2)][: plans - 1],
        _in1(plans, FIRST.ehr_code, f"F{number:07}", priority=1),
    )
    return Message(door.practice, f"{visit}C{plans}", "DFT^P03", segments, SEEN_AT)


def _in1(number: int, payer: str, member: str, *, priority: int) -> str:
    told = {1: str(number), 2: payer, 3: payer, 17: "SEL", 22: str(priority), 36: member}
    return "|".join(["IN1", *(told.get(place, "") for place in range(1, 37))])


async def history(billing: httpx.AsyncClient, door: Door, number: int) -> dict[str, Any]:
    encounter_id = encounter_id_of(door.practice.practice_id, APPLICATION, f"TWO{number:02}")
    answer = await billing.get(f"/claims/{claim_id_of(encounter_id)}")
    return answer.json() if answer.status_code == 200 else {"postings": [], "claim": {}}


def decided_by_both(found: dict[str, Any]) -> bool:
    posted = [(each["payer_sequence"], each["denied_cents"]) for each in found["postings"]]
    return sorted(posted) == [("P", 0), ("S", 0)]


async def test_two_payers_settle_a_visit_and_the_first_takes_its_decision_back(
    live: LocalPlatform, doors: list[Door]
) -> None:
    door = doors[0]
    for number in range(VISITS):
        await send(live, door, dft(door, number))
    async with at(live, "billing", door) as billing:

        async def one_is_settled() -> list[int]:
            found = [(number, await history(billing, door, number)) for number in range(VISITS)]
            return [number for number, each in found if decided_by_both(each)]

        number, *_ = await eventually(one_is_settled, within_seconds=120, what="both decided")
        found = await history(billing, door, number)
        claim = found["claim"]
        assert (claim["payer_id"], claim["payer_sequence"]) == (SECOND.payer_id, "S")
        await said(live, "billing.claim-forwarded.v1", claim_id=claim["claim_id"])
        _assert_settled(found)
        await _is_told_to_the_ehr(live, f"TWO{number:02}", found)

        first = next(each for each in found["postings"] if each["payer_sequence"] == "P")
        decision = as_decided(claim, first, left="forwarded_cents")
        taken_back = payment(decision.reversed(), trace="TWOBACK", payer=FIRST.payer_id)
        deliver(live, door, "two-back.835", taken_back)
        await said(live, "billing.claim-recalled.v1", claim_id=claim["claim_id"])
        recalled = (await history(billing, door, number))["claim"]
        assert (recalled["payer_id"], recalled["state"]) == (FIRST.payer_id, "submitted")

        again = payment(decision, trace="TWOAGAIN", payer=FIRST.payer_id)
        deliver(live, door, "two-again.835", again)

        async def is_back() -> bool:
            now = (await history(billing, door, number))["claim"]
            return now["payer_id"] == SECOND.payer_id

        await eventually(is_back, within_seconds=60, what="the claim is the second payer's again")


async def test_a_second_payer_that_is_told_after_the_first_decided_is_asked_before_the_patient(
    live: LocalPlatform, doors: list[Door]
) -> None:
    door, numbers = doors[0], range(VISITS, 2 * VISITS)
    for number in numbers:
        await send(live, door, dft(door, number, plans=1))
    async with at(live, "billing", door) as billing:

        async def one_is_owed() -> list[int]:
            found = [(number, await history(billing, door, number)) for number in numbers]
            return [number for number, each in found if _is_owed_by_the_patient(each)]

        number, *_ = await eventually(one_is_owed, within_seconds=120, what="the first decided")
        await send(live, door, dft(door, number))

        async def both_decided() -> bool:
            postings = (await history(billing, door, number))["postings"]
            return {each["payer_sequence"] for each in postings} == {"P", "S"}

        await eventually(both_decided, within_seconds=120, what="the second decided, too")
        claim_id = (await history(billing, door, number))["claim"]["claim_id"]
        await said(live, "billing.patient-share-lifted.v1", claim_id=claim_id)
        await said(live, "billing.claim-forwarded.v1", claim_id=claim_id)


def _is_owed_by_the_patient(found: dict[str, Any]) -> bool:
    return found["claim"].get("state") == "paid" and found["postings"][0]["patient_cents"] > 0


def _assert_settled(found: dict[str, Any]) -> None:
    """Nothing is open with a payer: what was charged is paid, taken off, or the patient's."""
    sums = Counter[str]()
    for line in found["journal"]:
        sums[line["account"]] += line["cents"]
    assert sums["payer-receivable"] == 0
    parts = sums["cash"] + sums["contractual-adjustment"] + sums["patient-receivable"]
    assert -sums["charges"] == parts == found["claim"]["charge_cents"]
    left = next(each for each in found["postings"] if each["payer_sequence"] == "S")
    assert sums["patient-receivable"] == left["patient_cents"]


async def _is_told_to_the_ehr(live: LocalPlatform, visit: str, found: dict[str, Any]) -> None:
    wanted = booked(found["journal"])

    async def look() -> bool:
        told = accounts(live).get(visit, [])
        return bool(told) and (told[-1].patient, told[-1].paid) == (wanted.patient, wanted.paid)

    await eventually(look, within_seconds=60, what=f"{visit} is told to the EHR as it is booked")
