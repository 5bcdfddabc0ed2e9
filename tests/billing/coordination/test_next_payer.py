"""What a payer leaves to the patient is asked of the patient's next payer first."""

from __future__ import annotations

from dataclasses import replace

from libs.events.contracts.billing import ClaimPaid, ClaimSubmitted, PaymentPosted
from libs.events.contracts.billing_cob import ClaimForwarded
from libs.events.contracts.billing_holds import ClaimHeld
from libs.events.examples.billing_cob import SECOND_COVERAGE
from tests.billing.coordination.desk import (
    FIRST,
    SECOND,
    THIRD,
    THIRD_COVERAGE,
    by_second,
    charge_became,
    enroll,
    open_by_payer,
    send_on,
    two_payers,
)
from tests.billing.desk import Desk
from tests.billing.remittance import CHARGE, Said, paid, payment


async def test_what_the_primary_leaves_to_the_patient_is_asked_of_the_secondary(
    desk: Desk,
) -> None:
    number = await two_payers(desk)
    await desk.hear("1.835", payment(paid(number)))
    await send_on(desk)
    [forwarded] = await desk.billing.published(ClaimForwarded)
    assert (forwarded.from_payer_id, forwarded.to_payer_id) == (FIRST, SECOND)
    assert (forwarded.cents, forwarded.to_place, forwarded.crossed_over) == (
        2_000, "secondary", False,
    )  # fmt: skip
    [posted] = await desk.billing.published(PaymentPosted)
    assert (posted.paid_cents, posted.adjusted_cents, posted.patient_cents) == (10_050, 5_750, 0)
    assert (await desk.billing.published(ClaimPaid))[0].patient_cents == 0
    assert await desk.states() == ["submitted"]
    assert (await desk.billing.published(ClaimSubmitted))[-1].payer_id == SECOND
    assert await open_by_payer(desk) == {SECOND: 2_000}
    assert (await desk.sums())["patient"] == 0
    secondary = desk.sent()[1].claims[0]
    assert (secondary.number, secondary.charge_cents) == (number, CHARGE)
    assert (secondary.payer.identifier, secondary.sequence) == (SECOND, "S")


async def test_what_the_secondary_leaves_is_the_patients(desk: Desk) -> None:
    number = await two_payers(desk)
    await desk.hear("1.835", payment(paid(number)))
    await send_on(desk)
    await desk.hear("2.835", payment(by_second(number), trace="TRACE2", payer=SECOND))
    assert await desk.states() == ["paid"]
    assert await open_by_payer(desk) == {}
    assert await charge_became(desk) == {
        "charges": CHARGE, "paid": 11_550, "adjusted": 5_750, "patient": 500, "open": 0,
    }  # fmt: skip
    second = (await desk.billing.published(PaymentPosted))[1]
    assert (second.payer_id, second.paid_cents, second.patient_cents) == (SECOND, 1_500, 500)


async def test_a_secondarys_contract_closes_only_what_was_open(desk: Desk) -> None:
    """It allows 110.00 and takes the primary's payment off: its 68.00 overlap the primary's."""
    number = await two_payers(desk)
    await desk.hear("1.835", payment(paid(number)))
    await send_on(desk)
    said = by_second(number, paid=950, patient=0, prior=10_050)
    await desk.hear("2.835", payment(said, trace="TRACE2", payer=SECOND))
    assert await charge_became(desk) == {
        "charges": CHARGE, "paid": 11_000, "adjusted": 6_800, "patient": 0, "open": 0,
    }  # fmt: skip
    await desk.assert_books_balance()


async def test_nothing_is_written_off_that_the_secondary_does_not_account_for(desk: Desk) -> None:
    """It says that the primary's decision was for the whole charge: what it left stays open."""
    number = await two_payers(desk)
    await desk.hear("1.835", payment(paid(number)))
    await send_on(desk)
    said = by_second(number, paid=0, patient=0, prior=CHARGE)
    await desk.hear("2.835", payment(said, trace="TRACE2", payer=SECOND))
    assert await desk.states() == ["denied"]
    assert await open_by_payer(desk) == {SECOND: 2_000}


async def test_a_secondary_that_pays_more_than_is_open_goes_to_the_work_list(desk: Desk) -> None:
    number = await two_payers(desk)
    await desk.hear("1.835", payment(paid(number)))
    await send_on(desk)
    said = by_second(number, paid=2_001, patient=0, prior=10_000)
    await desk.hear("2.835", payment(said, trace="TRACE2", payer=SECOND))
    assert await desk.states() == ["submitted"]
    assert await open_by_payer(desk) == {SECOND: 2_000}
    [unmatched] = await desk.fetch("SELECT paid_cents FROM unmatched_remittance")
    assert unmatched["paid_cents"] == 2_001


