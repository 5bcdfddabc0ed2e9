"""What a payer leaves to a patient is told, paid, put off, given up or collected, to the cent."""

from __future__ import annotations

import json
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from libs.events.examples.interop import encounter_posted, patient_registered
from libs.local.run.feed import Feeder
from libs.local.run.platform import LocalPlatform
from libs.local.run.seed import Door
from tests.journeys.doors import at, post_batch, said
from tests.transport.platform import eventually

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]
POLICY: dict[str, Any] = {
    "statement_day": 28,
    "minimum_cents": 1,
    "portal_url": "https://pay.practice.example",
    "missed_instalments": 1,
    "assistance_scale": [{"up_to_percent": 200, "discount_percent": 50}],
}
HELD_BACK = {"notice_days": [30, 30, 30, 30]}
AT_ONCE = {"notice_days": [0, 0, 0, 0], "agency": "Scioto Recovery"}
LONG_AGO = date(2020, 1, 1)
"""Before any clock that this runs on: what is due then is due now."""


@pytest.fixture
async def door(live: LocalPlatform, doors: list[Door]) -> Door:
    await set_policy(live, doors[1], **HELD_BACK)
    return doors[1]


async def set_policy(live: LocalPlatform, door: Door, **changes: Any) -> None:
    async with at(live, "billing", door) as billing:
        answer = await billing.put("/balance-policy", json={**POLICY, **changes})
    assert answer.status_code == 200, answer.text


async def post(billing: httpx.AsyncClient, path: str, body: Any = None) -> dict[str, Any]:
    answer = await billing.post(path, json=body)
    assert answer.status_code in (200, 201), f"{path}: {answer.text}"
    found: dict[str, Any] | list[Any] = answer.json()
    return found if isinstance(found, dict) else {"items": found}


async def owes(live: LocalPlatform, door: Door, mail: str = "patients.example") -> UUID:
    """A patient who pays alone was seen: gives the account, which owes the visit's charge."""
    patient_id, practice_id = uuid4(), door.practice.practice_id
    person = patient_registered().person
    person = person.model_copy(update={"email": f"p{patient_id.hex[:8]}@{mail}"})
    registered = patient_registered(
        practice_id=practice_id, patient_id=patient_id, person=person, mrn=patient_id.hex[:8],
        coverage=None,
    )  # fmt: skip
    [line] = encounter_posted().lines
    visit = encounter_posted(
        practice_id=practice_id, patient_id=patient_id, encounter_id=uuid4(), person=person,
        provider_npi=door.practice.clinicians[0].npi, coverage=None, service_on=date(2026, 1, 20),
        source="cloudevents",
        lines=(line.model_copy(update={"procedure_code": "G0439"}),),
    )  # fmt: skip
    events = [
        {"specversion": "1.0", "source": "/front-desk", "id": str(uuid4()), "type": event.type,
         "data": event.model_dump(mode="json")}
        for event in (registered, visit)
    ]  # fmt: skip
    await post_batch(live, door.cloudevents_key, events)

    async def charged() -> bool:
        async with at(live, "billing", door) as billing:
            answer = await billing.get(f"/patients/{patient_id}/account")
        return answer.status_code == 200 and answer.json()["patient_cents"] > 0

    await eventually(charged, within_seconds=60, what="the visit is charged")
    return patient_id


async def owed(live: LocalPlatform, door: Door, account_id: UUID | str) -> int:
    async with at(live, "billing", door) as billing:
        answer = await billing.get(f"/patients/{account_id}/account")
    return answer.json()["patient_cents"]


def money(account_id: UUID | str, cents: int, method: str, **more: Any) -> dict[str, Any]:
    return {
        "payment_id": str(uuid4()),
        "account_id": str(account_id),
        "method": method,
        "cents": cents,
        "received_on": LONG_AGO.isoformat(),
        **more,
    }


async def test_a_share_is_told_charged_to_a_card_and_paid_in_full(
    live: LocalPlatform, door: Door, fed: Feeder
) -> None:
    async with at(live, "billing", door) as billing:
        balances = (await billing.get("/patient-balances", params={"limit": 200})).json()
        accounts = [one for one in balances if one["due_cents"] == one["owed_cents"]]
        for account in accounts:
            claims = (await billing.get(f"/patients/{account['account_id']}/account")).json()
            if any(claim["state"] == "paid" for claim in claims["claims"]):
                break
        else:
            pytest.fail("no payer left anything to a patient")
        account_id, cents = account["account_id"], account["due_cents"]
        statements = await post(billing, f"/patients/{account_id}/statements")
        statement_id = statements["items"][-1]["statement_id"]
        page = await billing.get(f"/statements/{statement_id}.html")
        pdf = await billing.get(f"/statements/{statement_id}.pdf")
        assert page.status_code == pdf.status_code == 200
        assert pdf.content.startswith(b"%PDF")
        await said(live, "billing.statement-issued.v1", statement_id=statement_id)
        await said(live, "engagement.statement-notice-sent.v1", statement_id=statement_id)
        body = money(account_id, cents, "card", card_token="tok_visa")
        await post(billing, "/patient-payments", body)
    about = {"payment_id": body["payment_id"]}
    await said(live, "billing.patient-payment-received.v1", **about, cents=cents)
    applied = await said(live, "billing.patient-payment-applied.v1", **about)
    parts = [json.loads(record.value or b"") for record in applied]
    fee = "agreements.management-fee-accrued.v1"
    practice_id = str(door.practice.practice_id)
    await said(live, fee, practice_id=practice_id, collected_cents=parts[0]["cents"])
    assert await owed(live, door, account_id) == 0


