"""The payer simulator as first and further payer: it answers what billing sends."""

from __future__ import annotations

import pytest

from libs.events.contracts.billing_cob import ClaimForwarded
from libs.events.examples.billing_cob import SECOND_COVERAGE
from libs.events.examples.interop import line
from libs.local.payer.answers import Answering
from libs.local.payer.decisions import Policy
from tests.billing.coordination.desk import SECOND, enroll, open_by_payer, send_on
from tests.billing.desk import Desk, let_answer


async def _answered(desk: Desk, crossovers: float) -> None:
    lines = (line(), line(line_number=2, procedure_code="G0444"))
    answering = Answering(Policy(denials=0.0, rejections=0.0, crossovers=crossovers), {})
    await enroll(desk, SECOND)
    await desk.see_patients(12, other_coverages=(SECOND_COVERAGE,), lines=lines)
    for _ in range(2):
        await let_answer(desk, answering)
        await send_on(desk)


@pytest.mark.parametrize("crossovers", [0.0, 1.0])
async def test_every_visit_is_settled_by_its_two_payers(desk: Desk, crossovers: float) -> None:
    await _answered(desk, crossovers)
    forwarded = await desk.billing.published(ClaimForwarded)
    assert forwarded
    assert {each.crossed_over for each in forwarded} == {crossovers == 1.0}
    assert set(await desk.states()) == {"paid"}
    assert await open_by_payer(desk) == {}
    assert len(desk.sent()) == (1 if crossovers else 2)
    assert not await desk.fetch("SELECT FROM unmatched_remittance")
    assert {verdict for verdict, _ in (await desk.verdicts()).values()} <= {"posted", "duplicate"}


async def test_what_further_payers_leave_is_less_than_what_the_first_left(desk: Desk) -> None:
    await _answered(desk, 0.0)
    forwarded = sum(each.cents for each in await desk.billing.published(ClaimForwarded))
    assert 0 < (await desk.sums())["patient"] < forwarded
