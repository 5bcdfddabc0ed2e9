"""A visit is corrected, credited, asked about too long and sent again: seen to the cent at the end.

Its month is nobody else's, so that the scorecard shows these visits alone.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from libs.local.demo.months import Message
from libs.local.run.platform import LocalPlatform
from libs.local.run.seed import PRICES_CENTS, WORK_RVU_HUNDREDTHS, Door
from tests.journeys.doors import at, let_time_pass, said, send
from tests.transport.platform import eventually

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]

CODE = next(code for code, cents in PRICES_CENTS.items() if cents and WORK_RVU_HUNDREDTHS.get(code))
CENTS, WORK = PRICES_CENTS[CODE], WORK_RVU_HUNDREDTHS[CODE]
MONTH = "2027-05"
PATIENT = "PID|1||CH77^^^EHR^MR||Changes^Casey||19700101|F|||1 Elm Street^^Springfield^MA^01101"


def dft(door: Door, number: int, visit: str, kind: str, units: int, *, signed: bool) -> Message:
    """One charge or credit of a patient who has no coverage, so no payer has the claim."""
    npi = door.practice.clinicians[0].npi
    seen_by = f"{npi}^Sample^Clinician^^^^^^NPI^L^^^NPI" if signed else ""
    charge = (
        f"FT1|1|{visit}{number}||20270510|20270510|{kind}|{CODE}^^HCPCS|||{units}|||||||||Z00.00^^I10C"
        f"|{seen_by}|||||{CODE}^^HCPCS"
    )
    pv1 = f"PV1|1|O|||||{seen_by}||||||||||||{visit}"
    segments = (PATIENT, pv1, charge, "DG1|1||Z00.00^^I10C|||F")
    at = datetime(2027, 5, 10, 15, tzinfo=UTC)
    return Message(door.practice, f"{visit}N{number}", "DFT^P03", segments, at)


async def month(live: LocalPlatform, door: Door) -> dict[str, int]:
    """The counters of the month on the practice's scorecard that are not zero."""
    async with at(live, "analytics", door) as analytics:
        answer = await analytics.get(f"/scorecards/{door.practice.practice_id}/{MONTH}")
    counters = answer.json().get("counters", {}) if answer.status_code == 200 else {}
    return {name: number for name, number in counters.items() if number}


async def comes_to(live: LocalPlatform, door: Door, **wanted: int) -> None:
    async def look() -> bool:
        found = await month(live, door)
        return wanted.items() <= found.items()

    await eventually(look, within_seconds=60, what=f"the scorecard says {wanted}")


async def test_a_corrected_visit_is_charged_and_worked_anew_and_a_credited_one_not_at_all(
    live: LocalPlatform, doors: list[Door]
) -> None:
    door = doors[0]
    await send(live, door, dft(door, 1, "CHANGE1", "CG", 1, signed=True))
    await comes_to(live, door, encounters=1, charge_cents=CENTS, work_rvu_hundredths=WORK)
    await send(live, door, dft(door, 2, "CHANGE1", "CG", 2, signed=True))
    await comes_to(
        live, door, encounters=1, claims=1, charge_cents=2 * CENTS, patient_cents=2 * CENTS,
        work_rvu_hundredths=2 * WORK,
    )  # fmt: skip
    practice = str(door.practice.practice_id)
    await said(live, "interop.encounter-corrected.v1", practice_id=practice)
    about = {"practice_id": practice, "service_month": f"{MONTH}-01"}
    [undone] = await said(live, "billing.charges-reversed.v1", **about)
    assert f'"charge_cents":{CENTS}'.encode() in (undone.value or b"")
    await said(live, "payroll.productivity-reversed.v1", practice_id=practice)

    await send(live, door, dft(door, 3, "CHANGE1", "CR", 2, signed=True))
    await said(live, "interop.encounter-voided.v1", practice_id=practice, reason="credited")

    async def nothing_left() -> bool:
        found = await month(live, door)
        return not {"encounters", "claims", "charge_cents", "patient_cents"} & found.keys()

    await eventually(nothing_left, within_seconds=60, what="what was credited leaves the month")
    async with at(live, "billing", door) as billing:
        sums: list[dict[str, Any]] = (await billing.get("/ledger/summary")).json()
    assert {s["cents"] for s in sums if s["service_month"] == f"{MONTH}-01"} <= {0}


async def test_a_question_that_nobody_answers_in_time_is_overdue_and_withdrawn_when_told(
    live: LocalPlatform, doors: list[Door]
) -> None:
    door = doors[0]
    practice = door.practice.practice_id
    await send(live, door, dft(door, 1, "CHANGE2", "CG", 1, signed=False))
    async with at(live, "interop", door) as interop:
        queries = (await interop.get("/queries", params={"state": "open"})).json()
    [query] = [q for q in queries if q["service_on"] == "2027-05-10"]
    assert (query["reason"], query["asked"]) == ("missing-provider", "clinician")
    assert await let_time_pass(live, "interop", practice, "query-overdue", query["query_id"])
    await said(live, "interop.query-overdue.v1", query_id=query["query_id"])
    await send(live, door, dft(door, 2, "CHANGE2", "CG", 1, signed=True))
    await said(live, "interop.query-withdrawn.v1", query_id=query["query_id"])
    await comes_to(live, door, encounters=1, charge_cents=CENTS)
    assert "open_queries" not in await month(live, door)
