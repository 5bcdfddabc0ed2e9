"""A reversal takes a posting back, to the cent."""

from __future__ import annotations

from dataclasses import replace

from libs.events.contracts.billing import (
    PaymentPosted,
    PaymentReversed,
)
from tests.billing.desk import Desk
from tests.billing.remittance import CHARGE, Said, paid, payment


async def test_a_reversal_takes_the_posting_back_and_a_correction_follows(
    desk: Desk, number: str
) -> None:
    await desk.hear("a.835", payment(paid(number)))
    corrected = Said(number, CHARGE, 11_050, [("CO", "45", 4_750), ("PR", "2", 2_000)])
    await desk.hear("b.835", payment(paid(number).reversed(), corrected, trace="TRACE2"))
    first, second = await desk.billing.published(PaymentPosted)
    [taken_back] = await desk.billing.published(PaymentReversed)
    assert taken_back.payment_id == first.payment_id
    assert taken_back.trace_number == "TRACE2"
    assert (taken_back.paid_cents, taken_back.adjusted_cents) == (10_050, 5_750)
    assert second.paid_cents == 11_050
    assert await desk.sums() == {
        "charges": 17_800, "paid": 11_050, "adjusted": 4_750, "patient": 2_000, "open": 0,
    }  # fmt: skip
    assert await desk.states() == ["paid"]
    await desk.assert_books_balance()


async def test_a_reversal_alone_opens_the_claim_again(desk: Desk, number: str) -> None:
    await desk.hear("a.835", payment(paid(number)))
    await desk.hear("b.835", payment(paid(number).reversed(), trace="TRACE2"))
    assert (await desk.sums())["open"] == CHARGE
    assert await desk.states() == ["submitted"]


async def test_a_posting_is_reversed_once(desk: Desk, number: str) -> None:
    await desk.hear("a.835", payment(paid(number)))
    await desk.hear("b.835", payment(paid(number).reversed(), trace="TRACE2"))
    await desk.hear("c.835", payment(paid(number).reversed(), trace="TRACE3"))
    assert len(await desk.billing.published(PaymentReversed)) == 1
    [row] = await desk.fetch("SELECT reason, paid_cents FROM unmatched_remittance")
    assert row == {"reason": "nothing-to-reverse", "paid_cents": -10_050}
    await desk.assert_books_balance()


async def test_a_denial_taken_back_after_the_payment_leaves_the_payment(
    desk: Desk, number: str
) -> None:
    denied = Said(number, CHARGE, 0, [("CO", "197", CHARGE)], status="4")
    await desk.hear("a.835", payment(denied))
    await desk.hear("b.835", payment(paid(number), trace="TRACE2"))
    await desk.hear("c.835", payment(denied.reversed(), trace="TRACE3"))
    [taken_back] = await desk.billing.published(PaymentReversed)
    assert (taken_back.paid_cents, taken_back.denied_cents) == (0, CHARGE)
    assert await desk.states() == ["paid"]
    assert (await desk.sums())["paid"] == 10_050
    await desk.assert_books_balance()


async def test_a_correction_before_its_reversal_in_the_file_nets_the_same(
    desk: Desk, number: str
) -> None:
    await desk.hear("a.835", payment(paid(number)))
    corrected = Said(number, CHARGE, 11_050, [("CO", "45", 4_750), ("PR", "2", 2_000)])
    await desk.hear("b.835", payment(corrected, paid(number).reversed(), trace="TRACE2"))
    assert await desk.sums() == {
        "charges": 17_800, "paid": 11_050, "adjusted": 4_750, "patient": 2_000, "open": 0,
    }  # fmt: skip
    assert await desk.fetch("SELECT * FROM unmatched_remittance") == []
    assert await desk.states() == ["paid"]


async def test_a_reversal_and_its_correction_in_one_file_move_the_difference_alone(
    desk: Desk, number: str
) -> None:
    await desk.hear("a.835", payment(paid(number)))
    corrected = Said(number, CHARGE, 10_050, [("CO", "45", 5_250), ("PR", "2", 2_500)])
    await desk.hear("b.835", payment(paid(number).reversed(), corrected, trace="TRACE2"))
    [cash] = await desk.fetch(
        "SELECT sum(cents)::bigint AS cents FROM journal_line WHERE account = 'cash'"
    )
    assert cash["cents"] == 10_050
    assert (await desk.sums())["patient"] == 2_500


async def test_a_decision_its_reversal_and_its_correction_come_in_one_payment(
    desk: Desk, number: str
) -> None:
    corrected = Said(number, CHARGE, 11_050, [("CO", "45", 6_750)])
    await desk.hear("a.835", payment(paid(number), paid(number).reversed(), corrected))
    assert (await desk.sums())["paid"] == 11_050
    assert len(await desk.billing.published(PaymentPosted)) == 2
    assert await desk.fetch("SELECT * FROM unmatched_remittance") == []


async def test_a_reversal_that_names_only_the_payers_number_finds_its_posting(
    desk: Desk, number: str
) -> None:
    await desk.hear("a.835", payment(replace(paid(number), payer_number="ICN77")))
    named = replace(paid("0"), payer_number="ICN77").reversed()
    await desk.hear("b.835", payment(named, trace="TRACE2"))
    [taken_back] = await desk.billing.published(PaymentReversed)
    assert taken_back.paid_cents == 10_050
    assert await desk.states() == ["submitted"]
    await desk.assert_books_balance()
