"""Each provider adjustment (PLB) is listed with what it was for, and followed until settled."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as any_

from libs.events.examples.interop import NAMESPACE
from services.billing.provider_adjustments.model import (
    OpenAdjustment,
    claims_named,
    numbers_in,
    settle,
)
from services.billing.x12 import ProviderAdjustment
from tests.billing.desk import Desk
from tests.billing.remittance import CHARGE, Said, paid, payment

CENTS = any_.integers(-10_000, 10_000).filter(bool)


async def hear(desk: Desk, name: str, content: bytes) -> None:
    """One payment after the other."""
    desk.billing.clock.advance(timedelta(minutes=1))
    await desk.hear(name, content)


async def listed(desk: Desk, **filters: Any) -> list[dict[str, Any]]:
    async with desk.billing.http(desk.practice_id) as client:
        answer = await client.get("/provider-adjustments", params=filters)
    assert answer.status_code == 200, answer.text
    return answer.json()


def brief(rows: list[dict[str, Any]]) -> list[tuple[str, str, int, int]]:
    return [(row["trace_number"], row["reason"], row["cents"], row["open_cents"]) for row in rows]


async def test_a_balance_carried_forward_is_open_until_a_payment_takes_it(desk: Desk) -> None:
    """Its reference is the trace number of the payment that it comes from (1.10.2.12)."""
    await desk.see_patients(2)
    first, second = await desk.control_numbers()
    await hear(desk, "a.835", payment(paid(first)))
    back = payment(paid(first).reversed(), trace="TRACE2", plb=[("FB:TRACE2", -10_050)])
    await hear(desk, "b.835", back)
    assert brief(await listed(desk, open=True)) == [("TRACE2", "FB", -10_050, -10_050)]
    whole = Said(second, CHARGE, CHARGE)
    await hear(desk, "c.835", payment(whole, trace="TRACE3", plb=[("FB:TRACE2", 10_050)]))
    assert await listed(desk, open=True) == []
    carried, taken = await listed(desk)
    assert brief([carried, taken]) == [("TRACE2", "FB", -10_050, 0), ("TRACE3", "FB", 10_050, 0)]
    assert carried["original_remittance_id"] == taken["original_remittance_id"]
    assert carried["original_remittance_id"] == carried["remittance_id"]
    [with_taken], [with_carried] = carried["settled_with"], taken["settled_with"]
    assert (with_taken["trace_number"], with_taken["cents"]) == ("TRACE3", 10_050)
    assert (with_carried["trace_number"], with_carried["place"]) == ("TRACE2", carried["place"])
    assert (carried["claim_id"], taken["claim_id"]) == (None, None)


@pytest.mark.parametrize("reference", ["{ours}", "PCN1", "{ours} PCN1 TRACE1"])
async def test_a_recovery_names_the_claim_that_it_takes_back(
    desk: Desk, number: str, reference: str
) -> None:
    """By our number, by the payer's, or by several with blanks between (1.10.2.17)."""
    names = reference.format(ours=number)
    await hear(desk, "a.835", payment(paid(number)))
    await hear(desk, "b.835", payment(trace="TRACE2", plb=[(f"WO:{names}", -4_000)]))
    await hear(desk, "c.835", payment(trace="TRACE3", plb=[(f"WO:{names}", 1_500), ("CS", -1_500)]))
    [claim] = await desk.fetch("SELECT claim_id FROM claim")
    given_back, taken, apart = await listed(desk)
    assert brief([given_back, taken, apart]) == [
        ("TRACE2", "WO", -4_000, -2_500), ("TRACE3", "WO", 1_500, 0), ("TRACE3", "CS", -1_500, 0),
    ]  # fmt: skip
    assert given_back["claim_id"] == taken["claim_id"] == str(claim["claim_id"])
    assert apart["claim_id"] is None
    names_a_payment = given_back["original_remittance_id"] is not None
    assert names_a_payment == ("TRACE1" in names)
    assert (given_back["meaning"], given_back["reference"], given_back["kind"]) == (
        "overpayment, given back or recovered", names, "payer-advance",
    )  # fmt: skip


async def test_a_claim_is_named_after_its_posting_was_taken_back(desk: Desk, number: str) -> None:
    await hear(desk, "a.835", payment(paid(number)))
    back = payment(paid(number).reversed(), trace="TRACE2", plb=[("WO:PCN1", -10_050)])
    await hear(desk, "b.835", back)
    [row] = await listed(desk)
    [claim] = await desk.fetch("SELECT claim_id FROM claim")
    assert row["claim_id"] == str(claim["claim_id"])


