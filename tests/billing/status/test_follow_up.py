"""A claim that its payer is silent about is asked after, again and again, until it is decided."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from libs.events.contracts.billing import ClaimDenied
from libs.events.contracts.billing_answers import ClaimFollowedUp, ClaimStatusTold
from libs.events.examples.interop import COVERAGE
from libs.events.transport.database import transport_transaction
from libs.local.payer.answers import Answering
from libs.local.payer.decisions import decide
from libs.local.payer.statuses import StatusRequest, answer_statuses, read_statuses
from tests.billing.desk import Desk, let_answer, set_payer, simulated, visit
from tests.billing.remittance import Said, paid, payment

FIRST, AGAIN = timedelta(days=14), timedelta(days=7)
CHILDS = COVERAGE.model_copy(update={"relationship": "child"})


async def wait(desk: Desk, time: timedelta) -> None:
    """Time passes: what is due is asked with the next file, and the file is written."""
    await desk.billing.fire_timers(desk.billing.clock.now() + time)
    await desk.billing.fire_timers(desk.billing.clock.now() + timedelta(minutes=1))


def questions(desk: Desk) -> list[StatusRequest]:
    return [read_statuses(path.read_bytes()) for path in sorted(desk.outbound.glob("*.276"))]


async def answer(desk: Desk, answering: Answering, *, of: int = -1, name: str = "a.277") -> None:
    """The payer answers the question; `of`: which."""
    await desk.hear(name, answer_statuses(questions(desk)[of], desk.sent(), answering))


async def test_a_silent_payer_is_asked_after_two_weeks_and_then_each_week(desk: Desk) -> None:
    await desk.see_patients(2)
    await wait(desk, FIRST - timedelta(hours=1))
    assert questions(desk) == []
    await wait(desk, timedelta(hours=1))
    [asked] = questions(desk)
    numbers = await desk.control_numbers()
    assert [one.control_number for one in asked.asked] == numbers
    assert len({one.trace for one in asked.asked}) == 2
    await wait(desk, AGAIN)
    first, second = questions(desk)
    assert (first.payer.identifier, second.payer.identifier) == ("BUCKEYE01", "BUCKEYE01")
    said = await desk.billing.published(ClaimFollowedUp)
    assert [(e.times_asked, e.interchange_number) for e in said] == [(1, 2), (1, 2), (2, 3), (2, 3)]
    assert await desk.states() == ["submitted", "submitted"]


async def test_how_long_a_payer_is_given_is_agreed_with_it(desk: Desk) -> None:
    await set_payer(desk, "BUCKEYE01", follow_up_days=30)
    await desk.see_patients()
    await wait(desk, timedelta(days=29))
    assert questions(desk) == []
    await wait(desk, timedelta(days=1))
    assert len(questions(desk)) == 1
    [number] = await desk.control_numbers()
    await desk.hear("paid.835", payment(paid(number)))
    await desk.hear("back.835", payment(paid(number).reversed(), trace="T2"))
    await wait(desk, timedelta(days=29))  # a week after the first question, but it was decided
    assert len(questions(desk)) == 1
    await wait(desk, timedelta(days=1))
    assert len(questions(desk)) == 2


async def test_a_claim_that_was_taken_in_is_asked_after_too_and_a_decided_one_is_not(
    desk: Desk,
) -> None:
    await desk.see_patients(3)
    await let_answer(desk, simulated(), "277")
    numbers = await desk.control_numbers()
    await desk.hear("paid.835", payment(paid(numbers[0])))
    await desk.hear("denied.835", payment(Said(numbers[1], 17_800, 0, [("CO", "29", 17_800)],
                                               status="4"), trace="T2"))  # fmt: skip
    assert len(await desk.billing.published(ClaimDenied)) == 1
    await wait(desk, FIRST)
    [asked] = questions(desk)
    assert [one.control_number for one in asked.asked] == [numbers[2]]
    [timers] = await follow_up_timers(desk)
    assert timers == {"timers": 1}


async def test_a_rejected_claim_waits_for_us_and_is_not_asked_after(desk: Desk) -> None:
    await desk.see_patients(2)
    await let_answer(desk, simulated(rejections=1.0), "277")
    assert await follow_up_timers(desk) == [{"timers": 0}]
    await wait(desk, FIRST)
    assert questions(desk) == []


async def test_what_is_decided_between_the_timer_and_the_file_is_left_out(desk: Desk) -> None:
    await desk.see_patients()
    [number] = await desk.control_numbers()
    await desk.billing.fire_timers(desk.billing.clock.now() + FIRST)
    await desk.hear("paid.835", payment(paid(number)))
    await desk.billing.fire_timers(desk.billing.clock.now() + timedelta(minutes=1))
    assert questions(desk) == []
    assert await desk.billing.published(ClaimFollowedUp) == []


async def test_a_payment_that_is_taken_back_starts_the_clock_anew(desk: Desk) -> None:
    await desk.see_patients()
    [number] = await desk.control_numbers()
    await desk.hear("paid.835", payment(paid(number)))
    await desk.hear("back.835", payment(paid(number).reversed(), trace="T2"))
    assert await desk.states() == ["submitted"]
    await wait(desk, FIRST)
    assert len(questions(desk)) == 1


@pytest.mark.parametrize(
    ("answering", "meaning", "category"),
    [
        (simulated(), "finalized-paid", "F1"),
        (simulated(denials=1.0), "finalized-denied", "F2"),
    ],
)
async def test_what_the_payer_tells_is_said_and_decides_nothing(
    desk: Desk, answering: Answering, meaning: str, category: str
) -> None:
    await desk.see_patients()
    await wait(desk, FIRST)
    if meaning == "finalized-denied":
        answering = whole_denials(answering, desk)
    await answer(desk, answering)
    [told] = await desk.billing.published(ClaimStatusTold)
    assert (told.meaning, told.status_category) == (meaning, category)
    assert await desk.states() == ["submitted"]
    assert await held_reasons(desk) == []
    if meaning == "finalized-paid":
        [claim] = await desk.fetch("SELECT payer_claim_number FROM claim")
        assert claim["payer_claim_number"] == told.payer_claim_number


async def test_an_answer_is_known_by_its_trace_and_one_to_nobody_is_put_aside(desk: Desk) -> None:
    await desk.see_patients()
    await wait(desk, FIRST)
    content = answer_statuses(questions(desk)[0], desk.sent(), simulated())
    [question] = questions(desk)[0].asked
    await desk.hear("strange.277", content.replace(question.trace.encode(), b"SOMEBODYELSE"))
    assert (await desk.verdicts())["strange.277"] == ("refused", "unknown-questions")
    assert await desk.billing.published(ClaimStatusTold) == []
    await desk.hear("right.277", content)
    await desk.hear("again.277", content.replace(b"*1200*", b"*1201*"))
    assert len(await desk.fetch("SELECT FROM claim_answer WHERE source = '277'")) == 1


async def test_a_childs_claim_is_asked_after_as_its_patients(desk: Desk) -> None:
    await desk.billing.receive(visit(1, coverage=CHILDS))
    await desk.send()
    await wait(desk, FIRST)
    [request] = questions(desk)
    [asked] = request.asked
    assert asked.patient is not None
    assert asked.subscriber.identifier == CHILDS.member_id
    await answer(desk, simulated())
    assert len(await desk.billing.published(ClaimStatusTold)) == 1


async def test_held_answers_are_listed_page_by_page_until_somebody_settles_them(
    desk: Desk,
) -> None:
    await desk.see_patients(3)
    await let_answer(desk, simulated(), "277")
    await wait(desk, FIRST)
    await answer(desk, simulated(lose_claim=1.0))
    async with desk.billing.http(desk.practice_id) as client:
        first: list[dict[str, Any]] = (
            await client.get("/held-answers", params={"limit": 2})
        ).json()
        rest = (
            await client.get("/held-answers", params={"after": first[-1]["held_answer_id"]})
        ).json()
        assert len({one["held_answer_id"] for one in first + rest}) == 3
        assert first[0]["in_words"] == "not found (the claim is not found)"
        path = f"/held-answers/{first[0]['held_answer_id']}/settle"
        settled = (await client.post(path)).json()
        assert (await client.post(path)).json() == settled
        assert settled["settled_by"] == "operator"
        assert len((await client.get("/held-answers")).json()) == 2
        assert (await client.post("/held-answers/" + "0" * 32 + "/settle")).status_code == 404


async def follow_up_timers(desk: Desk) -> list[dict[str, Any]]:
    async with transport_transaction(desk.billing.pool) as db:
        rows = await db.fetch("SELECT count(*) AS timers FROM timer WHERE name = 'follow-up'")
    return [dict(row) for row in rows]


async def held_reasons(desk: Desk) -> list[str]:
    return [row["reason"] for row in await desk.fetch("SELECT reason FROM held_answer")]


def whole_denials(answering: Answering, desk: Desk) -> Answering:
    """A payer of another seed that denies this claim as a whole, not only a line of it."""
    [claim] = desk.sent()[0].claims
    for seed in range(1, 200):
        policy = replace(answering.policy, seed=seed)
        if decide(policy, claim).status == "4":
            return replace(answering, policy=policy)
    raise AssertionError("no seed denies the claim")


async def test_a_claim_of_the_former_system_is_for_a_person_to_ask_after(desk: Desk) -> None:
    """It names nobody who is insured, so no question can be written."""
    command = {
        "claim_id": str(uuid4()),
        "control_number": "OLD1",
        "payer_id": "BUCKEYE01",
        "service_on": "2026-01-15",
        "charge_cents": 17_800,
    }
    async with desk.billing.http(desk.practice_id) as client:
        assert (await client.post("/opening-claims", json=command)).status_code == 201
    decided = paid("OLD1")
    await desk.hear("1.835", payment(decided, trace="T1"))
    await desk.hear("2.835", payment(decided.reversed(), trace="T2"))
    assert await desk.states() == ["submitted"]
    await wait(desk, FIRST)
    assert questions(desk) == []
    async with desk.billing.http(desk.practice_id) as client:
        [held] = (await client.get("/held-answers")).json()
    assert (held["reason"], held["claim_id"]) == ("cannot-be-asked", command["claim_id"])
