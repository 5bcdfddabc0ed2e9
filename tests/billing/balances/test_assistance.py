"""Charity care follows the practice's scale over the poverty guideline, and is never one person's
word where it is much."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from libs.events.contracts.billing_balances import (
    FinancialAssistanceDecided,
)
from libs.events.contracts.billing_ledger import BalanceWrittenOff
from libs.events.examples.interop import PATIENT
from services.billing.balances.assistance.model import (
    Region,
    discount_for,
    guideline_cents,
    let_off,
    percent_of_guideline,
)
from services.billing.balances.policy.model import ScaleStep
from tests.billing.balances.front_desk import SHARE, FrontDesk, people

SCALE = [{"up_to_percent": 100, "discount_percent": 100},
         {"up_to_percent": 200, "discount_percent": 75}]  # fmt: skip


def application(income: int, size: int = 1) -> dict[str, Any]:
    return {
        "application_id": str(uuid4()),
        "account_id": str(PATIENT),
        "received_on": "2026-03-02",
        "household_size": size,
        "annual_income_cents": income,
    }


async def apply(front: FrontDesk, income: int, size: int = 1) -> dict[str, Any]:
    body = application(income, size)
    answer = await front.post("/assistance-applications", body)
    assert answer["status"] == 201, answer
    assert await front.post("/assistance-applications", body) == answer
    return answer


def decision(made: dict[str, Any]) -> str:
    return f"/assistance-applications/{made['application_id']}/decision"


@pytest.mark.parametrize(
    ("size", "region", "dollars"),
    [(1, "contiguous", 15_960), (8, "contiguous", 55_720), (9, "alaska", 76_750),
     (8, "hawaii", 64_070)],
)  # fmt: skip
def test_the_guidelines_are_those_of_the_federal_register(
    size: int, region: Region, dollars: int
) -> None:
    assert guideline_cents(size, region, date(2026, 3, 2)) == dollars * 100


def test_a_cent_above_a_step_is_the_next_step() -> None:
    scale = [ScaleStep(up_to_percent=100, discount_percent=100),
             ScaleStep(up_to_percent=200, discount_percent=50)]  # fmt: skip
    line, on = guideline_cents(1, "contiguous", date(2026, 3, 2)), date(2026, 3, 2)
    for income, discount in ((line, 100), (line + 1, 50), (2 * line, 50), (2 * line + 1, 0)):
        assert discount_for(percent_of_guideline(income, 1, "contiguous", on), scale) == discount
    assert let_off(1_001, 50) == 501


async def test_an_approved_application_lets_off_by_the_scale(front: FrontDesk) -> None:
    await front.policy(assistance_scale=SCALE)
    claim_id = await front.owe(1)
    made = await apply(front, 3_000_000)
    assert (made["percent_of_guideline"], made["discount_percent"]) == (188, 75)
    decided = await front.post(decision(made), {"outcome": "approved"})
    assert decided["state"] == "approved"
    assert await front.post(decision(made), {"outcome": "approved"}) == decided
    assert (await front.post(decision(made), {"outcome": "denied"}))["status"] == 409
    assert await front.owed() == {claim_id: 500}
    assert await front.stands("charity-care") == 1_500
    [event] = await front.desk.billing.published(FinancialAssistanceDecided)
    [written_off] = await front.desk.billing.published(BalanceWrittenOff)
    assert (event.discount_percent, written_off.reason) == (75, "charity-care")
    await front.desk.assert_books_balance()
    [row] = await front.get("/write-offs")
    await front.post(f"/write-offs/{row['write_off_id']}/reverse")
    assert await front.owed() == {claim_id: SHARE}
    await front.desk.assert_books_balance()


async def test_much_needs_a_second_person(front: FrontDesk, tmp_path: Path) -> None:
    await front.policy(assistance_scale=SCALE, assistance_limit_cents=SHARE - 1)
    await front.owe(1)
    made = await apply(front, 0)
    async with people(front, tmp_path, ann="operator", bob="operator"):
        proposed = await front.post(decision(made), {"outcome": "approved"}, key="ann")
        assert (proposed["state"], proposed["proposed_by"]) == ("proposed", "ann")
        again = await front.post(decision(made), {"outcome": "approved"}, key="ann")
        assert again["status"] == 409
        assert sum((await front.owed()).values()) == SHARE
        decided = await front.post(decision(made), {"outcome": "approved"}, key="bob")
    assert (decided["state"], decided["decided_by"]) == ("approved", "bob")
    assert await front.owed() == {}


async def test_while_an_application_is_open_the_account_is_not_dunned(front: FrontDesk) -> None:
    await front.policy(assistance_scale=SCALE, notice_days=[10, 10, 10, 10])
    await front.owe(1)
    await front.cycle()
    made = await apply(front, 10_000_000)
    await front.later(20)
    assert len(await front.get("/statements")) == 1
    await front.post(decision(made), {"outcome": "denied"})
    await front.later(10)
    assert len(await front.get("/statements")) == 2


async def test_what_a_household_earns_stands_sealed(front: FrontDesk) -> None:
    await front.policy(assistance_scale=SCALE)
    await front.owe(1)
    await apply(front, 3_141_592)
    [row] = await front.desk.fetch("SELECT household FROM assistance_application")
    assert b"3141592" not in row["household"]


async def test_without_a_scale_nobody_applies(front: FrontDesk) -> None:
    assert (await front.post("/assistance-applications", application(0)))["status"] == 409
