"""A payer's refusal is a denial to work from the moment it is posted."""

from __future__ import annotations

from datetime import date
from uuid import uuid5

from libs.events.contracts.billing_denials import DenialClosed, DenialOpened, DenialOverturned
from tests.billing.denials.refused import refused
from tests.billing.desk import Desk
from tests.billing.remittance import CHARGE, Line, Said, paid, payment


async def test_a_denied_claim_opens_a_denial_with_its_way_and_deadline(
    desk: Desk, number: str
) -> None:
    await desk.hear("a.835", payment(refused(number, "197")))
    [opened] = await desk.billing.published(DenialOpened)
    assert (opened.group, opened.reason, opened.category) == ("CO", "197", "authorization")
    assert (opened.owner, opened.next_action) == ("front-desk", "ask-authorization")
    assert opened.appealable
    assert opened.line is None
    assert opened.denied_cents == CHARGE
    assert opened.deadline_on == date(2026, 6, 18), "ninety days after 20 March, BPR16"
    assert opened.denial_id == uuid5(opened.payment_id, "denial/0")


async def test_a_denied_line_of_a_paid_claim_opens_a_denial_of_its_own(
    desk: Desk, number: str
) -> None:
    lines = [
        Line(10_000, 9_000, [("CO", "45", 1_000)]),
        Line(7_800, 0, [("CO", "16", 7_800)], remark="M76"),
    ]
    await desk.hear("a.835", payment(Said(number, CHARGE, 9_000, lines=lines)))
    [opened] = await desk.billing.published(DenialOpened)
    assert (opened.line, opened.denied_cents) == (2, 7_800)
    assert (opened.category, opened.owner) == ("coding", "coding")
    assert opened.remarks == ("M76",)
    assert await desk.states() == ["paid"]


async def test_a_paid_claim_opens_none(desk: Desk, number: str) -> None:
    await desk.hear("a.835", payment(paid(number)))
    assert await desk.billing.published(DenialOpened) == []
    assert await desk.fetch("SELECT * FROM denial") == []


async def test_what_the_payer_leaves_to_the_patient_is_no_denial(desk: Desk, number: str) -> None:
    await desk.hear("a.835", payment(Said(number, CHARGE, 0, [("PR", "27", CHARGE)], status="4")))
    assert await desk.billing.published(DenialOpened) == []


async def test_an_unknown_code_is_work_for_billing(desk: Desk, number: str) -> None:
    await desk.hear("a.835", payment(refused(number, "Z9999")))
    [opened] = await desk.billing.published(DenialOpened)
    assert (opened.category, opened.owner, opened.reason) == ("other", "billing", "Z9999")


async def test_a_payment_without_a_reversal_closes_the_denial(desk: Desk, number: str) -> None:
    await desk.hear("a.835", payment(refused(number, "50")))
    await desk.hear("b.835", payment(paid(number), trace="TRACE2"))
    [closed] = await desk.billing.published(DenialClosed)
    assert (closed.reason, closed.open_cents) == ("paid", 0)
    [overturned] = await desk.billing.published(DenialOverturned)
    assert (overturned.outcome, overturned.recovered_cents) == ("overturned", 10_050)
    [row] = await desk.fetch("SELECT state, recoverable_cents, outcome FROM denial")
    assert row == {"state": "closed", "recoverable_cents": 0, "outcome": "overturned"}


async def test_a_reversal_closes_the_denial_and_the_new_decision_overturns_it(
    desk: Desk, number: str
) -> None:
    await desk.hear("a.835", payment(refused(number, "50")))
    await desk.hear("b.835", payment(refused(number, "50").reversed(), trace="TRACE2"))
    [closed] = await desk.billing.published(DenialClosed)
    assert closed.reason == "reversed"
    assert await desk.billing.published(DenialOverturned) == []
    await desk.hear("c.835", payment(paid(number), trace="TRACE3"))
    [overturned] = await desk.billing.published(DenialOverturned)
    assert overturned.recovered_cents == 10_050
    assert len(await desk.billing.published(DenialClosed)) == 1, "said once"


async def test_a_denial_that_the_payer_repeats_is_upheld_and_opens_anew(
    desk: Desk, number: str
) -> None:
    denied = refused(number, "50")
    await desk.hear("a.835", payment(denied))
    await desk.hear("b.835", payment(denied.reversed(), refused(number, "197"), trace="TRACE2"))
    first, second = await desk.billing.published(DenialOpened)
    assert (first.reason, second.reason) == ("50", "197")
    assert await desk.billing.published(DenialOverturned) == []
    rows = await desk.fetch("SELECT state, outcome FROM denial ORDER BY reason DESC")
    assert [(row["state"], row["outcome"]) for row in rows] == [
        ("closed", "upheld"), ("open", None),
    ]  # fmt: skip


async def test_a_denied_line_is_overturned_by_what_the_line_is_paid(
    desk: Desk, number: str
) -> None:
    kept = Line(10_000, 9_000, [("CO", "45", 1_000)])
    denied = Line(7_800, 0, [("CO", "16", 7_800)])
    first = Said(number, CHARGE, 9_000, lines=[kept, denied])
    allowed = Line(7_800, 5_000, [("CO", "45", 800), ("CO", "97", 2_000)])
    second = Said(number, CHARGE, 14_000, lines=[kept, allowed])
    await desk.hear("a.835", payment(first))
    await desk.hear("b.835", payment(first.reversed(), second, trace="TRACE2"))
    [overturned] = await desk.billing.published(DenialOverturned)
    assert (overturned.outcome, overturned.recovered_cents) == ("partly", 5_000)
    assert (overturned.denied_cents) == 7_800
    _, anew = await desk.billing.published(DenialOpened)
    assert (anew.line, anew.denied_cents, anew.reason) == (2, 2_000, "97")
    await desk.assert_books_balance()


async def test_a_split_claims_part_leaves_what_another_part_denies(desk: Desk, number: str) -> None:
    denied = Said(number, 7_800, 0, [("CO", "50", 7_800)], remark="MA15", payer_number="B")
    other = Said(number, 10_000, 10_000, remark="MA15", payer_number="A")
    await desk.hear("a.835", payment(denied, other))
    [row] = await desk.fetch("SELECT state, recoverable_cents FROM denial")
    assert row == {"state": "open", "recoverable_cents": 7_800}


async def test_a_part_decides_anew_what_was_denied_as_a_whole(desk: Desk, number: str) -> None:
    await desk.hear("a.835", payment(refused(number, "50")))
    part = Said(number, 10_000, 10_000, remark="MA15", payer_number="A")
    rest = Said(number, 7_800, 0, [("CO", "97", 7_800)], remark="MA15", payer_number="B")
    await desk.hear("b.835", payment(part, rest, trace="TRACE2"))
    [overturned] = await desk.billing.published(DenialOverturned)
    assert overturned.recovered_cents == 10_000
    rows = await desk.fetch("SELECT reason, recoverable_cents FROM denial ORDER BY reason")
    assert [(row["reason"], row["recoverable_cents"]) for row in rows] == [("50", 0), ("97", 7_800)]
