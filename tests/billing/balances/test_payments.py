"""A patient's money goes to what is owed, is a credit where nothing is, and can be given back."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

from libs.events.contracts.billing_balances import (
    PatientPaymentApplied,
    PatientPaymentReceived,
    PatientPaymentReturned,
    PatientPaymentUnapplied,
)
from libs.events.examples.interop import encounter_corrected, encounter_posted
from tests.billing.balances.front_desk import CHARGE, SHARE, FrontDesk, people
from tests.billing.remittance import PAID_CAS, Said, payment

CHECK = {"reason": "insufficient-funds"}


async def test_the_oldest_service_is_paid_first_and_the_rest_is_the_patients_credit(
    front: FrontDesk,
) -> None:
    newer = await front.owe(1)
    older = await front.owe(2)
    await front.pay(SHARE + 500)
    assert await front.owed() == {newer: SHARE - 500}
    paid = await front.pay(SHARE)
    assert await front.owed() == {}
    assert paid["credit_cents"] == 500
    assert await front.stands("patient-credit") == -500
    [credit] = await front.get("/patient-credits")
    assert (credit["payment_id"], credit["credit_cents"]) == (paid["payment_id"], 500)
    received = await front.desk.billing.published(PatientPaymentReceived)
    applied = await front.desk.billing.published(PatientPaymentApplied)
    assert sum(one.cents for one in received) == 2 * SHARE + 500
    assert sum(one.cents for one in applied) == 2 * SHARE
    assert {one.claim_id for one in applied} == {older, newer}
    await front.desk.assert_books_balance()


async def test_a_patient_may_say_what_the_money_is_for(front: FrontDesk) -> None:
    await front.owe(1)
    wanted = await front.owe(2)
    await front.pay(300, for_claims={str(wanted): 300})
    assert (await front.owed())[wanted] == SHARE - 300
    too_much = front.paid(SHARE, for_claims={str(wanted): SHARE})
    assert (await front.post("/patient-payments", too_much))["status"] == 422
    assert sum((await front.owed()).values()) == 2 * SHARE - 300


async def test_the_same_payment_again_changes_nothing_and_another_under_its_id_is_refused(
    front: FrontDesk,
) -> None:
    await front.owe(1)
    body = front.paid(500, "check")
    first = await front.post("/patient-payments", body)
    assert await front.post("/patient-payments", body) == first
    assert await front.stands("patient-receivable") == SHARE - 500
    other = await front.post("/patient-payments", {**body, "cents": 600})
    assert other["status"] == 409


async def test_money_before_it_is_owed_waits_and_is_taken_by_the_cycle(front: FrontDesk) -> None:
    await front.desk.see_patients()
    await front.pay(SHARE)
    assert await front.stands("patient-credit") == -SHARE
    [control] = await front.desk.control_numbers()
    await front.desk.hear("1.835", payment(Said(control, CHARGE, 10_050, PAID_CAS)))
    assert sum((await front.owed()).values()) == SHARE
    await front.cycle()
    assert await front.owed() == {}
    assert await front.stands("patient-credit") == 0
    assert await front.get("/statements") == []
    await front.desk.assert_books_balance()


async def test_a_check_that_bounces_is_owed_again_once(front: FrontDesk) -> None:
    await front.owe(1)
    paid = await front.pay(SHARE + 100, "check")
    path = f"/patient-payments/{paid['payment_id']}/return"
    returned = await front.post(path, CHECK)
    assert (returned["state"], returned["reason"]) == ("returned", "insufficient-funds")
    assert await front.post(path, CHECK) == returned
    assert (await front.post(path, {"reason": "chargeback"}))["status"] == 409
    assert sum((await front.owed()).values()) == SHARE
    assert await front.stands("patient-credit") == 0
    assert await front.stands("cash") == 10_050
    [undone] = await front.desk.billing.published(PatientPaymentUnapplied)
    [event] = await front.desk.billing.published(PatientPaymentReturned)
    assert (undone.cents, event.cents) == (SHARE, SHARE + 100)
    await front.desk.assert_books_balance()


async def test_what_a_payer_takes_back_of_a_share_comes_back_to_the_patient(
    front: FrontDesk,
) -> None:
    claim_id = await front.owe(1)
    await front.pay(SHARE)
    [control] = await front.desk.control_numbers()
    decided = Said(control, CHARGE, 10_050, PAID_CAS)
    await front.desk.hear("back.835", payment(decided.reversed(), trace="BACK"))
    assert await front.owed() == {}
    assert await front.stands("patient-credit") == -SHARE
    less = [("CO", "45", 5_750), ("PR", "2", 500)]
    await front.desk.hear("less.835", payment(Said(control, CHARGE, 11_550, less), trace="LESS"))
    assert await front.owed() == {claim_id: 500}
    await front.cycle()
    assert await front.owed() == {}
    assert await front.stands("patient-credit") == 500 - SHARE
    await front.desk.assert_books_balance()


async def test_a_self_pay_visit_that_is_corrected_after_it_was_paid_gives_back_what_is_too_much(
    front: FrontDesk,
) -> None:
    await front.desk.billing.receive(encounter_posted(coverage=None))
    await front.pay(CHARGE)
    assert await front.owed() == {}
    [line] = encounter_posted().lines
    less = line.model_copy(update={"procedure_code": "G0444"})
    await front.desk.billing.receive(encounter_corrected(coverage=None, lines=(less,)))
    assert await front.stands("patient-receivable") == 2_650
    assert await front.stands("patient-credit") == -CHARGE
    await front.cycle()
    assert await front.owed() == {}
    assert await front.stands("patient-credit") == 2_650 - CHARGE
    await front.desk.assert_books_balance()


async def test_pages_of_payments_follow_one_another(front: FrontDesk) -> None:
    await front.owe(1)
    made = [(await front.pay(100))["payment_id"] for _ in range(3)]
    first = await front.get("/patient-payments", limit=2)
    rest = await front.get("/patient-payments", limit=2, after=first[-1]["payment_id"])
    assert [one["payment_id"] for one in first + rest] == made


async def test_a_viewer_takes_no_money_and_a_stranger_finds_no_payment(
    front: FrontDesk, tmp_path: Path
) -> None:
    await front.owe(1)
    paid = await front.pay(100)
    async with front.desk.billing.http(uuid4()) as client:
        answer = await client.get(f"/patient-payments/{paid['payment_id']}")
        assert answer.status_code == 404
    async with people(front, tmp_path, viewer="viewer"):
        refused = await front.post("/patient-payments", front.paid(100), key="viewer")
    assert refused["status"] == 403
