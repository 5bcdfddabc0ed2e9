"""Values and plans are dated, and a day's value never changes."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from libs.events.contracts.payroll import ProductivityRecorded
from libs.events.examples.interop import encounter_posted
from services.payroll.rates.model import pay_for
from tests.harness import Harness
from tests.payroll.commands import G0439, add_plan, add_values


async def test_another_value_for_the_same_code_and_day_is_refused(payroll: Harness) -> None:
    assert (await add_values(payroll, G0439)).status_code == 201
    assert (await add_values(payroll, {"G0439": 151, "G0008": 17})).status_code == 409
    # Nothing of a refused table stays.
    assert (await add_values(payroll, {"G0008": 18})).status_code == 201


async def test_a_later_value_holds_from_its_own_day(payroll: Harness) -> None:
    await add_values(payroll, G0439)
    await add_values(payroll, {"G0439": 160}, effective_on="2026-03-02")
    await add_values(payroll, {"G0439": 170}, effective_on="2026-03-03")
    await payroll.receive(encounter_posted())
    [recorded] = await payroll.published(ProductivityRecorded)
    assert recorded.work_rvu_hundredths == 160


async def test_the_same_table_again_answers_the_same_and_changes_nothing(payroll: Harness) -> None:
    table = uuid4()
    answers = [await add_values(payroll, G0439, rvu_table_id=table) for _ in range(2)]
    other = await add_values(payroll, {"G0439": 151}, rvu_table_id=table)
    assert [a.status_code for a in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert other.status_code == 409


async def test_a_plan_is_added_once_and_another_for_its_day_is_refused(payroll: Harness) -> None:
    plan = uuid4()
    again = await asyncio.gather(*[add_plan(payroll, plan_id=plan) for _ in range(4)])
    changed = await add_plan(payroll, 6_000, plan_id=plan)
    taken = await add_plan(payroll, 6_000)
    assert {a.status_code for a in again} == {201}
    assert (changed.status_code, taken.status_code) == (409, 409)


@pytest.mark.parametrize("values", [{}, {"G0439": -1}, {"g0439": 150}, {"G0439": 1.5}])
async def test_a_table_that_is_none_is_refused(payroll: Harness, values: dict[str, int]) -> None:
    assert (await add_values(payroll, values)).status_code == 422


@pytest.mark.parametrize(
    ("hundredths", "cents", "pay"), [(150, 5_000, 7_500), (1, 50, 0), (3, 50, 2), (1, 150, 2)]
)
def test_pay_is_rounded_half_to_even(hundredths: int, cents: int, pay: int) -> None:
    assert pay_for(hundredths, cents) == pay
