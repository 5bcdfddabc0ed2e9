"""The primary takes its decision back after the secondary was asked: the books stay right."""

from __future__ import annotations

from typing import Any

from libs.events.contracts.billing import PaymentReversed
from libs.events.contracts.billing_cob import ClaimForwarded, ClaimRecalled
from libs.events.contracts.billing_holds import ClaimReleased
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


async def _due(desk: Desk) -> list[dict[str, Any]]:
    async with desk.billing.http(desk.practice_id) as client:
        return (await client.get("/corrections-due")).json()


def _less_left(number: str) -> Said:
    """The primary's correction: 110.00 paid, 50.00 off, 18.00 left to the patient."""
    return Said(number, CHARGE, 11_000, [("CO", "45", 5_000), ("PR", "2", 1_800)])


def _more_left(number: str) -> Said:
    return Said(number, CHARGE, 9_550, [("CO", "45", 5_750), ("PR", "2", 2_500)])


async def _sent_to_second(desk: Desk) -> str:
    number = await two_payers(desk)
    await desk.hear("1.835", payment(paid(number)))
    await send_on(desk)
    return number


async def test_before_the_secondary_was_sent_it_the_claim_comes_back_whole(desk: Desk) -> None:
    await desk.see_patients(other_coverages=(SECOND_COVERAGE,))
    [number] = await desk.control_numbers()
    await desk.hear("1.835", payment(paid(number)))
    await send_on(desk)
    assert await desk.states() == ["held"]
    await desk.hear("2.835", payment(paid(number).reversed(), trace="TRACE2"))
    assert await desk.states() == ["submitted"]
    assert await open_by_payer(desk) == {FIRST: CHARGE}
    [recalled] = await desk.billing.published(ClaimRecalled)
    assert (recalled.from_payer_id, recalled.to_payer_id, recalled.cents) == (SECOND, FIRST, 2_000)
    assert len(await desk.billing.published(ClaimReleased)) == 1
    await enroll(desk, SECOND)
    await send_on(desk)
    assert len(desk.sent()) == 1
    await desk.hear("3.835", payment(_more_left(number), trace="TRACE3"))
    await send_on(desk)
    assert desk.sent()[1].claims[0].others[0].patient_cents == 2_500
    assert await open_by_payer(desk) == {SECOND: 2_500}
    assert await _due(desk) == []


async def test_a_secondary_that_has_the_claim_is_to_be_sent_a_replacement(desk: Desk) -> None:
    number = await _sent_to_second(desk)
    await desk.hear("2.835", payment(paid(number).reversed(), trace="TRACE2"))
    assert await open_by_payer(desk) == {FIRST: CHARGE}
    await desk.hear("3.835", payment(_more_left(number), trace="TRACE3"))
    await send_on(desk)
    assert len(desk.sent()) == 2
    assert await desk.states() == ["submitted"]
    assert await open_by_payer(desk) == {SECOND: 2_500}
    [due] = await _due(desk)
    assert (due["kind"], due["payer_id"]) == ("replace", SECOND)
    await desk.hear("4.835", payment(by_second(number, 1_500, 1_000, 15_300), trace="TRACE4",
                                     payer=SECOND))  # fmt: skip
    assert await open_by_payer(desk) == {}
    assert await desk.states() == ["paid"]


async def test_what_the_secondary_decided_stands_while_the_primary_corrects(desk: Desk) -> None:
    number = await _sent_to_second(desk)
    await desk.hear("2.835", payment(by_second(number), trace="TRACE2", payer=SECOND))
    await desk.hear("3.835", payment(paid(number).reversed(), trace="TRACE3"))
    assert await open_by_payer(desk) == {FIRST: CHARGE - 2_000}
    assert await desk.states() == ["submitted"]
    await desk.hear("4.835", payment(_more_left(number), trace="TRACE4"))
    assert await open_by_payer(desk) == {SECOND: 500}
    assert await desk.states() == ["paid"]
    assert [each["kind"] for each in await _due(desk)] == ["replace"]
    replaced = by_second(number)
    await desk.hear("5.835", payment(replaced.reversed(), by_second(number, 2_000, 500, 15_300),
                                     trace="TRACE5", payer=SECOND))  # fmt: skip
    assert await open_by_payer(desk) == {}
    assert (await desk.sums())["paid"] == 9_550 + 2_000


async def test_a_primary_that_leaves_less_than_the_secondary_took_closes_the_charge_exactly(
    desk: Desk,
) -> None:
    number = await _sent_to_second(desk)
    await desk.hear("2.835", payment(by_second(number), trace="TRACE2", payer=SECOND))
    await desk.hear("3.835", payment(paid(number).reversed(), trace="TRACE3"))
    await desk.hear("4.835", payment(_less_left(number), trace="TRACE4"))
    assert await charge_became(desk) == {
        "charges": CHARGE, "paid": 12_500, "adjusted": 4_800, "patient": 500, "open": 0,
    }  # fmt: skip
    assert [each["payer_id"] for each in await _due(desk)] == [SECOND]


async def test_the_secondary_takes_its_decision_back_while_the_primary_has_the_claim(
    desk: Desk,
) -> None:
    number = await _sent_to_second(desk)
    await desk.hear("2.835", payment(by_second(number), trace="TRACE2", payer=SECOND))
    await desk.hear("3.835", payment(paid(number).reversed(), trace="TRACE3"))
    await desk.hear("4.835", payment(by_second(number).reversed(), trace="TRACE4", payer=SECOND))
    assert await open_by_payer(desk) == {FIRST: CHARGE}
    assert await desk.states() == ["submitted"]
    reversals = await desk.billing.published(PaymentReversed)
    assert [each.payer_id for each in reversals] == [FIRST, SECOND]


async def test_the_primary_takes_back_what_came_as_far_as_a_tertiary(desk: Desk) -> None:
    await enroll(desk, SECOND, THIRD)
    await desk.see_patients(other_coverages=(SECOND_COVERAGE, THIRD_COVERAGE))
    [number] = await desk.control_numbers()
    await desk.hear("1.835", payment(paid(number)))
    await send_on(desk)
    await desk.hear("2.835", payment(by_second(number), trace="TRACE2", payer=SECOND))
    await send_on(desk)
    assert await open_by_payer(desk) == {THIRD: 500}
    await desk.hear("3.835", payment(paid(number).reversed(), trace="TRACE3"))
    assert await open_by_payer(desk) == {FIRST: CHARGE - 1_500}
    recalled = await desk.billing.published(ClaimRecalled)
    assert [(each.from_payer_id, each.cents) for each in recalled] == [(THIRD, 500), (SECOND, 0)]


async def test_the_secondary_corrects_itself(desk: Desk) -> None:
    number = await _sent_to_second(desk)
    await desk.hear("2.835", payment(by_second(number), trace="TRACE2", payer=SECOND))
    both = by_second(number).reversed(), by_second(number, 2_000, 0)
    await desk.hear("3.835", payment(*both, trace="TRACE3", payer=SECOND))
    assert await open_by_payer(desk) == {}
    assert (await desk.sums())["patient"] == 0
    assert len(await desk.billing.published(ClaimForwarded)) == 1
