"""A corrected visit's work is recorded anew, a voided one's is nobody's."""

from __future__ import annotations

from datetime import date

from libs.events.contracts.payroll import ProductivityRecorded, ProductivityReversed
from libs.events.examples.interop import (
    PRACTICE,
    encounter_corrected,
    encounter_posted,
    encounter_voided,
    line,
)
from tests.harness import Harness
from tests.payroll.commands import G0439, add_plan, add_values

MARCH_SECOND = date(2026, 3, 2)


async def month(payroll: Harness) -> list[tuple[int, int, int]]:
    """(visits, waiting, work RVU hundredths) of each clinician in March."""
    async with payroll.http(PRACTICE) as client:
        rows = (await client.get("/productivity", params={"month": "2026-03-01"})).json()
    return [(row["visits"], row["waiting"], row["work_rvu_hundredths"]) for row in rows]


async def test_a_corrected_visits_line_is_reversed_and_another_recorded(payroll: Harness) -> None:
    await add_values(payroll, G0439)
    await add_plan(payroll)
    once = encounter_corrected()
    await payroll.receive(encounter_posted(), once, once)
    first, second = await payroll.published(ProductivityRecorded)
    [reversed_] = await payroll.published(ProductivityReversed)
    assert reversed_.model_dump() == first.model_dump()
    assert (second.work_rvu_hundredths, second.service_on) == (300, date(2026, 3, 3))
    assert second.line_id != first.line_id
    assert await month(payroll) == [(1, 0, 300)]


async def test_a_correction_of_something_else_leaves_the_work_as_it_is(payroll: Harness) -> None:
    await add_values(payroll, G0439)
    same = encounter_corrected(lines=(line(),), service_on=MARCH_SECOND, place_of_service="23")
    await payroll.receive(encounter_posted(), same)
    assert len(await payroll.published(ProductivityRecorded)) == 1
    assert await payroll.published(ProductivityReversed) == []


async def test_a_voided_visits_work_is_taken_back_once(payroll: Harness) -> None:
    await add_values(payroll, G0439)
    await payroll.receive(encounter_posted(), encounter_voided(), encounter_voided())
    assert len(await payroll.published(ProductivityReversed)) == 1
    assert await month(payroll) == []


async def test_a_line_that_waits_is_replaced_without_a_word(payroll: Harness) -> None:
    unvalued = (line(procedure_code="G0008"),)
    await payroll.receive(encounter_posted(lines=unvalued))
    await add_values(payroll, G0439)
    await payroll.receive(encounter_corrected())
    assert await payroll.published(ProductivityReversed) == []
    assert await month(payroll) == [(1, 0, 300)]
