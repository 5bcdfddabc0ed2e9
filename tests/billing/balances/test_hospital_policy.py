"""A hospital's financial assistance policy that covers the practice (26 CFR 1.501(r)-4 to -6): its
patients are told of it, nobody collects too early, an application stops it, and who is eligible is
charged no more than is generally billed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from libs.events.contracts.billing_balances import AccountRecalledFromCollections
from libs.events.examples.interop import PATIENT, encounter_posted
from services.billing.balances.assistance.model import let_off_of
from services.billing.balances.dunning.model import (
    earliest_hand_off,
    handed_off,
    next_hand_off,
    still_applies,
)
from services.billing.balances.model import Balance
from services.billing.balances.policy.model import BalancePolicy
from services.billing.claims.model import State
from tests.billing.balances.front_desk import CHARGE, POLICY, SHARE, FrontDesk
from tests.billing.documents.pdf import text_of

HOSPITAL: dict[str, Any] = {
    "hospital": "Riverside Hospital",
    "phone": "614-555-0199",
    "url": "https://riverside.example/assistance",
    "agb_percent": 40,
}
COVERED: dict[str, Any] = {
    "agency": "Scioto Recovery",
    "notice_days": [10, 10, 10, 30],
    "assistance_scale": [{"up_to_percent": 200, "discount_percent": 5}],
    "hospital_policy": HOSPITAL,
}
TODAY = date(2026, 7, 1)


def claim(**changes: Any) -> Balance:
    balance = Balance(
        claim_id=uuid4(), patient_id=PATIENT, payer_id="P", provider_npi=None,
        service_on=date(2026, 3, 2), state=State.PAID, charge_cents=1_000,
        insurance_paid_cents=0, adjusted_cents=0, payer_cents=0, patient_cents=600,
        agency_cents=0, patient_paid_cents=0, forgiven_cents=0, owed_since=date(2026, 3, 2),
    )  # fmt: skip
    return replace(balance, **changes)


def test_a_claim_is_handed_off_120_days_after_its_first_bill_and_never_unbilled() -> None:
    old, fresh, unbilled = claim(), claim(), claim()
    billed = {old.claim_id: TODAY - timedelta(120), fresh.claim_id: TODAY - timedelta(119)}
    assert handed_off([old, fresh, unbilled], billed, TODAY) == [old]
    assert next_hand_off([fresh, unbilled], billed) == TODAY + timedelta(1)
    assert next_hand_off([unbilled], billed) is None


def test_a_final_notice_tells_a_day_that_is_kept() -> None:
    policy = BalancePolicy(notice_days=(10, 10, 10, 30))
    due = [claim()]
    for days, told in ((119, 30), (80, 40), (0, 120)):
        billed = {due[0].claim_id: TODAY - timedelta(days)}
        day = earliest_hand_off(policy, due, billed, TODAY)
        assert day == TODAY + timedelta(told)
        assert handed_off(due, billed, day) == due
    assert earliest_hand_off(policy, due, {}, TODAY) == TODAY + timedelta(120)


def test_an_application_is_in_time_for_240_days() -> None:
    one = claim().claim_id
    billed = {one: TODAY - timedelta(240)}
    assert still_applies([one], billed, TODAY)
    assert not still_applies([one], billed, TODAY + timedelta(1))
    assert not still_applies([uuid4()], billed, TODAY)


def test_who_is_eligible_is_charged_no_more_than_is_generally_billed() -> None:
    assert let_off_of(claim(), 5, None) == 30
    assert let_off_of(claim(), 5, 40) == 200
    assert let_off_of(claim(), 50, 40) == 300
    assert let_off_of(claim(patient_paid_cents=350), 5, 40) == 550
    assert let_off_of(claim(patient_paid_cents=900), 5, 40) == 600
    assert let_off_of(claim(forgiven_cents=100), 5, 40) == 200
    assert let_off_of(claim(), 0, 40) == 0


async def test_the_agency_waits_for_120_days_and_gets_what_was_billed(front: FrontDesk) -> None:
    await front.policy(**COVERED)
    first = await front.owe(1)
    await front.cycle()
    for days in (10, 10, 10):
        await front.later(days)
    [last] = [one for one in await front.get("/statements") if one["notice"] == "final-notice"]
    page = await shown(front, last, "html")
    assert "We do not give it to an agency before July 3, 2026." in page
    second = await front.owe(2)
    await front.later(89)
    assert await front.get("/collections") == []
    await front.later(1)
    [placement] = await front.get("/collections")
    assert (placement["placed_on"], placement["cents"]) == ("2026-07-03", SHARE)
    assert await front.owed() == {second: SHARE}
    assert first not in await front.owed()
    await front.desk.assert_books_balance()


@pytest.mark.parametrize(
    ("language", "told"),
    [("en", "The financial assistance policy of Riverside Hospital covers"),
     ("es", "La política de ayuda económica de Riverside Hospital cubre")],
)  # fmt: skip
async def test_each_statement_tells_of_the_hospitals_assistance(
    front: FrontDesk, language: str, told: str
) -> None:
    await front.policy(**COVERED)
    person = encounter_posted().person.model_copy(update={"language": language})
    await front.owe(1, person=person)
    await front.cycle()
    [statement] = await front.get("/statements")
    page = await shown(front, statement, "html")
    for text in (told, "614-555-0199", "https://riverside.example/assistance", "240"):
        assert text in page
    assert told in " ".join((await shown(front, statement, "pdf")).split())


async def test_an_application_in_time_takes_the_account_back_from_its_agency(
    front: FrontDesk,
) -> None:
    await front.policy(**COVERED)
    claim_id = await front.owe(1)
    await front.cycle()
    for days in (10, 10, 10, 90):
        await front.later(days)
    [placement] = await front.get("/collections")
    made = await apply(front, "2026-07-03")
    [event] = await front.desk.billing.published(AccountRecalledFromCollections)
    assert (event.placement_id, event.cents) == (_id(placement), SHARE)
    assert await front.owed() == {claim_id: SHARE}
    await front.later(60)
    assert len(await front.get("/statements")) == 4
    path = f"/assistance-applications/{made['application_id']}/decision"
    assert (await front.post(path, {"outcome": "approved"}))["state"] == "approved"
    assert await front.owed() == {claim_id: SHARE * 95 // 100}
    await front.desk.assert_books_balance()


async def test_an_application_too_late_or_without_a_hospital_leaves_the_agency(
    front: FrontDesk,
) -> None:
    await front.policy(**COVERED)
    await front.owe(1)
    await front.cycle()
    for days in (10, 10, 10, 90):
        await front.later(days)
    await apply(front, "2026-11-01")
    await front.policy(**{**COVERED, "hospital_policy": None})
    await apply(front, "2026-07-03")
    assert await front.desk.billing.published(AccountRecalledFromCollections) == []


async def test_charity_lets_off_down_to_what_is_generally_billed(front: FrontDesk) -> None:
    await front.policy(**{**COVERED, "hospital_policy": {**HOSPITAL, "agb_percent": 10}})
    claim_id = await front.owe(1)
    await front.pay(100)
    made = await apply(front, "2026-03-02")
    path = f"/assistance-applications/{made['application_id']}/decision"
    await front.post(path, {"outcome": "approved"})
    assert await front.owed() == {claim_id: CHARGE // 10 - 100}
    await front.desk.assert_books_balance()


@pytest.mark.parametrize("wrong", [{"assistance_scale": []}, {"notice_days": [30, 30, 30, 29]}])
async def test_a_policy_that_could_not_be_kept_is_refused(
    front: FrontDesk, wrong: dict[str, Any]
) -> None:
    async with front.desk.billing.http(front.desk.practice_id) as client:
        answer = await client.put("/balance-policy", json={**POLICY, **COVERED, **wrong})
    assert answer.status_code == 422


async def apply(front: FrontDesk, received_on: str) -> dict[str, Any]:
    body = {"application_id": str(uuid4()), "account_id": str(PATIENT),
            "received_on": received_on, "household_size": 1,
            "annual_income_cents": 2_000_000}  # fmt: skip
    answer = await front.post("/assistance-applications", body)
    assert answer["status"] == 201, answer
    return answer


async def shown(front: FrontDesk, statement: dict[str, Any], kind: str) -> str:
    async with front.desk.billing.http(front.desk.practice_id) as client:
        answer = await client.get(f"/statements/{statement['statement_id']}.{kind}")
    assert answer.status_code == 200
    return answer.text if kind == "html" else text_of(answer.content)


def _id(placement: dict[str, Any]) -> UUID:
    return UUID(placement["placement_id"])
