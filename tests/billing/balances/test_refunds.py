"""A credit is paid back once, by two people where it is large, or is owed to a state."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from libs.events.contracts.billing_balances import PatientRefunded, UnclaimedPropertyRecorded
from libs.local.cards.processor import Processor, serving
from services.billing.balances.refunds.model import Schedule, schedule_of
from tests.billing.balances.front_desk import SHARE, FrontDesk, people


async def credit(front: FrontDesk, cents: int, method: str = "cash", **more: Any) -> str:
    await front.owe(1)
    paid = await front.pay(SHARE + cents, method, **more)
    await front.desk.billing.fire_timers()
    return paid["payment_id"]


def asked(payment_id: str, cents: int, method: str = "check") -> dict[str, Any]:
    return {
        "refund_id": str(uuid4()),
        "payment_id": payment_id,
        "method": method,
        "cents": cents,
    }


async def test_a_credit_is_paid_back_by_check_once(front: FrontDesk) -> None:
    payment_id = await credit(front, 700)
    body = asked(payment_id, 700)
    refund = await front.post("/patient-refunds", body)
    assert refund["state"] == "posted"
    assert await front.post("/patient-refunds", body) == refund
    assert (await front.post("/patient-refunds", {**body, "cents": 1}))["status"] == 409
    assert await front.stands("patient-credit") == 0
    assert await front.stands("cash") == 10_050 + SHARE
    assert (await front.post("/patient-refunds", asked(payment_id, 1)))["status"] == 409
    [event] = await front.desk.billing.published(PatientRefunded)
    assert event.cents == 700
    returned = await front.post(f"/patient-payments/{payment_id}/return", {"reason": "chargeback"})
    assert returned["status"] == 409
    await front.desk.assert_books_balance()


async def test_above_the_limit_another_person_approves(front: FrontDesk, tmp_path: Path) -> None:
    await front.policy(refund_limit_cents=500)
    payment_id = await credit(front, 501)
    async with people(front, tmp_path, ann="operator", bob="operator"):
        body = asked(payment_id, 501)
        refund = await front.post("/patient-refunds", body, key="ann")
        assert (refund["state"], refund["requested_by"]) == ("requested", "ann")
        path = f"/patient-refunds/{body['refund_id']}/approve"
        assert (await front.post(path, key="ann"))["status"] == 409
        assert await front.desk.billing.published(PatientRefunded) == []
        approved = await front.post(path, key="bob")
        assert (approved["state"], approved["approved_by"]) == ("posted", "bob")
        assert await front.post(path, key="bob") == approved
    assert len(await front.desk.billing.published(PatientRefunded)) == 1
    assert await front.stands("patient-credit") == 0


async def test_a_refund_that_is_refused_is_a_credit_again(front: FrontDesk) -> None:
    await front.policy(refund_limit_cents=0)
    payment_id = await credit(front, 300)
    body = asked(payment_id, 300)
    await front.post("/patient-refunds", body)
    assert await front.get("/patient-credits") == []
    refused = await front.post(f"/patient-refunds/{body['refund_id']}/refuse")
    assert refused["state"] == "refused"
    [left] = await front.get("/patient-credits")
    assert left["credit_cents"] == 300


async def test_a_card_gets_back_what_it_paid(
    front: FrontDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    processor = Processor(tmp_path / "cards")
    async with serving(processor) as port:
        monkeypatch.setenv("BILLING_CARDS_URL", f"http://127.0.0.1:{port}")
        payment_id = await credit(front, 400, "card", card_token="tok_visa")
        refund = await front.post("/patient-refunds", asked(payment_id, 400, "card"))
        assert refund["state"] == "approved"
        await front.desk.billing.fire_timers()
    [back] = processor.moved("refunds")
    assert back["body"]["cents"] == 400
    [done] = await front.get("/patient-refunds", state="posted")
    assert done["refund_id"] == refund["refund_id"]
    assert await front.stands("patient-credit") == 0


async def test_only_a_card_payment_goes_back_to_a_card(front: FrontDesk) -> None:
    payment_id = await credit(front, 400)
    assert (await front.post("/patient-refunds", asked(payment_id, 400, "card")))["status"] == 422


def test_a_state_whose_rule_was_read_gives_the_dates_and_no_other_does() -> None:
    assert schedule_of("TX", date(2026, 3, 2)) == Schedule(
        date(2029, 3, 2), date(2030, 5, 2), date(2030, 7, 1)
    )
    assert schedule_of("TX", date(2026, 3, 1)) == Schedule(
        date(2029, 3, 1), date(2029, 5, 2), date(2029, 7, 1)
    )
    assert schedule_of("OH", date(2026, 3, 2)) is None
    assert schedule_of(None, date(2026, 3, 2)) is None


async def test_a_dormant_credit_is_owed_to_the_state_once(front: FrontDesk) -> None:
    payment_id = await credit(front, 250)
    shown = await front.get(f"/patient-credits/{payment_id}/dormancy", state="TX")
    assert (shown["dormant_on"], shown["report_due_on"]) == ("2029-03-02", "2030-07-01")
    body = {
        "property_id": str(uuid4()),
        "payment_id": payment_id,
        "state": "TX",
        "letter_sent_on": "2030-04-01",
    }
    assert (await front.post("/unclaimed-property", body))["status"] == 409
    front.desk.billing.clock.move_to(datetime(2030, 6, 1, tzinfo=UTC))
    late = {**body, "letter_sent_on": "2030-06-01"}
    assert (await front.post("/unclaimed-property", late))["status"] == 409
    made = await front.post("/unclaimed-property", body)
    assert (made["cents"], made["report_due_on"]) == (250, "2030-07-01")
    assert await front.post("/unclaimed-property", body) == made
    assert await front.stands("unclaimed-property") == -250
    assert await front.stands("patient-credit") == 0
    [event] = await front.desk.billing.published(UnclaimedPropertyRecorded)
    assert event.state == "TX"


async def test_a_state_without_a_rule_waits_for_a_person_with_dates(front: FrontDesk) -> None:
    payment_id = await credit(front, 250)
    front.desk.billing.clock.move_to(datetime(2031, 6, 1, tzinfo=UTC))
    shown = await front.get(f"/patient-credits/{payment_id}/dormancy", state="OH")
    assert shown["dormant_on"] is None
    body = {"property_id": str(uuid4()), "payment_id": payment_id, "state": "OH",
            "letter_sent_on": "2031-04-01"}  # fmt: skip
    refused = await front.post("/unclaimed-property", body)
    assert refused["status"] == 409
    dates = {"dormant_on": "2031-03-02", "report_due_on": "2031-11-01"}
    assert (await front.post("/unclaimed-property", {**body, **dates}))["status"] == 201
