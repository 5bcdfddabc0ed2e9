"""A payer passes a claim on to the next one itself (835 CLP02 19 to 21): no claim of ours goes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from libs.events.contracts.billing_cob import ClaimForwarded
from tests.billing.coordination.desk import SECOND, by_second, open_by_payer, send_on, two_payers
from tests.billing.desk import Desk
from tests.billing.remittance import paid, payment


async def _crossed_over(desk: Desk) -> str:
    number = await two_payers(desk)
    await desk.hear("1.835", payment(replace(paid(number), status="19")))
    return number


async def test_a_claim_that_crossed_over_waits_at_the_next_payer(desk: Desk) -> None:
    await _crossed_over(desk)
    await send_on(desk)
    [forwarded] = await desk.billing.published(ClaimForwarded)
    assert forwarded.crossed_over
    assert len(desk.sent()) == 1
    assert await desk.states() == ["submitted"]
    assert await open_by_payer(desk) == {SECOND: 2_000}
    [last] = await desk.fetch("SELECT reason FROM claim_move ORDER BY id DESC LIMIT 1")
    assert last["reason"] == f"crossed over to {SECOND}"


async def test_the_next_payers_answer_to_what_crossed_over_is_posted(desk: Desk) -> None:
    number = await _crossed_over(desk)
    await desk.hear("2.835", payment(by_second(number), trace="TRACE2", payer=SECOND))
    assert await desk.states() == ["paid"]
    assert await open_by_payer(desk) == {}
    await desk.billing.fire_timers(desk.billing.clock.now() + timedelta(days=60))
    assert len(desk.sent()) == 1


async def test_what_crossed_over_and_is_not_answered_is_sent_by_us(desk: Desk) -> None:
    await _crossed_over(desk)
    await desk.billing.fire_timers(desk.billing.clock.now() + timedelta(days=29))
    assert len(desk.sent()) == 1
    await desk.billing.fire_timers(desk.billing.clock.now() + timedelta(days=2))
    await desk.send()
    assert desk.sent()[1].claims[0].payer.identifier == SECOND
    assert await desk.states() == ["submitted"]
