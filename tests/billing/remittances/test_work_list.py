"""What fits no claim waits for a person, and its money is kept apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from libs.events.contracts.billing import (
    ClaimDenied,
)
from tests.billing.desk import Desk, visit
from tests.billing.remittance import CHARGE, Said, paid, payment


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (lambda number: replace(paid(number), control_number="NOTOURS1"), "unknown-claim"),
        (lambda number: Said(number, 17_000, 17_000), "charge-differs"),
        (lambda number: replace(paid(number), status="25"), "not-a-decision"),
    ],
)
async def test_what_fits_no_claim_is_put_on_the_work_list_with_its_money(
    desk: Desk, number: str, said: Callable[[str], Said], reason: str
) -> None:
    strange = said(number)
    await desk.hear("a.835", payment(strange))
    [row] = await desk.fetch("SELECT reason, paid_cents FROM unmatched_remittance")
    assert row == {"reason": reason, "paid_cents": strange.paid}
    [kept] = await desk.fetch("SELECT cents FROM journal_line WHERE account = 'unapplied-cash'")
    assert kept["cents"] == -strange.paid
    assert await desk.states() == ["submitted"]
    await desk.assert_books_balance()


async def test_the_other_claims_of_the_payment_are_posted(desk: Desk, number: str) -> None:
    await desk.hear("a.835", payment(Said("NOTOURS1", 500, 500), paid(number)))
    assert await desk.states() == ["paid"]
    [cash] = await desk.fetch(
        "SELECT sum(cents)::bigint AS cents FROM journal_line WHERE account = 'cash'"
    )
    assert cash["cents"] == 10_550


async def test_a_second_decision_waits_for_a_person_until_the_first_is_reversed(
    desk: Desk, number: str
) -> None:
    """A payer that denies a paid claim as a duplicate (CARC 18) does not undo the payment."""
    await desk.hear("a.835", payment(paid(number)))
    denied = Said(number, CHARGE, 0, [("CO", "18", CHARGE)], status="4")
    await desk.hear("b.835", payment(denied, trace="TRACE2"))
    assert await desk.states() == ["paid"]
    assert await desk.billing.published(ClaimDenied) == []
    [row] = await desk.fetch("SELECT reason FROM unmatched_remittance")
    assert row["reason"] == "decided-already"


async def test_money_for_a_claim_that_never_went_out_does_not_move_it(desk: Desk) -> None:
    await desk.billing.receive(visit(1))
    [number] = await desk.control_numbers()
    await desk.hear("a.835", payment(paid(number)))
    assert await desk.states() == ["ready"]
    [row] = await desk.fetch("SELECT reason FROM unmatched_remittance")
    assert row["reason"] == "claim-not-sent"
