"""Notices follow one another by the practice's policy; the last step is an agency, or nobody."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from libs.events.contracts.billing_balances import (
    AccountRecalledFromCollections,
    AccountSentToCollections,
)
from libs.events.contracts.billing_ledger import BalanceWrittenOff, WriteOffReversed
from libs.events.examples.interop import OTHER_CHART, PATIENT, patient_merged
from tests.billing.balances.front_desk import CHARGE, SHARE, FrontDesk
from tests.billing.remittance import PAID_CAS, Said, payment

AGENCY: dict[str, Any] = {"agency": "Scioto Recovery", "notice_days": [10, 10, 10, 10]}


async def notices(front: FrontDesk) -> list[str]:
    return [one["notice"] for one in await front.get("/statements")]


async def send_to_agency(front: FrontDesk) -> dict[str, Any]:
    await front.policy(**AGENCY)
    await front.owe(1)
    await front.cycle()
    for _ in range(4):
        await front.later(10)
    [placement] = await front.get("/collections")
    return placement


async def test_three_statements_and_a_final_notice_lead_to_the_agency(front: FrontDesk) -> None:
    placement = await send_to_agency(front)
    assert await notices(front) == [
        "statement", "second-statement", "third-statement", "final-notice",
    ]  # fmt: skip
    assert (placement["agency"], placement["open_cents"]) == ("Scioto Recovery", SHARE)
    assert await front.owed() == {}
    assert await front.stands("agency-receivable") == SHARE
    [sent] = await front.desk.billing.published(AccountSentToCollections)
    assert sent.cents == SHARE
    async with front.desk.billing.http(front.desk.practice_id) as client:
        listing = await client.get(f"/collections/{placement['placement_id']}.csv")
    assert listing.text.splitlines()[0].startswith("account,family,given")
    assert str(SHARE) in listing.text.splitlines()[1]
    await front.desk.assert_books_balance()


async def test_without_an_agency_the_final_notice_is_the_last_step(front: FrontDesk) -> None:
    await front.policy(notice_days=[10, 10, 10, 10])
    await front.owe(1)
    await front.cycle()
    for _ in range(8):
        await front.later(10)
    assert (await notices(front))[-1] == "final-notice"
    assert len(await notices(front)) == 4
    assert await front.get("/collections") == []


async def test_who_pays_is_not_dunned_and_a_new_visit_begins_anew(front: FrontDesk) -> None:
    await front.policy(**AGENCY)
    await front.owe(1)
    await front.cycle()
    await front.pay(SHARE)
    await front.later(10)
    await front.owe(2)
    await front.cycle()
    assert await notices(front) == ["statement", "statement"]


@pytest.mark.parametrize("hold", ["dispute", "bankruptcy", "deceased"])
async def test_a_held_account_is_not_dunned_until_it_is_let_go(
    front: FrontDesk, hold: Literal["dispute", "bankruptcy", "deceased"]
) -> None:
    await front.policy(**AGENCY)
    await front.owe(1)
    await front.cycle()
    await put_hold(front, hold)
    await front.later(30)
    assert await notices(front) == ["statement"]
    await put_hold(front, None)
    await front.later(10)
    assert await notices(front) == ["statement", "second-statement"]


async def test_an_account_of_two_charts_is_listed_once_with_its_notice_and_hold(
    front: FrontDesk,
) -> None:
    await front.owe(1)
    await front.owe(2, patient_id=OTHER_CHART)
    assert len(await front.get("/patient-balances")) == 2
    await front.desk.billing.receive(patient_merged())
    await front.cycle()
    await put_hold(front, "dispute")
    listed = await front.get("/patient-balances")
    assert listed == [
        {
            "account_id": str(PATIENT),
            "owed_cents": 2 * SHARE,
            "due_cents": 2 * SHARE,
            "agency_cents": 0,
            "notices": 1,
            "hold": "dispute",
        }
    ]


async def put_hold(front: FrontDesk, hold: str | None) -> None:
    async with front.desk.billing.http(front.desk.practice_id) as client:
        answer = await client.put(f"/patients/{PATIENT}/billing-hold", json={"hold": hold})
    assert answer.status_code == 200, answer.text


async def test_an_agency_keeps_its_fee_and_the_rest_is_cash(front: FrontDesk) -> None:
    await send_to_agency(front)
    paid = await front.pay(1_000, "agency", fee_cents=300)
    assert paid["applied_cents"] == 1_000
    assert await front.stands("agency-receivable") == SHARE - 1_000
    assert await front.stands("cash") == 10_050 + 700
    assert await front.stands("bad-debt") == 300
    await front.desk.assert_books_balance()


async def test_what_is_recalled_is_the_practices_to_collect_once(front: FrontDesk) -> None:
    placement = await send_to_agency(front)
    await front.pay(500, "agency")
    path = f"/collections/{placement['placement_id']}/recall"
    recalled = await front.post(path)
    assert recalled["open_cents"] == 0
    assert await front.post(path) == recalled
    assert sum((await front.owed()).values()) == SHARE - 500
    assert await front.stands("agency-receivable") == 0
    [event] = await front.desk.billing.published(AccountRecalledFromCollections)
    assert event.cents == SHARE - 500
    await front.desk.assert_books_balance()


async def test_a_payer_that_decides_anew_takes_the_claim_from_the_agency(front: FrontDesk) -> None:
    await send_to_agency(front)
    await front.pay(500, "agency")
    [control] = await front.desk.control_numbers()
    back = Said(control, CHARGE, 10_050, PAID_CAS).reversed()
    await front.desk.hear("back.835", payment(back, trace="BACK"))
    assert await front.owed() == {}
    assert await front.stands("agency-receivable") == 0
    assert await front.stands("patient-credit") == -500
    await front.desk.assert_books_balance()


async def test_a_small_balance_is_written_off_by_the_cycle_and_owed_again_when_reversed(
    front: FrontDesk,
) -> None:
    await front.policy(small_balance_cents=SHARE)
    await front.owe(1)
    await front.cycle()
    assert await front.owed() == {}
    assert await front.stands("small-balance") == SHARE
    assert await front.get("/statements") == []
    [made] = await front.get("/write-offs")
    [event] = await front.desk.billing.published(BalanceWrittenOff)
    assert (event.cents, event.reason) == (SHARE, "small-balance")
    path = f"/write-offs/{made['write_off_id']}/reverse"
    reversed_ = await front.post(path)
    assert await front.post(path) == reversed_
    assert sum((await front.owed()).values()) == SHARE
    assert len(await front.desk.billing.published(WriteOffReversed)) == 1
    await front.desk.assert_books_balance()


async def test_what_was_written_off_is_not_owed_when_the_payer_takes_its_decision_back(
    front: FrontDesk,
) -> None:
    await front.policy(small_balance_cents=SHARE)
    await front.owe(1)
    await front.cycle()
    [control] = await front.desk.control_numbers()
    back = Said(control, CHARGE, 10_050, PAID_CAS).reversed()
    await front.desk.hear("back.835", payment(back, trace="BACK"))
    assert await front.owed() == {}
    assert await front.stands("small-balance") == 0
    await front.desk.assert_books_balance()