async def test_a_notice_that_reaches_nobody_and_a_card_that_is_declined(
    live: LocalPlatform, door: Door
) -> None:
    account_id = await owes(live, door, mail="patients.invalid")
    async with at(live, "billing", door) as billing:
        statements = await post(billing, f"/patients/{account_id}/statements")
        statement_id = statements["items"][0]["statement_id"]
        failed = "engagement.statement-notice-failed.v1"
        await said(live, failed, statement_id=statement_id, reason="550")
        body = money(account_id, 1_000, "card", card_token="tok_expired")
        await post(billing, "/patient-payments", body)
    declined = "billing.card-payment-declined.v1"
    await said(live, declined, payment_id=body["payment_id"], reason="expired-card")


async def test_a_check_bounces_a_credit_is_paid_back_and_another_goes_to_the_state(
    live: LocalPlatform, door: Door
) -> None:
    account_id = await owes(live, door)
    charge = await owed(live, door, account_id)
    async with at(live, "billing", door) as billing:
        bounced = money(account_id, charge, "check")
        await post(billing, "/patient-payments", bounced)
        returned = {"reason": "insufficient-funds"}
        await post(billing, f"/patient-payments/{bounced['payment_id']}/return", returned)
        assert await owed(live, door, account_id) == charge
        paid = money(account_id, charge + 500, "cash")
        await post(billing, "/patient-payments", paid)
        refund = {"refund_id": str(uuid4()), "payment_id": paid["payment_id"], "method": "check",
                  "cents": 300}  # fmt: skip
        await post(billing, "/patient-refunds", refund)
        unclaimed = {"property_id": str(uuid4()), "payment_id": paid["payment_id"], "state": "NV",
                     "letter_sent_on": "2019-08-01", "dormant_on": "2020-01-01",
                     "report_due_on": "2020-11-01"}  # fmt: skip
        await post(billing, "/unclaimed-property", unclaimed)
    about = {"payment_id": bounced["payment_id"]}
    await said(live, "billing.patient-payment-unapplied.v1", **about)
    await said(live, "billing.patient-payment-returned.v1", **about)
    await said(live, "billing.patient-refunded.v1", refund_id=refund["refund_id"])
    recorded = "billing.unclaimed-property-recorded.v1"
    await said(live, recorded, property_id=unclaimed["property_id"], cents=200)
    assert await owed(live, door, account_id) == 0


async def test_a_plan_ends_when_its_card_is_declined(live: LocalPlatform, door: Door) -> None:
    account_id = await owes(live, door)
    plan = {
        "plan_id": str(uuid4()),
        "account_id": str(account_id),
        "instalments": 3,
        "first_due_on": LONG_AGO.isoformat(),
        "card_token": "tok_declined",
    }
    async with at(live, "billing", door) as billing:
        await post(billing, "/payment-plans", plan)
    about = {"plan_id": plan["plan_id"]}
    await said(live, "billing.payment-plan-agreed.v1", **about)
    await said(live, "billing.instalment-missed.v1", **about, number=1)
    await said(live, "billing.payment-plan-ended.v1", **about, reason="defaulted")


async def test_a_household_of_low_income_is_let_off_half(live: LocalPlatform, door: Door) -> None:
    account_id = await owes(live, door)
    charge = await owed(live, door, account_id)
    application = {
        "application_id": str(uuid4()),
        "account_id": str(account_id),
        "received_on": LONG_AGO.isoformat(),
        "household_size": 2,
        "annual_income_cents": 2_500_000,
    }
    async with at(live, "billing", door) as billing:
        await post(billing, "/assistance-applications", application)
        path = f"/assistance-applications/{application['application_id']}/decision"
        await post(billing, path, {"outcome": "approved"})
    decided = "billing.financial-assistance-decided.v1"
    await said(live, decided, application_id=application["application_id"], outcome="approved")
    assert await owed(live, door, account_id) == charge // 2


async def test_who_never_answers_goes_to_the_agency_and_is_recalled(
    live: LocalPlatform, door: Door
) -> None:
    account_id = await owes(live, door)
    charge = await owed(live, door, account_id)
    await set_policy(live, door, **AT_ONCE)
    async with at(live, "billing", door) as billing:
        await post(billing, f"/patients/{account_id}/statements")
        sent = "billing.account-sent-to-collections.v1"
        [record] = await said(live, sent, account_id=str(account_id))
        placement = json.loads(record.value or b"")
        assert placement["cents"] == charge
        await set_policy(live, door, **HELD_BACK)
        notices = await billing.get("/statements", params={"account_id": str(account_id)})
        assert len(notices.json()) == 4
        await post(billing, f"/collections/{placement['placement_id']}/recall")
    recalled = "billing.account-recalled-from-collections.v1"
    await said(live, recalled, placement_id=placement["placement_id"], cents=charge)
    assert await owed(live, door, account_id) == charge
