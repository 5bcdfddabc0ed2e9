"""One patient with two charts: merged, followed by every service, and parted again."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import count
from typing import Any

import pytest

from libs.local.demo.months import APPLICATION, Message, day
from libs.local.run.feed import SEED
from libs.local.run.platform import LocalPlatform
from libs.local.run.seed import Door
from libs.local.run.wire import MllpClient
from services.interop.patients.model import patient_id_of
from tests.journeys.doors import at, said
from tests.transport.platform import eventually

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]

AT = datetime(2026, 3, 2, 15, tzinfo=UTC)
PERSON = "||Okonedo^Ada||19810214|F|||9 Sample Street^^Springfield^MA^01101"
OLD, NEW = "TWO-1", "TWO-2"


def pid(mrn: str) -> str:
    return f"PID|1||{mrn}^^^{APPLICATION}^MR{PERSON}"


def chart_called(door: Door, mrn: str) -> str:
    """The id of a chart, which the practice, who gave the number and the number make."""
    return str(patient_id_of(door.practice.practice_id, APPLICATION, mrn))


@pytest.fixture
async def ehr(live: LocalPlatform) -> AsyncIterator[MllpClient]:
    client = MllpClient("127.0.0.1", live.ports["mllp"])
    yield client
    await client.close()


async def test_two_charts_are_merged_and_parted_and_every_service_follows(
    live: LocalPlatform, doors: list[Door], ehr: MllpClient
) -> None:
    door, numbers = doors[0], count(1)

    async def tell(kind: str, *segments: str) -> None:
        message = Message(door.practice, f"TWO{next(numbers)}", kind, segments, AT)
        answer = await ehr.send(message.encode(door.hl7_key))
        assert answer.accepted, answer.text

    async def heard(kind: str, **about: Any) -> dict[str, Any]:
        practice_id = str(door.practice.practice_id)
        *_, record = await said(live, kind, practice_id=practice_id, **about)
        return json.loads(record.value or b"")

    await tell("ADT^A04", pid(OLD))
    old = chart_called(door, OLD)
    async with at(live, "engagement", door) as engagement:

        async def is_known() -> bool:
            stop = await engagement.post("/consents/withdrawals", json={"patient_id": old})
            return stop.status_code == 201

        await eventually(is_known)
    await tell("ADT^A40^ADT_A39", pid(NEW), f"MRG|{OLD}^^^{APPLICATION}^MR")
    merged = await heard("interop.patient-merged.v1")
    visit = next(m for m in day(door.practice, date(2026, 3, 2), SEED, round_=7) if "DFT" in m.kind)
    segments = [pid(OLD) if s.startswith("PID") else s for s in visit.segments]
    answer = await ehr.send(replace(visit, segments=tuple(segments)).encode(door.hl7_key))
    assert answer.accepted, answer.text
    survivor = {"patient_id": merged["survivor_id"]}
    posted = await heard("interop.encounter-posted.v1", **survivor)
    charges = await heard("billing.charges-posted.v1", encounter_id=posted["encounter_id"])
    assert charges["patient_id"] == merged["survivor_id"]
    async with at(live, "billing", door) as billing, at(live, "engagement", door) as engagement:

        async def is_one_account() -> bool:
            """By the old chart's id, too."""
            shown = (await billing.get(f"/patients/{old}/account")).json()
            return shown.get("patient_id") == merged["survivor_id"] and len(shown["claims"]) == 1

        async def is_stopped() -> bool:
            shown = (await engagement.get(f"/consents/{merged['survivor_id']}")).json()
            return shown.get("email") == "withdrawn"

        await eventually(is_one_account)
        await eventually(is_stopped)

    await tell("ADT^A37", pid(NEW), pid(OLD).replace("PID|1", "PID|2"))
    parted = await heard("interop.patient-unmerged.v1")
    assert parted["patient_id"] == merged["patient_id"] == old
    await tell("ADT^A08", pid(OLD).replace("9 Sample", "3 Other"))
    await heard("interop.patient-updated.v1", patient_id=old)
    async with at(live, "billing", door) as billing:

        async def are_two_accounts() -> bool:
            ours = await billing.get(f"/patients/{merged['survivor_id']}/account")
            return (await billing.get(f"/patients/{old}/account")).status_code == 404 and (
                ours.status_code == 200
            )

        await eventually(are_two_accounts)
