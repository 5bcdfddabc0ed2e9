"""A merge adds two accounts up and its end parts them; no journal line ever moves."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from libs.events.contracts.billing import ChargesPosted
from libs.events.examples.interop import (
    OTHER_CHART,
    PATIENT,
    encounter_posted,
    patient_merged,
    patient_unmerged,
)
from tests.billing.desk import Desk
from tests.interop.conftest import OTHER_PRACTICE

CHARGE = 17_800


async def account(desk: Desk, patient_id: UUID, practice_id: UUID | None = None) -> dict[str, Any]:
    async with desk.billing.http(practice_id or desk.practice_id) as client:
        answer = await client.get(f"/patients/{patient_id}/account")
    return answer.json() if answer.status_code == 200 else {"status": answer.status_code}


def owed(shown: dict[str, Any]) -> tuple[int, int, int]:
    return shown["payer_cents"], shown["patient_cents"], len(shown["claims"])


async def test_two_accounts_are_one_until_they_are_parted(desk: Desk) -> None:
    await desk.billing.receive(
        encounter_posted(encounter_id=uuid4()),
        encounter_posted(encounter_id=uuid4(), patient_id=OTHER_CHART, coverage=None),
    )
    journal = await desk.fetch("SELECT * FROM journal_line ORDER BY entry_id, account")
    assert owed(await account(desk, PATIENT)) == (CHARGE, 0, 1)
    assert owed(await account(desk, OTHER_CHART)) == (0, CHARGE, 1)
    await desk.billing.receive(patient_merged())
    merged = await account(desk, OTHER_CHART)
    assert merged == await account(desk, PATIENT)
    assert owed(merged) == (CHARGE, CHARGE, 2)
    assert merged["patient_id"] == str(PATIENT)
    assert {claim["patient_id"] for claim in merged["claims"]} == {str(PATIENT), str(OTHER_CHART)}
    await desk.billing.receive(encounter_posted(encounter_id=uuid4()))
    assert owed(await account(desk, OTHER_CHART)) == (2 * CHARGE, CHARGE, 3)
    await desk.billing.receive(patient_unmerged())
    assert owed(await account(desk, PATIENT)) == (2 * CHARGE, 0, 2)
    assert owed(await account(desk, OTHER_CHART)) == (0, CHARGE, 1)
    kept = await desk.fetch("SELECT * FROM journal_line ORDER BY entry_id, account")
    assert [line for line in kept if line in journal] == journal
    await desk.assert_books_balance()


async def test_a_visit_that_was_on_its_way_while_its_chart_was_merged_is_the_survivors(
    desk: Desk,
) -> None:
    await desk.billing.receive(patient_merged(), encounter_posted(patient_id=OTHER_CHART))
    assert owed(await account(desk, PATIENT)) == (CHARGE, 0, 1)
    [charges] = await desk.billing.published(ChargesPosted)
    assert charges.patient_id == OTHER_CHART, "as its visit named it; readers look the chart up"


async def test_a_foreign_patient_answers_like_a_missing_one(desk: Desk) -> None:
    await desk.billing.receive(encounter_posted())
    assert await account(desk, PATIENT, OTHER_PRACTICE) == {"status": 404}
    assert await account(desk, uuid4()) == {"status": 404}
