"""Before a visit its payer is asked: at once at the desk, by file for tomorrow's schedule."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

import pytest

from libs.events.contracts.billing_eligibility import COVERAGES
from libs.events.contracts.interop import PATIENTS
from libs.local.demo.practices import PAYERS
from libs.local.run.feed import Feeder
from libs.local.run.platform import LocalPlatform
from libs.local.run.progress import Display
from libs.local.run.seed import Door
from libs.local.run.settle import settle
from tests.journeys.doors import at
from tests.transport.platform import eventually, records_of

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]

TOLD = {
    "billing.coverage-verified.v1": "answered",
    "billing.coverage-ended.v1": "answered",
    "billing.inquiry-refused.v1": "refused",
}


@pytest.fixture
async def fed(live: LocalPlatform, feeder: Feeder, shown: Display) -> Feeder:
    await feeder.panels()
    await feeder.tomorrow(6)
    await settle(live, shown, within_seconds=180)
    return feeder


async def told(live: LocalPlatform, door: Door) -> dict[str, str]:
    """By chart: the type of what was last said of its coverage."""
    records = await records_of(live.backends.kafka, COVERAGES)
    practice = str(door.practice.practice_id)
    return {
        headers["ce_subject"]: headers["ce_type"]
        for headers in (
            {name: value.decode() for name, value in record.headers} for record in records
        )
        if headers["ce_practiceid"] == practice
    }


async def charts(live: LocalPlatform, door: Door) -> list[str]:
    records = await records_of(live.backends.kafka, PATIENTS)
    headers = [{name: value.decode() for name, value in one.headers} for one in records]
    practice = str(door.practice.practice_id)
    return sorted({h["ce_subject"] for h in headers if h["ce_practiceid"] == practice})


async def test_tomorrows_patients_are_asked_about_by_file_and_told(
    live: LocalPlatform, fed: Feeder
) -> None:
    door = fed.doors[0]
    folder = live.exchange / str(door.practice.practice_id)
    assert list((folder / "outbound" / "taken").glob("*.270"))
    assert list((folder / "inbound" / "posted").glob("*.271"))
    said = await told(live, door)
    async with at(live, "billing", door) as billing:
        asked = (await billing.get("/eligibility-inquiries", params={"limit": 500})).json()
        tomorrow = (datetime.now(UTC) + timedelta(days=1)).date()
        assert {one["service_on"] for one in asked} <= {
            str(tomorrow + timedelta(days=d)) for d in (-1, 0, 1)
        }
        assert asked
        for one in asked:
            assert TOLD[said[one["patient_id"]]] == one["state"]


async def test_the_desk_asks_at_once_and_every_end_is_told(
    live: LocalPlatform, fed: Feeder
) -> None:
    door = fed.doors[1]
    async with at(live, "billing", door) as billing:
        for chart in await charts(live, door):
            inquiry = str(uuid5(UUID(chart), "at the desk"))
            command = {"inquiry_id": inquiry, "patient_id": chart}
            answer = await billing.post("/eligibility-inquiries", json=command)
            assert answer.status_code in (202, 404), answer.text  # 404: pays without insurance

            async def ended(inquiry: str = inquiry) -> bool:
                found = (await billing.get(f"/eligibility-inquiries/{inquiry}")).json()
                return found["state"] in ("answered", "refused")

            if answer.status_code == 202 and answer.json()["payer_id"] == PAYERS[0].payer_id:
                await eventually(ended)

        async def all_told() -> bool:
            return set((await told(live, door)).values()) == set(TOLD)

        await eventually(all_told)
        said = await told(live, door)
        covered = next(c for c, kind in said.items() if kind == "billing.coverage-verified.v1")
        [coverage] = (await billing.get(f"/patients/{covered}/coverages")).json()
    assert coverage["standing"] == "active"
    assert {"copayment", "deductible"} <= {one["kind"] for one in coverage["benefits"]}
    answers = (live.exchange / str(door.practice.practice_id) / "inbound" / "refused").glob("*.271")
    assert not list(answers)
