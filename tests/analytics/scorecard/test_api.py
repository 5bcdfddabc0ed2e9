"""The scorecards as JSON."""

from __future__ import annotations

from uuid import uuid4

from tests.analytics.conftest import MONTHS, NAMES
from tests.analytics.months import Visit, onboarded, practice_id
from tests.harness import Harness


async def test_scorecards_are_given_by_practice_month_and_figure(told: Harness) -> None:
    async with told.http() as client:
        answer = (await client.get("/scorecards")).json()
    assert set(answer) == {str(practice_id(name)) for name in NAMES}
    for months in answer.values():
        assert list(months) == [f"{month}" for month in MONTHS]
        for figures in months.values():
            parts = ("collections", "adjusted", "patient_share", "open")
            assert figures["charges"] == sum(figures[name] for name in parts)


async def test_one_month_may_be_asked_for(told: Harness) -> None:
    async with told.http() as client:
        for written in ("2026-01", "2026-01-01"):
            answer = (await client.get("/scorecards", params={"month": written})).json()
            assert {month for months in answer.values() for month in months} == {"2026-01-01"}
        assert (await client.get("/scorecards", params={"month": "2026-13"})).status_code == 422
        assert (await client.get("/scorecards", params={"month": "2026-01-02"})).status_code == 422


async def test_a_scorecard_comes_with_its_raw_counters(analytics: Harness) -> None:
    visit = Visit(practice_id(NAMES[0]), MONTHS[0], 1)
    await analytics.receive(onboarded(NAMES[0]), visit.encounter(), visit.charges(12_345))
    async with analytics.http() as client:
        answer = (await client.get(f"/scorecards/{visit.practice}/2025-12-01")).json()
    assert answer["practice"] == NAMES[0]
    assert answer["figures"]["charges"] == answer["counters"]["charge_cents"] == 12_345
    assert answer["figures"]["denial_rate"] is None
    assert answer["figures"]["net_collection_rate"] == "0.0"


async def test_an_unknown_practice_or_month_is_not_found(told: Harness) -> None:
    async with told.http() as client:
        assert (await client.get(f"/scorecards/{uuid4()}/2026-01-01")).status_code == 404
        known = practice_id(NAMES[0])
        assert (await client.get(f"/scorecards/{known}/2031-01-01")).status_code == 404


async def test_nobody_reads_scorecards_without_a_key(told: Harness) -> None:
    async with told.http(key=None) as client:
        assert (await client.get("/scorecards")).status_code == 401
        assert (await client.get("/live")).status_code == 401
