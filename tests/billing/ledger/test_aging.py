"""What is owed by age: every cent in one bucket, and as it was on any day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as any_

from services.billing.ledger.aging import DEBTORS, OpenDay, age, bucket_of
from tests.billing.desk import Desk, visit
from tests.billing.remittance import paid, payment

ON = date(2026, 11, 30)
DAYS = any_.integers(-400, 400).map(lambda days: ON - timedelta(days=days))
OPEN_DAYS = any_.lists(
    any_.builds(
        OpenDay,
        any_.sampled_from(list(DEBTORS)),
        any_.sampled_from(["A1", "B2"]),
        DAYS,
        any_.integers(-(10**9), 10**9),
    )
)


@pytest.mark.parametrize(
    ("days", "bucket"),
    [(-3, 0), (0, 0), (30, 0), (31, 1), (60, 1), (61, 2), (90, 2), (91, 3), (120, 3), (121, 4)],
)
def test_a_bucket_ends_with_its_last_day(days: int, bucket: int) -> None:
    assert bucket_of(ON - timedelta(days=days), ON) == bucket


@for_all(OPEN_DAYS)
def test_every_cent_is_in_one_bucket(owed: list[OpenDay]) -> None:
    aged = age(owed, ON)
    assert sum(row.total_cents for row in aged) == sum(day.cents for day in owed)
    assert len({(row.debtor, row.payer_id) for row in aged}) == len(aged)


async def test_payers_and_patients_are_aged_as_of_a_day(desk: Desk) -> None:
    await desk.billing.receive(visit(1, service_on=date(2026, 2, 27)))
    await desk.billing.receive(visit(2, service_on=date(2026, 1, 20)))
    await desk.send()
    before = desk.billing.clock.now().date()
    desk.billing.clock.advance(timedelta(days=1))
    first, _ = await desk.control_numbers()
    await desk.hear("1.835", payment(paid(first)))
    async with desk.billing.http(desk.practice_id) as client:
        then = (await client.get("/ledger/aging", params={"on": str(before)})).json()
        now = (await client.get("/ledger/aging")).json()
    assert [(row["debtor"], row["to_30_days"], row["to_60_days"]) for row in then] == [
        ("payer", 17_800, 17_800)
    ]
    assert [(row["debtor"], row["payer_id"], row["total_cents"]) for row in now] == [
        ("payer", "BUCKEYE01", 17_800),
        ("patient", None, 2_000),
    ]
    sums = await desk.sums()
    assert sums["open"] + sums["patient"] == sum(row["total_cents"] for row in now)
