"""A visit's work goes on its clinician's account once, and waits where a code has no value."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any
from uuid import uuid4, uuid5

from libs.events.contracts.interop import EncounterPosted
from libs.events.contracts.payroll import ProductivityRecorded
from libs.events.examples import payroll as examples
from libs.events.examples.credentialing import provider_credentialed
from libs.events.examples.interop import NAMESPACE, PRACTICE, encounter_posted, line
from tests.harness import Harness
from tests.payroll.commands import G0439, add_plan, add_values


async def test_a_visit_is_recorded_with_its_work_and_pay(payroll: Harness) -> None:
    await add_values(payroll, G0439)
    await add_plan(payroll)
    await payroll.receive(encounter_posted())
    [recorded] = await payroll.published(ProductivityRecorded)
    assert recorded.model_dump() == examples.productivity_recorded().model_dump()


async def test_a_redelivered_visit_is_recorded_once(payroll: Harness) -> None:
    await add_values(payroll, G0439)
    visit = encounter_posted()
    await payroll.receive(visit, visit)
    assert len(await payroll.published(ProductivityRecorded)) == 1


async def test_a_visit_posted_a_second_time_is_not_paid_twice(payroll: Harness) -> None:
    await add_values(payroll, G0439)
    await payroll.receive(encounter_posted(), encounter_posted())
    assert len(await payroll.published(ProductivityRecorded)) == 1


async def test_without_a_compensation_plan_the_pay_is_zero(payroll: Harness) -> None:
    await add_values(payroll, G0439)
    await add_plan(payroll, effective_on="2026-03-03")
    await payroll.receive(encounter_posted())
    [recorded] = await payroll.published(ProductivityRecorded)
    assert (recorded.work_rvu_hundredths, recorded.pay_cents) == (150, 0)


async def test_units_count_and_the_plan_of_the_day_of_service_holds(payroll: Harness) -> None:
    await add_values(payroll, {"G0439": 150, "G0008": 17})
    await add_plan(payroll, 5_000)
    await add_plan(payroll, 6_000, effective_on="2026-03-02")
    lines = (line(), line(line_number=2, procedure_code="G0008", units=3))
    await payroll.receive(encounter_posted(lines=lines))
    [recorded] = await payroll.published(ProductivityRecorded)
    assert (recorded.work_rvu_hundredths, recorded.pay_cents) == (201, 12_060)


async def test_a_visit_with_a_code_of_no_value_waits_and_nothing_is_guessed(
    payroll: Harness,
) -> None:
    await add_values(payroll, G0439)
    lines = (line(), line(line_number=2, procedure_code="G0008"))
    await payroll.receive(encounter_posted(lines=lines))
    assert await payroll.published(ProductivityRecorded) == []
    async with payroll.http(PRACTICE) as client:
        unvalued = (await client.get("/productivity/unvalued")).json()
    assert unvalued == [{"procedure_code": "G0008", "lines": 1, "since": "2026-03-02"}]


async def test_it_is_recorded_when_the_value_arrives(payroll: Harness) -> None:
    await add_plan(payroll)
    visit = encounter_posted(lines=(line(), line(line_number=2, procedure_code="G0008")))
    await payroll.receive(visit)
    await add_values(payroll, G0439)
    assert await payroll.published(ProductivityRecorded) == []
    await add_values(payroll, {"G0008": 17})
    [recorded] = await payroll.published(ProductivityRecorded)
    assert (recorded.work_rvu_hundredths, recorded.pay_cents) == (167, 8_350)
    async with payroll.http(PRACTICE) as client:
        assert (await client.get("/productivity/unvalued")).json() == []


async def test_a_value_of_a_later_day_releases_nothing(payroll: Harness) -> None:
    await payroll.receive(encounter_posted())
    await add_values(payroll, G0439, effective_on="2026-03-03")
    assert await payroll.published(ProductivityRecorded) == []
    await add_values(payroll, G0439, effective_on="2026-03-02")
    assert len(await payroll.published(ProductivityRecorded)) == 1


async def test_what_waited_keeps_the_story_of_its_visit(payroll: Harness) -> None:
    await payroll.receive(visit := encounter_posted())
    await add_values(payroll, G0439)
    async with payroll.uow(PRACTICE) as uow:
        cause = await uow.db.fetchval("SELECT headers ->> 'ce_causationid' FROM outbox")
    assert cause == str(visit.event_id)


async def test_visits_and_the_value_at_once_leave_nothing_waiting(payroll: Harness) -> None:
    visits = [_visit(f"number {n}") for n in range(20)]

    async def hear() -> None:
        for visit in visits:
            await payroll.receive(visit)

    table = uuid4()
    added = [add_values(payroll, G0439, rvu_table_id=table) for _ in range(3)]
    answers = await asyncio.gather(*added, hear())
    assert {answer.status_code for answer in answers[:3] if answer} == {201}
    assert len(await payroll.published(ProductivityRecorded)) == 20


async def test_a_month_shows_clinicians_by_name_once_it_is_known(payroll: Harness) -> None:
    await add_values(payroll, G0439)
    await payroll.receive(_visit("one"), _visit("two", service_on=date(2026, 3, 31)))
    await payroll.receive(_visit("april", service_on=date(2026, 4, 1)))
    assert [(v["family"], v["visits"]) for v in await _march(payroll)] == [(None, 2)]
    await payroll.receive(provider_credentialed())
    [shown] = await _march(payroll)
    assert (shown["family"], shown["work_rvu_hundredths"], shown["waiting"]) == ("Okafor", 300, 0)


async def test_values_of_one_practice_value_nothing_in_another(payroll: Harness) -> None:
    await payroll.receive(encounter_posted())
    await add_values(payroll, G0439, practice_id=uuid4())
    assert await payroll.published(ProductivityRecorded) == []


def _visit(name: str, **changes: Any) -> EncounterPosted:
    return encounter_posted(encounter_id=uuid5(NAMESPACE, f"visit {name}"), **changes)


async def _march(payroll: Harness) -> list[dict[str, Any]]:
    async with payroll.http(PRACTICE) as client:
        return (await client.get("/productivity", params={"month": "2026-03-01"})).json()