async def test_a_secondary_that_leaves_all_to_the_patient_leaves_no_more_than_was_open(
    desk: Desk,
) -> None:
    number = await two_payers(desk)
    await desk.hear("1.835", payment(paid(number)))
    await send_on(desk)
    refused = Said(number, CHARGE, 0, [("PR", "96", CHARGE)], status="4")
    await desk.hear("2.835", payment(refused, trace="TRACE2", payer=SECOND))
    assert (await desk.sums())["patient"] == 2_000
    assert await open_by_payer(desk) == {}


async def test_nothing_left_to_the_patient_asks_nobody(desk: Desk) -> None:
    number = await two_payers(desk)
    whole = Said(number, CHARGE, 10_000, [("CO", "45", 7_800)])
    await desk.hear("1.835", payment(whole))
    await send_on(desk)
    assert await desk.states() == ["paid"]
    assert not await desk.billing.published(ClaimForwarded)
    assert len(desk.sent()) == 1


async def test_a_service_that_the_primary_does_not_cover_is_asked_of_the_secondary(
    desk: Desk,
) -> None:
    number = await two_payers(desk)
    refused = Said(number, CHARGE, 0, [("PR", "204", CHARGE)], status="4")
    await desk.hear("1.835", payment(refused))
    await send_on(desk)
    assert await open_by_payer(desk) == {SECOND: CHARGE}
    assert desk.sent()[1].claims[0].payer.identifier == SECOND


async def test_a_denial_that_is_not_the_patients_stays_with_its_payer(desk: Desk) -> None:
    number = await two_payers(desk)
    await desk.hear("1.835", payment(Said(number, CHARGE, 0, [("CO", "197", CHARGE)], status="4")))
    await send_on(desk)
    assert await desk.states() == ["denied"]
    assert await open_by_payer(desk) == {FIRST: CHARGE}
    assert len(desk.sent()) == 1


async def test_another_payer_comes_first_asks_a_person_for_the_order(desk: Desk) -> None:
    number = await two_payers(desk)
    await desk.hear("1.835", payment(Said(number, CHARGE, 0, [("CO", "22", CHARGE)], status="4")))
    await send_on(desk)
    assert await desk.states() == ["denied"]
    assert not await desk.billing.published(ClaimForwarded)


async def test_a_tertiary_payer_is_asked_for_what_the_secondary_leaves(desk: Desk) -> None:
    await enroll(desk, THIRD)
    number = await two_payers(desk, other_coverages=(SECOND_COVERAGE, THIRD_COVERAGE))
    await desk.hear("1.835", payment(paid(number)))
    await send_on(desk)
    await desk.hear("2.835", payment(by_second(number), trace="TRACE2", payer=SECOND))
    await send_on(desk)
    assert await open_by_payer(desk) == {THIRD: 500}
    assert desk.sent()[2].claims[0].sequence == "T"
    last = Said(number, CHARGE, 500, [("OA", "23", CHARGE - 500)], status="3")
    await desk.hear("3.835", payment(last, trace="TRACE3", payer=THIRD))
    assert (await desk.sums())["paid"] == 12_050
    assert await open_by_payer(desk) == {}


async def test_a_secondary_with_which_the_clinician_is_not_enrolled_holds_the_claim(
    desk: Desk,
) -> None:
    await desk.see_patients(other_coverages=(SECOND_COVERAGE,))
    [number] = await desk.control_numbers()
    await desk.hear("1.835", payment(paid(number)))
    await send_on(desk)
    [held] = await desk.billing.published(ClaimHeld)
    assert (held.payer_id, held.reason) == (SECOND, "provider-not-enrolled")
    await enroll(desk, SECOND)
    await send_on(desk)
    assert await desk.states() == ["submitted"]
    assert desk.sent()[1].claims[0].payer.identifier == SECOND


async def test_a_primary_that_decided_on_the_claim_only_is_told_so(desk: Desk) -> None:
    number = await two_payers(desk)
    await desk.hear("1.835", payment(paid(number)))
    await send_on(desk)
    [other] = desk.sent()[1].claims[0].others
    assert (other.paid_cents, other.patient_cents) == (10_050, 2_000)
    assert other.adjustments == [("CO", "45", 5_750), ("PR", "2", 2_000)]


async def test_the_primarys_decision_comes_again_after_the_secondary_was_asked(desk: Desk) -> None:
    """Without a reversal it is nobody's to post, whether its id tells the payer or CLP02."""
    number = await two_payers(desk)
    await desk.hear("1.835", payment(paid(number)))
    await send_on(desk)
    await desk.hear("2.835", payment(paid(number), trace="TRACE2"))
    assert await open_by_payer(desk) == {SECOND: 2_000}
    unnamed = replace(by_second(number), status="1")
    await desk.hear("3.835", payment(unnamed, trace="TRACE3", payer="ELSEWHERE"))
    rows = await desk.fetch("SELECT reason FROM unmatched_remittance")
    assert [row["reason"] for row in rows] == ["decided-already"] * 2
