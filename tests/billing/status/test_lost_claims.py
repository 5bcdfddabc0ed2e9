"""A claim that its payer does not find goes there again by itself, once; else a person looks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from libs.events.contracts.billing import ClaimSubmitted
from libs.events.contracts.billing_answers import ClaimLost, ClaimStatusTold
from libs.events.examples.interop import encounter_corrected, encounter_voided
from libs.local.payer.statuses import answer_statuses
from tests.billing.desk import Desk, let_answer, set_payer, simulated, visit
from tests.billing.remittance import paid, payment
from tests.billing.status.test_follow_up import AGAIN, FIRST, answer, held_reasons, questions, wait

LOSING = simulated(lose_claim=1.0)


async def test_it_goes_out_once_more_as_the_same_original(desk: Desk) -> None:
    await desk.see_patients()
    await wait(desk, FIRST)
    await answer(desk, LOSING)
    assert await desk.states() == ["ready"]
    await desk.send()
    first, second = [one.claims[0] for one in desk.sent()]
    assert first.number == second.number
    assert (second.frequency, second.original_number) == ("1", "")
    assert (first.charge_cents, first.lines) == (second.charge_cents, second.lines)
    [lost] = await desk.billing.published(ClaimLost)
    assert (lost.interchange_number, lost.kept_back) == (1, None)
    sent = await desk.billing.published(ClaimSubmitted)
    assert [one.interchange_number for one in sent] == [1, 3]
    assert await held_reasons(desk) == []
    assert (await desk.sums())["charges"] == first.charge_cents  # charged once
    await desk.hear("paid.835", payment(paid(first.number)))
    assert await desk.states() == ["paid"]
    await desk.assert_books_balance()


async def test_it_goes_there_by_itself_no_second_time(desk: Desk) -> None:
    await desk.see_patients()
    await wait(desk, FIRST)
    await answer(desk, LOSING, name="1.277")
    await desk.send()
    await wait(desk, FIRST)  # the payer is given its time anew
    assert len(questions(desk)) == 2
    await answer(desk, LOSING, name="2.277")
    await desk.send()
    assert len(desk.sent()) == 2
    assert await desk.states() == ["submitted"]
    assert [one.kept_back for one in await desk.billing.published(ClaimLost)] == [
        None, "not-found-again",
    ]  # fmt: skip
    assert await held_reasons(desk) == ["not-found-again"]


async def test_an_answer_about_the_earlier_sending_moves_nothing(desk: Desk) -> None:
    await desk.see_patients()
    await wait(desk, FIRST)
    await wait(desk, AGAIN)
    await answer(desk, LOSING, of=0, name="1.277")
    await desk.send()
    await answer(desk, LOSING, of=1, name="2.277")
    assert len(await desk.billing.published(ClaimStatusTold)) == 2
    assert len(await desk.billing.published(ClaimLost)) == 1
    assert await held_reasons(desk) == []
    assert await desk.states() == ["submitted"]


async def taken_in(desk: Desk) -> None:
    await let_answer(desk, simulated(), "277")


async def pending(desk: Desk) -> None:
    await tell(desk, b"P1:20", "pending.277")
    await wait(desk, AGAIN)


async def paid_and_taken_back(desk: Desk) -> None:
    [number] = await desk.control_numbers()
    await desk.hear("paid.835", payment(paid(number)))
    await desk.hear("back.835", payment(paid(number).reversed(), trace="T2"))
    await wait(desk, FIRST)


@pytest.mark.parametrize("before", [taken_in, pending, paid_and_taken_back])
async def test_one_that_a_payer_had_is_for_a_person(
    desk: Desk, before: Callable[[Desk], Awaitable[None]]
) -> None:
    await desk.see_patients()
    await wait(desk, FIRST)
    await before(desk)
    await answer(desk, LOSING, name="lost.277")
    await kept_for_a_person(desk, "not-found-once-had")


@pytest.mark.parametrize("category", [b"A4", b"D0"])
async def test_one_whose_subscriber_is_not_found_is_for_a_person(
    desk: Desk, category: bytes
) -> None:
    await desk.see_patients()
    await wait(desk, FIRST)
    await tell(desk, category + b":33", "lost.277")
    await kept_for_a_person(desk, "not-found")


async def test_one_whose_days_for_filing_are_over_is_for_a_person(desk: Desk) -> None:
    service_on = visit(0).service_on
    days = (desk.billing.clock.now().date() - service_on).days + FIRST.days - 1
    await set_payer(desk, "BUCKEYE01", original_filing_days=days)
    await desk.see_patients()
    await wait(desk, FIRST)
    await answer(desk, LOSING)
    await kept_for_a_person(desk, "not-found-too-late")


async def test_it_goes_out_as_its_visit_is_by_now(desk: Desk) -> None:
    await desk.see_patients()
    [before] = [one.claims[0] for one in desk.sent()]
    await desk.billing.receive(encounter_corrected(encounter_id=visit(0).encounter_id))
    await desk.send()
    assert len(desk.sent()) == 1  # the payer may have it as it was
    await wait(desk, FIRST)
    await answer(desk, LOSING)
    await desk.send()
    _, after = [one.claims[0] for one in desk.sent()]
    assert (after.number, after.frequency) == (before.number, "1")
    assert after.charge_cents == 2 * before.charge_cents
    assert (await desk.sums())["charges"] == after.charge_cents
    await desk.assert_books_balance()


async def test_one_whose_visit_is_void_by_now_is_void(desk: Desk) -> None:
    await desk.see_patients()
    await desk.billing.receive(encounter_voided(encounter_id=visit(0).encounter_id))
    await wait(desk, FIRST)
    await answer(desk, LOSING)
    await desk.send()
    assert len(desk.sent()) == 1
    assert await desk.states() == ["voided"]
    assert (await desk.sums())["charges"] == 0


async def test_its_story_says_what_happened(desk: Desk) -> None:
    await desk.see_patients()
    await wait(desk, FIRST)
    await answer(desk, LOSING)
    await desk.send()
    told = await story(desk)
    said = [step["words"] for step in told["steps"]]
    again = "the payer does not find the claim of interchange 1; it goes there again, once"
    assert again in said
    assert sum(words.startswith("interchange 00000000") for words in said) == 2
    assert told["next"].startswith("the payer decides; it is asked on")
    await wait(desk, FIRST)
    await answer(desk, LOSING, name="2.277")
    next_step = (
        "somebody has to look: the payer does not find the claim, which was sent again before"
    )
    assert (await story(desk))["next"] == next_step


async def kept_for_a_person(desk: Desk, reason: str) -> None:
    await desk.send()
    assert len(desk.sent()) == 1
    assert await desk.states() in (["submitted"], ["accepted"])
    assert [one.kept_back for one in await desk.billing.published(ClaimLost)] == [reason]
    assert await held_reasons(desk) == [reason]


async def tell(desk: Desk, status: bytes, name: str) -> None:
    content = answer_statuses(questions(desk)[-1], desk.sent(), LOSING)
    await desk.hear(name, content.replace(b"A4:35", status))


async def story(desk: Desk) -> dict[str, Any]:
    [claim] = await desk.fetch("SELECT claim_id FROM claim")
    async with desk.billing.http(desk.practice_id) as client:
        return (await client.get(f"/claims/{claim['claim_id']}/timeline")).json()