async def test_another_payers_reference_settles_and_names_nothing(desk: Desk, number: str) -> None:
    await hear(desk, "a.835", payment(paid(number), plb=[("WO:PCN1", -500)]))
    other = payment(payer="OTHER", trace="TRACE2", plb=[("WO:PCN1", 500), ("CS", -500)])
    await hear(desk, "b.835", other)
    ours, theirs = await listed(desk, reason="WO")
    assert (ours["open_cents"], theirs["open_cents"]) == (-500, 500)
    assert theirs["claim_id"] is None


async def test_the_list_is_filtered_and_goes_on_page_by_page(desk: Desk, number: str) -> None:
    told = payment(paid(number), plb=[("L6", -300), ("CS", 200), ("72:R", -100), ("FB:X", -50)])
    await hear(desk, "a.835", told)
    await hear(desk, "b.835", payment(trace="TRACE2", payer="OTHER", plb=[("L6", -10)]))
    assert [row["reason"] for row in await listed(desk, payer_id="BUCKEYE01")] == [
        "L6", "CS", "72", "FB",
    ]  # fmt: skip
    assert brief(await listed(desk, reason="L6")) == [
        ("TRACE1", "L6", -300, 0), ("TRACE2", "L6", -10, 0)
    ]  # fmt: skip
    assert [row["reason"] for row in await listed(desk, open=True)] == ["72", "FB"]
    assert [row["reason"] for row in await listed(desk, open=False)] == ["L6", "CS", "L6"]
    assert len(await listed(desk, **{"from": "2026-03-20", "to": "2026-03-21"})) == 5
    assert await listed(desk, to="2026-03-20") == await listed(desk, **{"from": "2026-03-21"}) == []
    seen: list[dict[str, Any]] = []
    after: dict[str, Any] = {}
    while page := await listed(desk, limit=2, **after):
        seen += page
        after = {"after": f"{page[-1]['remittance_id']}/{page[-1]['place']}"}
    assert seen == await listed(desk)
    async with desk.billing.http(desk.practice_id) as client:
        assert (await client.get("/provider-adjustments?after=x")).status_code == 422
        assert (await client.get("/provider-adjustments?reason=wo")).status_code == 422


async def test_a_reference_is_sealed_and_found_again(desk: Desk, number: str) -> None:
    """Some payers put a member's number into it."""
    await hear(desk, "a.835", payment(paid(number), plb=[("WO:CLAIM7 1EG4TE5MK73", -4_000)]))
    [kept] = await desk.fetch("SELECT reference, reference_print FROM provider_adjustment")
    assert b"1EG4TE5MK73" not in kept["reference"] + kept["reference_print"]
    [row] = await listed(desk)
    assert row["reference"] == "CLAIM7 1EG4TE5MK73"


async def test_the_same_file_again_settles_nothing_more(desk: Desk, number: str) -> None:
    await hear(desk, "a.835", payment(paid(number), plb=[("WO:R", -4_000)]))
    taken = payment(trace="TRACE2", plb=[("WO:R", 1_000), ("CS", -1_000)])
    for name in ("b.835", "c.835"):
        await hear(desk, name, taken)
    assert brief(await listed(desk, open=True)) == [("TRACE1", "WO", -4_000, -3_000)]


@for_all(any_.lists(CENTS, max_size=12))
def test_what_settles_one_another_leaves_the_sum_open(story: list[int]) -> None:
    opened: list[OpenAdjustment] = []
    for place, cents in enumerate(story):
        found = settle(cents, opened)
        left = {one.earlier.place: one.left_cents for one in found.settled}
        assert all(one.cents > 0 for one in found.settled)
        opened = [one._replace(open_cents=left.get(one.place, one.open_cents)) for one in opened]
        opened.append(OpenAdjustment(NAMESPACE, place, found.open_cents))
        assert sum(one.open_cents for one in opened) == sum(story[: place + 1])
        assert len({one.open_cents > 0 for one in opened if one.open_cents}) <= 1


def test_the_oldest_is_settled_first() -> None:
    first, second = OpenAdjustment(NAMESPACE, 1, -300), OpenAdjustment(NAMESPACE, 2, -200)
    found = settle(400, [first, second])
    assert [(one.earlier.place, one.cents, one.left_cents) for one in found.settled] == [
        (1, 300, 0), (2, 100, -100),
    ]  # fmt: skip
    assert found.open_cents == 0


def test_a_balance_forward_names_a_payment_and_no_claim() -> None:
    said = ProviderAdjustment("1", date(2026, 12, 31), "WO", "C1  P1 C1", 5)
    assert claims_named(said) == ["C1  P1 C1", "C1", "P1"]
    assert claims_named(ProviderAdjustment("1", date(2026, 12, 31), "FB", "C1", 5)) == []
    assert numbers_in("") == []
