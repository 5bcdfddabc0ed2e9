"""A further payer becomes known after the primary decided: it is asked before the patient."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid5

import pytest

from libs.events.contracts.billing_balances import PatientPaymentUnapplied
from libs.events.contracts.billing_cob import ClaimForwarded, PatientShareLifted
from libs.events.contracts.people import Coverage
from libs.events.examples.billing_cob import SECOND_COVERAGE
from libs.events.examples.interop import NAMESPACE, encounter_corrected
from tests.billing.balances.front_desk import FrontDesk
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
)
from tests.billing.desk import Desk, set_payer, visit
from tests.billing.remittance import CHARGE, Said, paid, payment


async def _paid_by_first(desk: Desk) -> str:
    """The primary paid and left 20.00 to the patient; nobody else is known to pay."""
    await enroll(desk, SECOND, THIRD)
    await desk.see_patients(1)
    [number] = await desk.control_numbers()
    await desk.hear("1.835", payment(paid(number)))
    assert (await desk.sums())["patient"] == 2_000
    return number


async def _corrected(desk: Desk, *others: Coverage, **changes: Any) -> None:
    told = visit(0, other_coverages=others, **changes)
    fields = {name: getattr(told, name) for name in type(told).model_fields}
    await desk.billing.receive(encounter_corrected(**fields))


async def _told(
    desk: Desk, coverage: Coverage, place: str = "secondary", request: str = "1"
) -> Any:
    [claim] = await desk.fetch("SELECT claim_id FROM claim")
    command = {
        "request_id": str(uuid5(NAMESPACE, request)),
        "place": place,
        "coverage": coverage.model_dump(mode="json"),
    }
    async with desk.billing.http(desk.practice_id) as client:
        return await client.post(f"/claims/{claim['claim_id']}/coverages", json=command)


@pytest.mark.parametrize("by_biller", [False, True])
async def test_what_was_the_patients_is_asked_of_a_payer_learned_of_later(
    desk: Desk, by_biller: bool
) -> None:
    number = await _paid_by_first(desk)
    if by_biller:
        answer = await _told(desk, SECOND_COVERAGE)
        assert answer.status_code == 202, answer.text
        assert (answer.json()["payer_id"], answer.json()["payer_sequence"]) == (SECOND, "S")
    else:
        await _corrected(desk, SECOND_COVERAGE)
    await send_on(desk)
    [lifted] = await desk.billing.published(PatientShareLifted)
    assert (lifted.payer_id, lifted.cents) == (FIRST, 2_000)
    [forwarded] = await desk.billing.published(ClaimForwarded)
    assert (forwarded.from_payer_id, forwarded.to_payer_id, forwarded.cents) == (
        FIRST, SECOND, 2_000,
    )  # fmt: skip
    assert await open_by_payer(desk) == {SECOND: 2_000}
    assert (await desk.sums())["patient"] == 0
    secondary = desk.sent()[1].claims[0]
    assert (secondary.payer.identifier, secondary.sequence) == (SECOND, "S")
    assert secondary.others[0].adjustments == [("CO", "45", 5_750), ("PR", "2", 2_000)]
    assert len(desk.sent()) == 2, "the primary hears nothing of it"
    await desk.hear("2.835", payment(by_second(number), trace="TRACE2", payer=SECOND))
    assert await charge_became(desk) == {
        "charges": CHARGE, "paid": 11_550, "adjusted": 5_750, "patient": 500, "open": 0,
    }  # fmt: skip


async def test_what_the_patient_paid_meanwhile_is_the_patients_credit(desk: Desk) -> None:
    await _paid_by_first(desk)
    await FrontDesk(desk).pay(1_200)
    await _corrected(desk, SECOND_COVERAGE)
    await send_on(desk)
    [unapplied] = await desk.billing.published(PatientPaymentUnapplied)
    assert (unapplied.cents, unapplied.reason) == (1_200, "owed-less")
    assert await open_by_payer(desk) == {SECOND: 2_000}
    [credit] = await desk.fetch(
        "SELECT -sum(cents)::bigint AS cents FROM journal_line WHERE account = 'patient-credit'"
    )
    assert credit["cents"] == 1_200


async def test_the_same_visit_and_the_same_command_again_move_nothing(desk: Desk) -> None:
    await _paid_by_first(desk)
    for _ in range(2):
        assert (await _told(desk, SECOND_COVERAGE)).status_code == 202
    await _corrected(desk, SECOND_COVERAGE)
    await send_on(desk)
    assert len(await desk.billing.published(ClaimForwarded)) == 1
    assert len(desk.sent()) == 2
    other = await _told(desk, THIRD_COVERAGE)
    assert other.status_code == 409


async def test_a_payer_that_takes_no_claim_of_that_day_any_more_is_not_asked(desk: Desk) -> None:
    await _paid_by_first(desk)
    await set_payer(desk, SECOND, original_filing_days=30)
    await desk.billing.fire_timers(desk.billing.clock.now() + timedelta(days=60))
    await _corrected(desk, SECOND_COVERAGE)
    await send_on(desk)
    assert (await desk.sums())["patient"] == 2_000
    assert not await desk.billing.published(ClaimForwarded)
    assert await desk.states() == ["paid"]
    [last] = await desk.fetch("SELECT reason FROM claim_move ORDER BY id DESC LIMIT 1")
    assert last["reason"] == f"{SECOND} takes no claim of that day any more"


async def test_before_the_primary_decides_the_secondary_is_only_known(desk: Desk) -> None:
    await enroll(desk, SECOND)
    await desk.see_patients(1)
    [number] = await desk.control_numbers()
    await _corrected(desk, SECOND_COVERAGE)
    await send_on(desk)
    assert len(desk.sent()) == 1, "the primary is sent no replacement"
    await desk.hear("1.835", payment(paid(number)))
    await send_on(desk)
    assert not await desk.billing.published(PatientShareLifted)
    assert await open_by_payer(desk) == {SECOND: 2_000}


async def test_a_tertiary_is_learned_of_after_the_secondary_decided(desk: Desk) -> None:
    number = await _paid_by_first(desk)
    await _corrected(desk, SECOND_COVERAGE)
    await send_on(desk)
    await desk.hear("2.835", payment(by_second(number), trace="TRACE2", payer=SECOND))
    assert (await _told(desk, THIRD_COVERAGE, "tertiary")).status_code == 202
    await send_on(desk)
    assert await open_by_payer(desk) == {THIRD: 500}
    assert desk.sent()[2].claims[0].sequence == "T"


async def test_a_primary_that_takes_back_what_was_lifted_gets_the_whole_claim_again(
    desk: Desk,
) -> None:
    number = await _paid_by_first(desk)
    await _corrected(desk, SECOND_COVERAGE)
    await send_on(desk)
    await desk.hear("2.835", payment(paid(number).reversed(), trace="TRACE2"))
    assert await open_by_payer(desk) == {FIRST: CHARGE}
    assert (await desk.sums())["patient"] == 0
    whole = Said(number, CHARGE, 10_000, [("CO", "45", 7_800)])
    await desk.hear("3.835", payment(whole, trace="TRACE3"))
    assert await open_by_payer(desk) == {}


async def test_a_visit_that_changed_in_more_is_replaced_at_the_primary(desk: Desk) -> None:
    await _paid_by_first(desk)
    await _corrected(desk, SECOND_COVERAGE, diagnoses=("Z00.01",))
    assert not await desk.billing.published(ClaimForwarded)
    [due] = await desk.fetch("SELECT kind FROM correction_due")
    assert due["kind"] == "replace"


async def test_a_payer_that_has_the_claim_is_not_made_another_one(desk: Desk) -> None:
    await _paid_by_first(desk)
    await _corrected(desk, SECOND_COVERAGE)
    await send_on(desk)
    answer = await _told(desk, THIRD_COVERAGE)
    assert answer.status_code == 409
    assert "replace the claim there" in answer.text
    better_known = SECOND_COVERAGE.model_copy(update={"member_id": "MG0000"})
    assert (await _told(desk, better_known, request="2")).status_code == 409


async def test_a_place_after_an_unknown_payer_is_refused(desk: Desk) -> None:
    await _paid_by_first(desk)
    answer = await _told(desk, THIRD_COVERAGE, "tertiary")
    assert answer.status_code == 409
    assert "tell it first" in answer.text


async def test_a_visit_without_coverage_goes_to_the_payer_that_a_biller_tells(desk: Desk) -> None:
    await enroll(desk, SECOND)
    await desk.see_patients(1, coverage=None)
    assert await desk.states() == ["self-pay"]
    assert (await _told(desk, SECOND_COVERAGE, "primary")).status_code == 202
    await send_on(desk)
    assert desk.sent()[0].claims[0].payer.identifier == SECOND
    assert await open_by_payer(desk) == {SECOND: CHARGE}
