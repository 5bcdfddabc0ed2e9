"""A claim that its payer has is replaced and voided there, and the books follow to the cent."""

from __future__ import annotations

from uuid import uuid5

import pytest

from libs.events.contracts.billing import (
    ChargesPosted,
    ChargesReversed,
    ClaimPaid,
    ClaimSubmitted,
    PaymentReversed,
)
from libs.events.contracts.billing_claims import ClaimReplaced, ClaimVoided, ClaimVoidSent
from libs.events.examples.credentialing import provider_enrolled
from libs.events.examples.interop import (
    COVERAGE,
    encounter_posted,
    encounter_voided,
    line,
)
from tests.billing.claims.going_again import (
    CLAIM,
    KIND,
    answered,
    ask,
    corrected,
    due,
    payer_number,
    sent,
)
from tests.billing.desk import Desk, let_answer, set_fee_schedule, simulated
from tests.billing.remittance import Said, payment

OTHER = COVERAGE.model_copy(update={"payer_id": "OTHER01"})


@pytest.mark.parametrize("steps", [(), ("999", "277")], ids=["paid", "accepted"])
async def test_a_corrected_visit_replaces_what_the_payer_has_in_the_next_window(
    desk: Desk, steps: tuple[str, ...]
) -> None:
    await answered(desk, *steps)
    number = await payer_number(desk)
    await desk.billing.receive(corrected())
    assert (await desk.sums())["charges"] == 17_800, "as the payer was asked"
    await desk.send()
    first, second = sent(desk)
    assert (second.frequency, second.original_number) == ("7", number)
    assert (first.number, first.charge_cents) == (second.number, 17_800)
    assert second.charge_cents == 35_600
    assert await desk.states() == ["submitted"]
    [replaced] = await desk.billing.published(ClaimReplaced)
    assert (replaced.charge_cents, replaced.replaced_cents) == (35_600, 17_800)
    assert (replaced.reason, replaced.interchange_number) == ("visit-corrected", 2)
    assert [e.charge_cents for e in await desk.billing.published(ChargesPosted)] == [17_800, 35_600]
    assert len(await desk.billing.published(ChargesReversed)) == 1
    assert len(await desk.billing.published(ClaimSubmitted)) == 1
    assert (await desk.sums())["charges"] == 35_600
    await desk.assert_books_balance()
    assert await due(desk) == []


async def test_the_payer_takes_its_decision_back_and_makes_a_new_one(desk: Desk) -> None:
    await answered(desk)
    await desk.billing.receive(corrected())
    await desk.send()
    before = await payer_number(desk)
    await let_answer(desk, KIND)
    assert await desk.states() == ["paid"]
    assert len(await desk.billing.published(PaymentReversed)) == 1
    sums = await desk.sums()
    assert (sums["charges"], sums["open"]) == (35_600, 0)
    await desk.assert_books_balance()
    *_, paid = await desk.billing.published(ClaimPaid)
    assert paid.charge_cents == 35_600
    assert not paid.first_pass
    assert await payer_number(desk) != before, "the payer has another number for the new one"


async def test_what_was_replaced_is_replaced_again_under_the_newest_number(desk: Desk) -> None:
    await answered(desk)
    await desk.billing.receive(corrected())
    await desk.send()
    await let_answer(desk, KIND)
    number = await payer_number(desk)
    await desk.billing.receive(corrected(lines=(line(units=3),)))
    await desk.send()
    *_, third = sent(desk)
    assert (third.frequency, third.original_number, third.charge_cents) == ("7", number, 53_400)
    await let_answer(desk, KIND)
    assert (await desk.sums())["charges"] == 53_400
    assert await desk.states() == ["paid"]
    await desk.assert_books_balance()


async def test_while_no_answer_came_it_waits_and_the_answer_sends_it(desk: Desk) -> None:
    await answered(desk, "999")
    await desk.billing.receive(corrected())
    await desk.send()
    assert len(sent(desk)) == 1
    [one] = await due(desk)
    assert (one["kind"], one["waiting_for"]) == ("replace", "payer-answer")
    await let_answer(desk, KIND, "277")
    await desk.send()
    assert [claim.frequency for claim in sent(desk)] == ["1", "7"]


async def test_what_the_payer_never_took_in_goes_out_as_a_new_original(desk: Desk) -> None:
    await desk.billing.receive(encounter_posted())
    await desk.send()
    await let_answer(desk, simulated(rejections=1.0), "999", "277")
    assert await desk.states() == ["rejected"]
    await desk.billing.receive(corrected())
    await desk.send()
    first, second = sent(desk)
    assert (second.number, second.frequency) == (first.number, "1")
    assert (second.original_number, second.charge_cents) == ("", 35_600)
    assert await desk.billing.published(ClaimReplaced) == []
    assert len(await desk.billing.published(ClaimSubmitted)) == 2
    await desk.assert_books_balance()


async def test_a_rejection_that_comes_after_the_correction_sends_it_as_a_new_original(
    desk: Desk,
) -> None:
    await answered(desk, "999")
    await desk.billing.receive(corrected())
    await desk.send()
    await let_answer(desk, simulated(rejections=1.0), "277")
    await desk.send()
    assert [(c.frequency, c.charge_cents) for c in sent(desk)] == [("1", 17_800), ("1", 35_600)]


async def test_a_correction_waits_for_a_price_and_is_released_by_it(desk: Desk) -> None:
    await answered(desk)
    await desk.billing.receive(corrected(lines=(line(procedure_code="G0101"),)))
    await desk.send()
    [one] = await due(desk)
    assert one["waiting_for"] == "procedure-not-priced"
    assert (await desk.sums())["charges"] == 17_800
    await set_fee_schedule(desk.billing, {"G0101": 5_900}, effective_on="2026-02-01")
    await desk.send()
    assert [claim.charge_cents for claim in sent(desk)] == [17_800, 5_900]
    await desk.assert_books_balance()


