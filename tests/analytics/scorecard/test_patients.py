"""A patient counts once a month, whatever was merged and in whatever order that was heard."""

from __future__ import annotations

from datetime import date
from itertools import permutations
from uuid import UUID, uuid4

from libs.events.contracts import Event
from libs.events.contracts.values import PracticeId
from libs.events.examples.interop import encounter_posted, patient_merged, patient_unmerged
from services.analytics.scorecard import store
from tests.harness import Harness


async def patients(analytics: Harness, practice_id: PracticeId) -> dict[date, int]:
    async with analytics.work.read([practice_id]) as db:
        months = (await store.read_scorecards(db))[practice_id]
        for month, counters in months.items():
            listed = await store.sum_contributions(db, [("patients", 1)], month, month)
            assert listed.amount == counters["patients"], "the number is the sum of its events"
    return {month: counters["patients"] for month, counters in months.items()}


def seen(practice_id: UUID, patient_id: UUID, on: date) -> Event:
    return encounter_posted(
        practice_id=practice_id, encounter_id=uuid4(), patient_id=patient_id, service_on=on
    )


MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)


async def test_charts_that_are_merged_count_once_in_every_month_until_they_are_parted(
    analytics: Harness,
) -> None:
    practice, one, other, third = PracticeId(uuid4()), uuid4(), uuid4(), uuid4()
    visits = [(one, MARCH), (one, MARCH), (other, MARCH), (third, MARCH), (other, APRIL)]
    await analytics.receive(*[seen(practice, patient, on) for patient, on in visits])
    assert await patients(analytics, practice) == {MARCH: 3, APRIL: 1}
    merged = {"practice_id": practice, "patient_id": other, "survivor_id": one}
    await analytics.receive(patient_merged(**merged))
    assert await patients(analytics, practice) == {MARCH: 2, APRIL: 1}
    await analytics.receive(patient_unmerged(**merged))
    assert await patients(analytics, practice) == {MARCH: 3, APRIL: 1}


async def test_a_chain_and_its_visits_come_to_the_same_in_any_order(analytics: Harness) -> None:
    for order in permutations(range(3)):
        practice, one, other, last = PracticeId(uuid4()), uuid4(), uuid4(), uuid4()

        def into(chart: UUID, survivor: UUID, practice: UUID = practice) -> Event:
            return patient_merged(practice_id=practice, patient_id=chart, survivor_id=survivor)

        keys = [
            [into(one, other), into(one, last)],
            [into(other, last)],
            [seen(practice, chart, MARCH) for chart in (one, other, last)],
        ]
        for key in order:
            await analytics.receive(*keys[key])
        assert await patients(analytics, practice) == {MARCH: 1}, order
