"""A payer's decision is posted to the cent and moves its claim."""

from __future__ import annotations

import io
from datetime import date

from libs.events.contracts.billing import (
    ClaimDenied,
    ClaimPaid,
    PaymentPosted,
)
from libs.events.examples.interop import line
from services.billing.x12 import RemittedClaim, read_835
from tests.billing.desk import Desk, let_answer, simulated
from tests.billing.remittance import CHARGE, PAID_CAS, Line, Said, paid, payment

TWO_LINES = (line(), line(line_number=2, procedure_code="G0444"))


async def test_a_payment_is_posted_to_the_cent(desk: Desk, number: str) -> None:
    await desk.hear("a.835", payment(paid(number)))
    [posted] = await desk.billing.published(PaymentPosted)
    assert (posted.paid_cents, posted.adjusted_cents) == (10_050, 5_750)
    assert (posted.patient_cents, posted.denied_cents) == (2_000, 0)
    assert posted.trace_number == "TRACE1"
    assert posted.service_month == date(2026, 3, 1)
    [settled] = await desk.billing.published(ClaimPaid)
    assert settled.first_pass
    assert await desk.sums() == {
        "charges": 17_800, "paid": 10_050, "adjusted": 5_750, "patient": 2_000, "open": 0,
    }  # fmt: skip
    await desk.assert_books_balance()


async def test_a_denied_claim_stays_open_and_says_why(desk: Desk, number: str) -> None:
    denied = Said(number, CHARGE, 0, [("CO", "197", CHARGE)], status="4")
    await desk.hear("a.835", payment(denied))
    [event] = await desk.billing.published(ClaimDenied)
    assert (event.category, event.denied_cents) == ("authorization", CHARGE)
    assert [(a.group, a.reason, a.cents) for a in event.adjustments] == [("CO", "197", CHARGE)]
    [posted] = await desk.billing.published(PaymentPosted)
    assert (posted.paid_cents, posted.denied_cents) == (0, CHARGE)
    assert (await desk.sums())["open"] == CHARGE
    assert await desk.states() == ["denied"]
    assert await desk.billing.published(ClaimPaid) == []


async def test_remark_codes_of_denied_lines_are_kept(desk: Desk, number: str) -> None:
    lines = [Line(CHARGE, 0, [("CO", "50", CHARGE)], remark="N115")]
    await desk.hear("a.835", payment(Said(number, CHARGE, 0, status="4", lines=lines)))
    [event] = await desk.billing.published(ClaimDenied)
    assert (event.category, event.remarks) == ("medical-necessity", ("N115",))


async def test_a_claim_with_a_denied_line_is_paid_in_part(desk: Desk) -> None:
    await desk.see_patients(lines=TWO_LINES)
    [number] = await desk.control_numbers()
    lines = [
        Line(17_800, 12_000, [("CO", "45", 5_800)]),
        Line(2_650, 0, [("CO", "97", 2_650)], remark="N19"),
    ]
    await desk.hear("a.835", payment(Said(number, 20_450, 12_000, lines=lines)))
    [settled] = await desk.billing.published(ClaimPaid)
    assert (settled.denied_lines, settled.first_pass) == (1, False)
    assert (await desk.sums())["open"] == 2_650
    assert await desk.states() == ["paid"]
    await desk.assert_books_balance()


async def test_a_reason_that_nobody_knows_is_not_written_off(desk: Desk, number: str) -> None:
    await desk.hear("a.835", payment(Said(number, CHARGE, 17_000, [("CO", "999", 800)])))
    [posted] = await desk.billing.published(PaymentPosted)
    assert (posted.adjusted_cents, posted.denied_cents) == (0, 800)
    assert (await desk.sums())["open"] == 800


async def test_zero_paid_with_the_deductible_is_posted(desk: Desk, number: str) -> None:
    await desk.hear("a.835", payment(Said(number, CHARGE, 0, [("PR", "1", CHARGE)])))
    [posted] = await desk.billing.published(PaymentPosted)
    assert (posted.paid_cents, posted.patient_cents) == (0, CHARGE)
    assert await desk.states() == ["paid"]
    assert (await desk.sums())["patient"] == CHARGE


async def test_a_claim_that_was_rejected_before_is_not_paid_on_the_first_pass(
    desk: Desk, number: str
) -> None:
    await let_answer(desk, simulated(rejections=1.0), "277")
    await desk.hear("a.835", payment(paid(number)))
    [settled] = await desk.billing.published(ClaimPaid)
    assert not settled.first_pass


async def test_a_denied_claim_that_is_paid_later_is_not_clean(desk: Desk, number: str) -> None:
    denied = Said(number, CHARGE, 0, [("CO", "197", CHARGE)], status="4")
    await desk.hear("a.835", payment(denied))
    await desk.hear("b.835", payment(paid(number), trace="TRACE2"))
    [settled] = await desk.billing.published(ClaimPaid)
    assert not settled.first_pass
    assert await desk.states() == ["paid"]
    await desk.assert_books_balance()


def test_said_and_read_are_the_same() -> None:
    """The tests' own writer says what billing's reader reads."""
    read = list(read_835(io.BytesIO(payment(paid("C1")))))
    [claim] = [said for said in read if isinstance(said, RemittedClaim)]
    assert [(a.group, a.reason, a.cents) for a in claim.adjustments] == PAID_CAS
