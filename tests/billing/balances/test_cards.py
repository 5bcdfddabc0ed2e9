"""A card is charged once, whatever is lost on the way; its number never comes here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from libs.events.contracts.billing_balances import CardPaymentDeclined
from libs.events.transport import Timer
from libs.local.cards.processor import Processor, serving
from services.billing.balances.payments.cards import CardsAwayError, Charged, Declined, HttpCards
from services.billing.balances.payments.charge import charge_card
from tests.billing.balances.front_desk import SHARE, FrontDesk


@pytest.fixture
async def processor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Processor]:
    made = Processor(tmp_path / "cards", "ours")
    async with serving(made) as port:
        monkeypatch.setenv("BILLING_CARDS_URL", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("BILLING_CARDS_KEY", "ours")
        yield made


async def show(front: FrontDesk, payment_id: str) -> dict[str, object]:
    return await front.get(f"/patient-payments/{payment_id}")


async def test_a_card_is_charged_and_the_share_is_paid(
    front: FrontDesk, processor: Processor
) -> None:
    await front.owe(1)
    paid = await front.pay(SHARE, "card", card_token="tok_visa")
    assert paid["state"] == "pending"
    assert sum((await front.owed()).values()) == SHARE
    await front.desk.billing.fire_timers()
    assert (await show(front, paid["payment_id"]))["state"] == "posted"
    assert await front.owed() == {}
    [charge] = processor.moved("charges")
    assert charge["body"] == {"token": "tok_visa", "cents": SHARE}
    await front.desk.assert_books_balance()


async def test_an_answer_that_is_lost_is_asked_for_again_and_charges_once(
    front: FrontDesk, processor: Processor
) -> None:
    await front.owe(1)
    paid = await front.pay(SHARE, "card", card_token="tok_lost")
    await front.desk.billing.fire_timers()
    assert (await show(front, paid["payment_id"]))["state"] == "pending"
    assert len(processor.moved("charges")) == 1
    await front.until(front.desk.billing.clock.now() + timedelta(minutes=1))
    assert (await show(front, paid["payment_id"]))["state"] == "posted"
    assert len(processor.moved("charges")) == 1
    assert await front.stands("cash") == 10_050 + SHARE


async def test_a_crash_between_the_charge_and_the_note_charges_once(
    front: FrontDesk, processor: Processor
) -> None:
    await front.owe(1)
    paid = await front.pay(SHARE, "card", card_token="tok_visa")
    answer = await HttpCards().charge(paid["payment_id"], "tok_visa", SHARE)
    assert isinstance(answer, Charged)  # and then the process was killed
    await front.desk.billing.fire_timers()
    assert (await show(front, paid["payment_id"]))["state"] == "posted"
    assert len(processor.moved("charges")) == 1
    now = front.desk.billing.clock.now()
    again = Timer(front.desk.practice_id, "charge-card", paid["payment_id"], now, None)
    await charge_card(again, front.desk.billing.work)
    assert await front.stands("cash") == 10_050 + SHARE


@pytest.mark.parametrize(
    ("token", "reason"),
    [("tok_declined", "declined"), ("tok_expired", "expired-card"), ("4111", "unknown-token")],
)
async def test_a_declined_card_pays_nothing(
    front: FrontDesk, processor: Processor, token: str, reason: str
) -> None:
    await front.owe(1)
    paid = await front.pay(SHARE, "card", card_token=token)
    await front.desk.billing.fire_timers()
    shown = await show(front, paid["payment_id"])
    assert (shown["state"], shown["reason"]) == ("declined", reason)
    assert sum((await front.owed()).values()) == SHARE
    [declined] = await front.desk.billing.published(CardPaymentDeclined)
    assert declined.reason == reason
    await front.desk.assert_books_balance()


async def test_a_processor_that_is_away_leaves_the_payment_pending(
    front: FrontDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILLING_CARDS_URL", "http://127.0.0.1:9")
    await front.owe(1)
    paid = await front.pay(SHARE, "card", card_token="tok_visa")
    await front.desk.billing.fire_timers()
    assert (await show(front, paid["payment_id"]))["state"] == "pending"


async def test_a_card_that_was_charged_gets_back_no_more_than_it_paid(
    processor: Processor,
) -> None:
    cards = HttpCards()
    charged = await cards.charge("k1", "tok_visa", 500)
    assert isinstance(charged, Charged)
    assert await cards.charge("k1", "tok_visa", 500) == charged
    with pytest.raises(CardsAwayError):
        await cards.charge("k1", "tok_visa", 600)
    assert isinstance(await cards.refund("r1", charged.charge, 300), Charged)
    assert isinstance(await cards.refund("r1", charged.charge, 300), Charged)
    assert await cards.refund("r2", charged.charge, 300) == Declined("declined")
    assert len(processor.moved("refunds")) == 1


async def test_a_token_stands_sealed(front: FrontDesk, processor: Processor) -> None:
    await front.owe(1)
    paid = await front.pay(SHARE, "card", card_token="tok_visa")
    [row] = await front.desk.fetch(
        "SELECT card FROM patient_payment WHERE payment_id = $1", UUID(paid["payment_id"])
    )
    assert b"tok_visa" not in row["card"]
    assert "tok_visa" not in str(await show(front, paid["payment_id"]))
    assert processor.moved("charges") == []
