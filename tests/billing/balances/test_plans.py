"""A plan collects month by month, from a card or the patient's hand; its claims are not dunned."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from libs.events.contracts.billing_balances import (
    InstalmentMissed,
    PaymentPlanAgreed,
    PaymentPlanEnded,
)
from libs.events.examples.interop import PATIENT, PRACTICE
from libs.local.cards.processor import Processor, serving
from services.billing.balances.plans.model import Plan, instalment_due
from tests.billing.balances.front_desk import SHARE, FrontDesk


@pytest.fixture
async def processor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Processor]:
    made = Processor(tmp_path / "cards")
    async with serving(made) as port:
        monkeypatch.setenv("BILLING_CARDS_URL", f"http://127.0.0.1:{port}")
        yield made


async def agree(front: FrontDesk, **changes: Any) -> dict[str, Any]:
    body = {
        "plan_id": str(uuid4()),
        "account_id": str(PATIENT),
        "instalments": 3,
        "first_due_on": "2026-03-31",
        **changes,
    }
    answer = await front.post("/payment-plans", body)
    assert answer["status"] == 201, answer
    assert await front.post("/payment-plans", body) == answer
    return answer


async def month(front: FrontDesk, number: int, day: int) -> None:
    await front.until(datetime(2026, number, day, 19, tzinfo=UTC))


async def show(front: FrontDesk) -> dict[str, Any]:
    [plan] = await front.get("/payment-plans", account_id=str(PATIENT))
    return plan


async def test_a_card_on_file_pays_each_instalment_to_the_cent(
    front: FrontDesk, processor: Processor
) -> None:
    await front.owe(1)
    plan = await agree(front, card_token="tok_visa")
    assert plan["instalment_cents"] == 667
    for number, day in ((3, 31), (4, 30), (5, 31)):
        await month(front, number, day)
    assert [one["body"]["cents"] for one in processor.moved("charges")].count(667) == 2
    assert sum(one["body"]["cents"] for one in processor.moved("charges")) == SHARE
    assert (await show(front))["state"] == "completed"
    assert await front.owed() == {}
    [agreed] = await front.desk.billing.published(PaymentPlanAgreed)
    [ended] = await front.desk.billing.published(PaymentPlanEnded)
    assert (agreed.instalments, ended.reason) == (3, "completed")
    await front.desk.assert_books_balance()


async def test_a_plan_is_not_dunned_and_ends_when_instalments_are_missed(
    front: FrontDesk,
) -> None:
    await front.policy(missed_instalments=2, notice_days=[10, 10, 10, 10])
    await front.owe(1)
    await front.cycle()
    await agree(front, first_due_on="2026-04-10")
    await front.later(11)
    assert len(await front.get("/statements")) == 1
    await front.pay(667)
    await month(front, 4, 10)
    assert (await show(front))["missed_in_a_row"] == 0
    await month(front, 5, 10)
    assert (await show(front))["missed_in_a_row"] == 1
    await month(front, 6, 10)
    assert (await show(front))["state"] == "defaulted"
    missed = await front.desk.billing.published(InstalmentMissed)
    assert [(one.number, one.in_a_row) for one in missed] == [(2, 1), (3, 2)]
    await front.cycle()
    assert len(await front.get("/statements")) > 1


async def test_a_declined_card_is_a_missed_instalment(
    front: FrontDesk, processor: Processor
) -> None:
    await front.policy(missed_instalments=1)
    await front.owe(1)
    await agree(front, card_token="tok_declined")
    await month(front, 3, 31)
    assert (await show(front))["state"] == "defaulted"
    assert sum((await front.owed()).values()) == SHARE
    assert processor.moved("charges") == []


async def test_a_second_plan_and_a_plan_of_nothing_are_refused(front: FrontDesk) -> None:
    body = {"plan_id": str(uuid4()), "account_id": str(PATIENT), "instalments": 3,
            "first_due_on": "2026-03-31"}  # fmt: skip
    assert (await front.post("/payment-plans", body))["status"] == 409
    await front.owe(1)
    plan = await agree(front)
    other = {**body, "plan_id": str(uuid4())}
    assert (await front.post("/payment-plans", other))["status"] == 409
    cancelled = await front.post(f"/payment-plans/{plan['plan_id']}/cancel")
    assert cancelled["state"] == "cancelled"
    assert (await front.post("/payment-plans", other))["status"] == 201


def test_an_instalment_is_due_on_the_same_day_and_what_was_paid_before_counts() -> None:
    plan = Plan(PRACTICE, uuid4(), PATIENT, (), 1_000, 3, date(2026, 1, 31), 2, 0, "active", False)
    assert [plan.due_on(n) for n in (1, 2, 12, 14)] == [
        date(2026, 1, 31), date(2026, 2, 28), date(2026, 12, 31), date(2027, 2, 28),
    ]  # fmt: skip
    assert plan.instalment_cents == 334
    assert instalment_due(plan, 666) == 334
    assert instalment_due(plan, 400) == 68
    assert instalment_due(plan, 332) == 0
