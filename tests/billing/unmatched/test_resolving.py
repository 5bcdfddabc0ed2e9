"""A person finds the claim, gives the money back, or closes what moved none."""

from __future__ import annotations

from typing import Any

import pytest

from libs.events.contracts.billing import ClaimPaid, PaymentPosted, PaymentReversed
from libs.events.contracts.billing_remittances import (
    CashApplied,
    CashRefunded,
    CashUnapplied,
    UnmatchedRemittanceDismissed,
)
from tests.billing.desk import Desk, visit
from tests.billing.remittance import CHARGE, PAID_CAS, Line, Said, paid, payment

LOST = Said("FORMER77", CHARGE, 10_050, PAID_CAS, lines=[])
UNAPPLIED = """
SELECT coalesce(sum(cents), 0)::bigint AS cents FROM journal_line WHERE account = 'unapplied-cash'
"""


async def unapplied(desk: Desk) -> int:
    [row] = await desk.fetch(UNAPPLIED)
    return row["cents"]


async def listed(desk: Desk, **query: Any) -> list[dict[str, Any]]:
    async with desk.billing.http(desk.practice_id) as client:
        answer = await client.get("/unmatched-remittances", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def act(desk: Desk, row: dict[str, Any], action: str, **body: Any) -> tuple[int, Any]:
    path = f"/unmatched-remittances/{row['remittance_id']}/{row['place']}/{action}"
    async with desk.billing.http(desk.practice_id) as client:
        answer = await client.post(path, json=body)
    return answer.status_code, answer.json()


async def claim_id(desk: Desk) -> str:
    [row] = await desk.fetch("SELECT claim_id FROM claim")
    return str(row["claim_id"])


@pytest.fixture
async def row(desk: Desk) -> dict[str, Any]:
    """100.50 for a claim that nobody here knows by its number."""
    await desk.see_patients()
    await desk.hear("a.835", payment(LOST))
    [found] = await listed(desk)
    return found


async def test_money_for_no_claim_is_told_with_its_entry(desk: Desk, row: dict[str, Any]) -> None:
    [told] = await desk.billing.published(CashUnapplied)
    assert (told.cents, told.reason, told.payer_id) == (10_050, "unknown-claim", "BUCKEYE01")
    [entry] = await desk.fetch(
        "SELECT event_id, payer_id FROM journal_entry WHERE kind = 'unapplied-cash'"
    )
    assert entry == {"event_id": told.event_id, "payer_id": "BUCKEYE01"}
    assert (row["control_number"], row["payer_claim_number"]) == ("FORMER77", "PCN1")
    assert (row["charge_cents"], row["actions"]) == (CHARGE, ["apply", "refund"])


async def test_the_words_of_the_claim_are_kept_sealed(desk: Desk, row: dict[str, Any]) -> None:
    [kept] = await desk.fetch("SELECT detail, status FROM unmatched_remittance")
    assert b"FORMER77" not in kept["detail"]


async def test_an_applied_claim_is_posted_as_the_835_said_it(
    desk: Desk, row: dict[str, Any]
) -> None:
    status, done = await act(desk, row, "apply", claim_id=await claim_id(desk))
    assert (status, done["resolution"], done["resolved_by"]) == (200, "applied", "operator")
    assert await unapplied(desk) == 0
    assert await desk.states() == ["paid"]
    [posted] = await desk.billing.published(PaymentPosted)
    assert (posted.paid_cents, posted.adjusted_cents, posted.patient_cents) == (
        10_050, 5_750, 2_000,
    )  # fmt: skip
    [applied] = await desk.billing.published(CashApplied)
    assert (applied.payment_id, applied.cents) == (posted.payment_id, 10_050)
    [entry] = await desk.fetch("SELECT event_id FROM journal_entry WHERE kind = 'cash-applied'")
    assert entry["event_id"] == applied.event_id
    assert (await desk.sums())["paid"] == 10_050
    assert await listed(desk) == []
    assert [r["resolution"] for r in await listed(desk, state="resolved")] == ["applied"]
    await desk.assert_books_balance()


async def test_the_same_again_changes_nothing_and_another_is_refused(
    desk: Desk, row: dict[str, Any]
) -> None:
    chosen = await claim_id(desk)
    first = await act(desk, row, "apply", claim_id=chosen)
    assert await act(desk, row, "apply", claim_id=chosen) == first
    assert len(await desk.billing.published(PaymentPosted)) == 1
    assert (await act(desk, row, "refund", reason="not-our-claim"))[0] == 409
    assert (await act(desk, row, "apply", claim_id=row["remittance_id"]))[0] == 409


async def test_a_refund_takes_the_money_out_of_cash(desk: Desk, row: dict[str, Any]) -> None:
    first = await act(desk, row, "refund", reason="not-our-claim")
    assert first[0] == 200
    assert await act(desk, row, "refund", reason="not-our-claim") == first
    assert (await act(desk, row, "refund", reason="payer-asked"))[0] == 409
    [told] = await desk.billing.published(CashRefunded)
    assert (told.cents, told.reason) == (10_050, "not-our-claim")
    [cash] = await desk.fetch(
        "SELECT sum(cents)::bigint AS cents FROM journal_line WHERE account = 'cash'"
    )
    assert (cash["cents"], await unapplied(desk)) == (0, 0)
    await desk.assert_books_balance()


async def test_money_is_not_dismissed_and_nothing_is_not_refunded(desk: Desk) -> None:
    await desk.see_patients()
    nothing = Said("FORMER78", CHARGE, 0, [("PR", "1", CHARGE)])
    await desk.hear("a.835", payment(LOST, nothing))
    money, none = await listed(desk)
    assert (await act(desk, money, "dismiss", reason="informational"))[0] == 409
    assert (await act(desk, none, "refund", reason="payer-asked"))[0] == 409
    first = await act(desk, none, "dismiss", reason="informational")
    assert (first[0], await act(desk, none, "dismiss", reason="informational")) == (200, first)
    [told] = await desk.billing.published(UnmatchedRemittanceDismissed)
    assert (told.place, told.reason) == (none["place"], "informational")


async def test_a_claim_that_cannot_take_the_decision_is_refused_with_the_reason(
    desk: Desk, row: dict[str, Any]
) -> None:
    [number] = await desk.control_numbers()
    await desk.hear("b.835", payment(paid(number), trace="TRACE2"))
    status, problem = await act(desk, row, "apply", claim_id=await claim_id(desk))
    assert (status, problem["title"][:8]) == (409, "overpaid")
    assert await unapplied(desk) == -10_050
    assert len(await desk.billing.published(PaymentPosted)) == 1


async def test_a_claim_that_was_never_sent_takes_no_decision(desk: Desk) -> None:
    await desk.billing.receive(visit(1))
    await desk.hear("a.835", payment(LOST))
    [row] = await listed(desk)
    status, problem = await act(desk, row, "apply", claim_id=await claim_id(desk))
    assert (status, problem["title"][:14]) == (409, "claim-not-sent")


async def test_a_reversal_that_names_nothing_of_ours_is_applied_to_the_posting_it_means(
    desk: Desk, number: str
) -> None:
    await desk.hear("a.835", payment(paid(number)))
    lost = Said("FORMER77", CHARGE, 10_050, PAID_CAS, payer_number="ELSEWHERE").reversed()
    await desk.hear("b.835", payment(lost, trace="TRACE2"))
    assert await unapplied(desk) == 10_050
    [row] = await listed(desk)
    assert (row["reason"], row["actions"]) == ("unknown-claim", ["apply"])
    assert (await act(desk, row, "apply", claim_id=await claim_id(desk)))[0] == 200
    [taken_back] = await desk.billing.published(PaymentReversed)
    assert taken_back.paid_cents == 10_050
    assert await unapplied(desk) == 0
    assert (await desk.sums())["open"] == CHARGE
    await desk.assert_books_balance()


async def test_another_charge_than_ours_may_be_applied_by_a_person(desk: Desk, number: str) -> None:
    await desk.hear("a.835", payment(Said(number, 17_000, 17_000)))
    [row] = await listed(desk)
    assert row["reason"] == "charge-differs"
    assert (await act(desk, row, "apply", claim_id=await claim_id(desk)))[0] == 200
    assert (await desk.sums())["open"] == 800
    [settled] = await desk.billing.published(ClaimPaid)
    assert settled.paid_cents == 17_000
    await desk.assert_books_balance()


async def test_the_list_is_read_page_by_page(desk: Desk) -> None:
    strangers = [Said(f"FORMER{n}", 100 + n, 100 + n) for n in range(5)]
    await desk.hear("a.835", payment(*strangers[:3]))
    await desk.hear("b.835", payment(*strangers[3:], trace="TRACE2"))
    seen: list[str] = []
    after: dict[str, str] = {}
    while page := await listed(desk, limit=2, **after):
        seen += [row["control_number"] for row in page]
        after = {"after": f"{page[-1]['remittance_id']}/{page[-1]['place']}"}
    assert sorted(seen) == [said.control_number for said in strangers]


async def test_a_foreign_practice_finds_nothing(desk: Desk, row: dict[str, Any]) -> None:
    other = Desk(desk.billing, desk.exchange, desk.practice_id.__class__(int=7))
    assert await listed(other) == []
    assert (await act(other, row, "refund", reason="payer-asked"))[0] == 404


async def test_lines_and_remarks_are_kept_for_the_posting(desk: Desk) -> None:
    await desk.see_patients()
    lines = [Line(CHARGE, 0, [("CO", "50", CHARGE)], remark="N115")]
    await desk.hear("a.835", payment(Said("FORMER77", CHARGE, 0, status="4", lines=lines)))
    [row] = await listed(desk)
    assert (await act(desk, row, "apply", claim_id=await claim_id(desk)))[0] == 200
    assert await desk.states() == ["denied"]