async def test_a_voided_visit_is_voided_at_the_payer_which_pays_it_back(desk: Desk) -> None:
    await answered(desk)
    number = await payer_number(desk)
    await desk.billing.receive(encounter_voided())
    await desk.send()
    *_, void = sent(desk)
    assert (void.frequency, void.original_number, void.charge_cents) == ("8", number, 17_800)
    [told] = await desk.billing.published(ClaimVoidSent)
    assert (told.reason, told.voided_cents, told.interchange_number) == ("visit-voided", 17_800, 2)
    assert await desk.states() == ["void-sent"]
    assert (await desk.sums())["charges"] == 0
    await desk.assert_books_balance()
    await let_answer(desk, KIND, "999", "277")
    assert await desk.states() == ["void-sent"], "the money is not back yet"
    await let_answer(desk, KIND, "835")
    await desk.send()
    assert await desk.states() == ["voided"]
    assert len(await desk.billing.published(ClaimVoided)) == 1
    assert set((await desk.sums()).values()) == {0}
    assert await due(desk) == []


async def test_a_void_of_what_was_not_decided_yet_is_done_when_the_payer_takes_it_in(
    desk: Desk,
) -> None:
    await answered(desk, "999", "277")
    await desk.billing.receive(encounter_voided())
    await desk.send()
    await let_answer(desk, KIND, "999", "277")
    assert await desk.states() == ["voided"]
    assert (await desk.sums())["charges"] == 0
    await desk.assert_books_balance()


async def test_a_void_that_the_payer_refuses_is_charged_again_and_waits_for_a_person(
    desk: Desk,
) -> None:
    await answered(desk)
    await desk.billing.receive(encounter_voided())
    await desk.send()
    await let_answer(desk, simulated(reject_999=1.0), "999")
    await desk.send()
    assert await desk.states() == ["rejected"]
    assert (await desk.sums())["charges"] == 17_800
    await desk.assert_books_balance()
    [one] = await due(desk)
    assert (one["kind"], one["waiting_for"]) == ("void", "void-rejected")
    assert len(sent(desk)) == 2, "it is not sent again by itself"
    await ask(desk, "resubmit", {"request_id": str(uuid5(CLAIM, "again"))})
    await desk.send()
    assert [claim.frequency for claim in sent(desk)] == ["1", "8", "8"]
    assert await desk.states() == ["void-sent"]
    assert (await desk.sums())["charges"] == 0
    await desk.assert_books_balance()


async def test_a_visit_that_another_payer_covers_is_voided_here_and_sent_there(desk: Desk) -> None:
    await desk.billing.given(provider_enrolled(payer_id="OTHER01"))
    await answered(desk)
    await desk.billing.receive(corrected(coverage=OTHER))
    await desk.send()
    [told] = await desk.billing.published(ClaimVoidSent)
    assert (told.payer_id, told.reason) == ("BUCKEYE01", "other-payer")
    await let_answer(desk, KIND)
    await desk.send()
    last = sent(desk)[-1]
    assert (last.payer.identifier, last.frequency, last.charge_cents) == ("OTHER01", "1", 35_600)
    sums = await desk.sums()
    assert (sums["charges"], sums["open"], sums["paid"]) == (35_600, 35_600, 0)
    await desk.assert_books_balance()


async def test_a_visit_that_turns_out_to_be_uncovered_becomes_the_patients(desk: Desk) -> None:
    await answered(desk, "999", "277")
    await desk.billing.receive(corrected(coverage=None))
    await desk.send()
    await let_answer(desk, KIND, "999", "277")
    await desk.send()
    assert await desk.states() == ["self-pay"]
    assert (await desk.sums())["patient"] == 35_600
    await desk.assert_books_balance()


async def test_a_visit_that_was_voided_and_is_sent_after_all_waits_for_the_void(desk: Desk) -> None:
    await answered(desk, "999", "277")
    await desk.billing.receive(encounter_voided())
    await desk.send()
    again = encounter_posted()
    told = {name: getattr(again, name) for name in type(again).model_fields}
    await desk.billing.receive(corrected(**told, replaces=None))
    assert await desk.states() == ["void-sent"]
    await let_answer(desk, KIND, "999", "277")
    await desk.send()
    assert [claim.frequency for claim in sent(desk)] == ["1", "8", "1"]
    assert (await desk.sums())["charges"] == 17_800
    await desk.assert_books_balance()


async def test_a_new_decision_beside_the_old_one_is_for_a_person_until_that_is_taken_back(
    desk: Desk,
) -> None:
    await answered(desk)
    [first] = await desk.control_numbers()
    before = await desk.sums()
    await desk.billing.receive(corrected())
    await desk.send()
    new = Said(first, 35_600, 20_100, [("CO", "45", 11_500), ("PR", "2", 4_000)])
    await desk.hear("alone.835", payment(new, trace="ALONE"))
    assert await desk.states() == ["submitted"]
    async with desk.billing.http(desk.practice_id) as client:
        [kept] = (await client.get("/unmatched-remittances")).json()
    assert (kept["reason"], kept["paid_cents"]) == ("decided-already", 20_100)
    assert (await desk.sums())["paid"] == before["paid"]
    await desk.assert_books_balance()


async def test_a_late_answer_to_the_original_says_nothing_of_its_replacement(desk: Desk) -> None:
    await answered(desk)
    await desk.billing.receive(corrected())
    await desk.send()
    first = desk.sent()[0]
    [late] = simulated(rejections=1.0).acknowledge_claims(first)
    await desk.hear("late.277", late.content)
    assert await desk.states() == ["submitted"]
