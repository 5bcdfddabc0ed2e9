"""A posted visit is priced from the practice's dated fee schedule."""

from __future__ import annotations

from datetime import date
from uuid import uuid5

from libs.events.contracts.billing import ChargesPosted
from libs.events.contracts.billing_holds import ClaimHeld, ClaimReleased
from libs.events.examples.agreements import practice_onboarded
from libs.events.examples.credentialing import provider_credentialed, provider_enrolled
from libs.events.examples.interop import ENCOUNTER, NAMESPACE, PRACTICE, encounter_posted, line
from services.billing.charges.model import price
from tests.billing.desk import Desk, set_fee_schedule, visit
from tests.harness import Harness


def test_a_price_is_per_unit() -> None:
    lines = [line(units=3), line(line_number=2, procedure_code="G0444")]
    assert price(lines, {"G0439": 17_800, "G0444": 2_650}) == [53_400, 2_650]


def test_a_visit_with_one_unpriced_service_is_not_priced_in_part() -> None:
    lines = [line(), line(line_number=2, procedure_code="G0444")]
    assert price(lines, {"G0439": 17_800}) == "procedure-not-priced"
    assert price(lines, None) == "no-fee-schedule"


async def test_charges_are_posted_and_stand_in_the_payers_receivable(desk: Desk) -> None:
    two = (line(), line(line_number=2, procedure_code="G0444", units=2))
    await desk.billing.receive(encounter_posted(lines=two))
    [posted] = await desk.billing.published(ChargesPosted)
    assert posted.claim_id == uuid5(ENCOUNTER, "claim")
    assert (posted.charge_cents, posted.lines) == (17_800 + 2 * 2_650, 2)
    assert posted.service_month == date(2026, 3, 1)
    assert await desk.sums() == {
        "charges": 23_100, "paid": 0, "adjusted": 0, "patient": 0, "open": 23_100,
    }  # fmt: skip
    await desk.assert_books_balance()


async def test_a_redelivered_visit_is_charged_once(desk: Desk) -> None:
    seen = encounter_posted()
    await desk.billing.receive(seen, seen)
    assert len(await desk.billing.published(ChargesPosted)) == 1
    assert (await desk.sums())["charges"] == 17_800


async def test_the_schedule_in_force_on_the_day_of_service_decides(desk: Desk) -> None:
    await set_fee_schedule(desk.billing, {"G0439": 20_000}, effective_on="2026-03-15")
    await desk.billing.receive(
        visit(1, service_on=date(2026, 3, 14)), visit(2, service_on=date(2026, 3, 15))
    )
    posted = await desk.billing.published(ChargesPosted)
    assert [charges.charge_cents for charges in posted] == [17_800, 20_000]


async def test_without_a_schedule_the_visit_waits_without_charges(billing: Harness) -> None:
    await billing.given(practice_onboarded(), provider_credentialed(), provider_enrolled())
    await billing.receive(encounter_posted())
    [held] = await billing.published(ClaimHeld)
    assert held.reason == "no-fee-schedule"
    assert await billing.published(ChargesPosted) == []

    await set_fee_schedule(billing)
    assert len(await billing.published(ChargesPosted)) == 1
    assert len(await billing.published(ClaimReleased)) == 1


async def test_an_unpriced_procedure_waits_for_a_schedule_that_prices_it(desk: Desk) -> None:
    await desk.billing.receive(encounter_posted(lines=(line(procedure_code="G0101"),)))
    [held] = await desk.billing.published(ClaimHeld)
    assert held.reason == "procedure-not-priced"
    assert (await desk.sums())["charges"] == 0

    await set_fee_schedule(desk.billing, {"G0101": 5_900}, effective_on="2026-02-01")
    [posted] = await desk.billing.published(ChargesPosted)
    assert posted.charge_cents == 5_900
    assert await desk.states() == ["ready"]


async def test_without_coverage_the_patient_owes_it_all_and_no_claim_goes_out(desk: Desk) -> None:
    await desk.see_patients(coverage=None)
    [posted] = await desk.billing.published(ChargesPosted)
    assert posted.payer_id is None
    assert await desk.states() == ["self-pay"]
    assert await desk.sums() == {
        "charges": 17_800, "paid": 0, "adjusted": 0, "patient": 17_800, "open": 0,
    }  # fmt: skip
    assert desk.sent() == []


async def test_a_patient_who_pays_waits_for_a_price_and_is_released_too(billing: Harness) -> None:
    await billing.receive(encounter_posted(coverage=None))
    await set_fee_schedule(billing)
    assert len(await billing.published(ClaimHeld)) == 1
    assert len(await billing.published(ClaimReleased)) == 1


async def test_the_same_schedule_again_is_the_same_and_other_content_is_a_conflict(
    billing: Harness,
) -> None:
    command = {
        "fee_schedule_id": str(uuid5(NAMESPACE, "schedule")),
        "effective_on": "2026-01-01",
        "prices_cents": {"G0439": 17_800},
    }
    async with billing.http(PRACTICE) as client:
        first = await client.post("/fee-schedules", json=command)
        again = await client.post("/fee-schedules", json=command)
        other = await client.post("/fee-schedules", json={**command, "prices_cents": {"G0439": 1}})
        unit = {**command, "prices_cents": {"G0439": "178"}}
        wrong = await client.post("/fee-schedules", json=unit)
    assert (first.status_code, again.status_code) == (201, 201)
    assert (other.status_code, wrong.status_code) == (409, 422)
