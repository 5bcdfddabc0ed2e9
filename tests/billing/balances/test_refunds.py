"""A credit is paid back once, and by two people where it is large."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from libs.events.contracts.billing_balances import PatientRefunded
from libs.local.cards.processor import Processor, serving
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
