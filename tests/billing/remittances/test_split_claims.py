"""A payer decides a claim in parts (005010X221A1, 1.10.2.11), each with the remark MA15."""

from __future__ import annotations

from libs.events.contracts.billing import ClaimDenied, ClaimPaid, PaymentPosted
from tests.billing.desk import Desk
from tests.billing.remittance import CHARGE, Said, payment


def part(number: str, charge: int, paid: int, *cas: tuple[str, str, int], its: str = "P1") -> Said:
    return Said(number, charge, paid, cas, remark="MA15", payer_number=its)


async def test_a_split_claim_is_settled_by_its_last_part(desk: Desk, number: str) -> None:
    await desk.hear("a.835", payment(part(number, 10_000, 7_000, ("CO", "45", 3_000))))
    assert (await desk.states(), await desk.billing.published(ClaimPaid)) == (["submitted"], [])
    assert (await desk.sums())["open"] == CHARGE - 10_000
    rest = part(number, 7_800, 5_800, ("PR", "2", 2_000), its="P2")
    await desk.hear("b.835", payment(rest, trace="TRACE2"))
    [settled] = await desk.billing.published(ClaimPaid)
    assert (settled.paid_cents, settled.patient_cents) == (12_800, 2_000)
    assert len(await desk.billing.published(PaymentPosted)) == 2
    assert (await desk.states(), (await desk.sums())["open"]) == (["paid"], 0)
    await desk.assert_books_balance()


async def test_parts_in_one_payment_settle_it_too(desk: Desk, number: str) -> None:
    denied = part(number, 7_800, 0, ("CO", "197", 7_800), its="P2")
    await desk.hear("a.835", payment(part(number, 10_000, 10_000), denied))
    [settled] = await desk.billing.published(ClaimPaid)
    assert settled.paid_cents == 10_000
    assert await desk.states() == ["paid"]
    assert (await desk.sums())["open"] == 7_800


async def test_a_claim_whose_parts_are_all_denied_is_denied(desk: Desk, number: str) -> None:
    parts = [part(number, 10_000, 0, ("CO", "197", 10_000)),
             part(number, 7_800, 0, ("CO", "197", 7_800), its="P2")]  # fmt: skip
    await desk.hear("a.835", payment(*parts))
    [denied] = await desk.billing.published(ClaimDenied)
    assert denied.denied_cents == CHARGE
    assert await desk.states() == ["denied"]


async def test_a_part_is_reversed_by_the_payers_number_and_corrected(
    desk: Desk, number: str
) -> None:
    one, two = (
        part(number, 10_000, 5_000, ("CO", "45", 5_000)),
        part(number, 7_800, 5_000, ("CO", "45", 2_800), its="P2"),
    )
    await desk.hear("a.835", payment(one, two))
    better = part(number, 7_800, 6_000, ("CO", "45", 1_800), its="P2")
    await desk.hear("b.835", payment(two.reversed(), better, trace="TRACE2"))
    assert (await desk.sums())["adjusted"] == 6_800
    assert (await desk.sums())["open"] == 0
    await desk.assert_books_balance()


async def test_more_parts_than_the_claim_has_wait_for_a_person(desk: Desk, number: str) -> None:
    await desk.hear("a.835", payment(part(number, 10_000, 10_000)))
    await desk.hear("b.835", payment(part(number, 10_000, 10_000), trace="TRACE2"))
    [row] = await desk.fetch("SELECT reason FROM unmatched_remittance")
    assert row["reason"] == "decided-already"
    await desk.assert_books_balance()


async def test_a_part_without_the_remark_is_another_charge(desk: Desk, number: str) -> None:
    await desk.hear("a.835", payment(Said(number, 10_000, 10_000)))
    [row] = await desk.fetch("SELECT reason FROM unmatched_remittance")
    assert row["reason"] == "charge-differs"
