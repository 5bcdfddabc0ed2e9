"""Money that a payment keeps or adds for no claim (PLB) goes to its account, and is told."""

from __future__ import annotations

import pytest

from libs.events.contracts.billing_remittances import ProviderAdjustmentPosted
from services.billing.x12 import meaning_of_provider_adjustment
from services.billing.x12.provider_adjustments import MEANINGS
from tests.billing.desk import Desk
from tests.billing.remittance import CHARGE, Said, paid, payment

OF_THE_PAYER = """
SELECT l.account, sum(l.cents)::bigint AS cents FROM journal_line l
  JOIN journal_entry e USING (practice_id, entry_id)
 WHERE e.kind = 'provider-adjustment' AND e.payer_id = 'BUCKEYE01'
 GROUP BY l.account ORDER BY l.account
"""


async def of_the_payer(desk: Desk) -> dict[str, int]:
    return {row["account"]: row["cents"] for row in await desk.fetch(OF_THE_PAYER)}


@pytest.mark.parametrize(
    ("reason", "account"),
    [("L6", "interest"), ("WO", "payer-advance"), ("FB", "payer-advance"),
     ("72", "payer-advance"), ("LE", "provider-adjustment"), ("CT", "provider-adjustment"),
     ("X9", "provider-adjustment")],
)  # fmt: skip
async def test_an_adjustment_goes_to_the_account_of_its_code(
    desk: Desk, number: str, reason: str, account: str
) -> None:
    await desk.hear("a.835", payment(paid(number), plb=[(reason, -127)]))
    assert await of_the_payer(desk) == {account: -127, "cash": 127}
    [told] = await desk.billing.published(ProviderAdjustmentPosted)
    assert (told.reason, told.kind, told.cents) == (reason, account, -127)
    [entry] = await desk.fetch(
        "SELECT event_id FROM journal_entry WHERE kind = 'provider-adjustment'"
    )
    assert entry["event_id"] == told.event_id
    await desk.assert_books_balance()


async def test_what_a_payment_cannot_take_is_carried_forward_and_taken_later(desk: Desk) -> None:
    """Recovery of 100.50 from a payment of nothing: FB brings it to zero, the next one pays."""
    await desk.see_patients(2)
    first, second = await desk.control_numbers()
    await desk.hear("a.835", payment(paid(first)))
    await desk.hear("b.835", payment(paid(first).reversed(), trace="TRACE2"))
    assert await of_the_payer(desk) == {"payer-advance": -10_050, "cash": 10_050}
    whole = Said(second, CHARGE, CHARGE)
    await desk.hear("c.835", payment(whole, trace="TRACE3", plb=[("FB", 10_050)]))
    assert await of_the_payer(desk) == {"payer-advance": 0, "cash": 0}
    paid_out = [row["payment_cents"] for row in await desk.fetch(
        "SELECT payment_cents FROM remittance ORDER BY trace_number")]  # fmt: skip
    assert paid_out == [10_050, 0, CHARGE - 10_050]
    assert await cash(desk) == sum(paid_out)
    await desk.assert_books_balance()


async def test_a_refund_that_the_payer_acknowledges_leaves_nothing(desk: Desk, number: str) -> None:
    """72 below zero, offset by WO (005010X221A1, 1.10.2.17)."""
    await desk.hear("a.835", payment(paid(number), plb=[("WO", 4_000), ("72", -4_000)]))
    assert await of_the_payer(desk) == {"payer-advance": 0, "cash": 0}
    assert len(await desk.billing.published(ProviderAdjustmentPosted)) == 2


async def test_an_adjustment_of_nothing_is_kept_and_moves_nothing(desk: Desk, number: str) -> None:
    await desk.hear("a.835", payment(paid(number), plb=[("CS", 0)]))
    [kept] = await desk.fetch("SELECT reason, kind, cents FROM provider_adjustment")
    assert kept == {"reason": "CS", "kind": "provider-adjustment", "cents": 0}
    assert await desk.billing.published(ProviderAdjustmentPosted) == []


async def test_payers_advances_are_listed_by_payer(desk: Desk, number: str) -> None:
    await desk.hear("a.835", payment(paid(number), plb=[("WO", -4_000)]))
    async with desk.billing.http(desk.practice_id) as client:
        answer = await client.get("/payer-advances")
    assert answer.json() == [{"payer_id": "BUCKEYE01", "cents": -4_000}]


def test_every_code_of_the_guide_has_a_meaning() -> None:
    assert len(MEANINGS) == 41
    assert meaning_of_provider_adjustment("ZZ") is None


async def cash(desk: Desk) -> int:
    [row] = await desk.fetch(
        "SELECT sum(cents)::bigint AS cents FROM journal_line WHERE account = 'cash'"
    )
    return row["cents"]
