"""A claim waits for the facts it needs, and goes out by itself when they are heard."""

from __future__ import annotations

import asyncio
from datetime import date

import pytest

from libs.events.contracts import Event
from libs.events.contracts.billing import ChargesPosted
from libs.events.contracts.billing_holds import ClaimHeld, ClaimReleased
from libs.events.examples.agreements import practice_onboarded
from libs.events.examples.credentialing import provider_credentialed, provider_enrolled
from libs.events.examples.interop import COVERAGE, PERSON, PRACTICE, encounter_posted
from services.billing.charges.handlers import post_charges
from services.billing.facts.handlers import know_enrollment
from tests.billing.desk import Desk, set_fee_schedule, visit
from tests.harness import Harness

FACTS = {
    "practice-unknown": practice_onboarded(),
    "provider-not-credentialed": provider_credentialed(),
    "provider-not-enrolled": provider_enrolled(),
}


@pytest.mark.parametrize("missing", FACTS)
async def test_a_claim_waits_for_a_fact_and_is_released_by_it_once(
    billing: Harness, missing: str
) -> None:
    known = [fact for reason, fact in FACTS.items() if reason != missing]
    await billing.given(*known)
    await set_fee_schedule(billing)
    await billing.receive(encounter_posted())
    [held] = await billing.published(ClaimHeld)
    assert held.reason == missing
    assert await billing.published(ClaimReleased) == []

    fact = FACTS[missing]
    await billing.receive(fact, fact)
    assert len(await billing.published(ClaimReleased)) == 1
    assert len(await billing.published(ChargesPosted)) == 1


async def test_charges_stand_in_the_ledger_while_the_claim_is_held(billing: Harness) -> None:
    await set_fee_schedule(billing)
    await billing.receive(encounter_posted())
    assert [type(event) for event in await billing.published_all()] == [ChargesPosted, ClaimHeld]


@pytest.mark.parametrize(
    ("enrolled", "reason"),
    [
        (provider_enrolled(effective_on=date(2026, 3, 2)), None),
        (provider_enrolled(effective_on=date(2026, 3, 3)), "provider-not-enrolled"),
        (provider_enrolled(ends_on=date(2026, 3, 2)), "provider-not-enrolled"),
        (provider_enrolled(ends_on=date(2026, 3, 3)), None),
        (provider_enrolled(payer_id="OTHER01"), "provider-not-enrolled"),
    ],
)
async def test_enrollment_must_hold_on_the_day_of_service_with_that_payer(
    billing: Harness, enrolled: Event, reason: str | None
) -> None:
    await billing.given(practice_onboarded(), provider_credentialed(), enrolled)
    await set_fee_schedule(billing)
    await billing.receive(encounter_posted(service_on=date(2026, 3, 2)))
    assert [held.reason for held in await billing.published(ClaimHeld)] == [reason][: bool(reason)]


async def test_an_enrollment_releases_only_the_visits_it_covers(billing: Harness) -> None:
    await billing.given(practice_onboarded(), provider_credentialed())
    await set_fee_schedule(billing)
    await billing.receive(
        visit(1, service_on=date(2026, 2, 27)), visit(2, service_on=date(2026, 3, 2))
    )
    await billing.receive(provider_enrolled(effective_on=date(2026, 3, 1)))
    [released] = await billing.published(ClaimReleased)
    assert released.service_month == date(2026, 3, 1)


async def test_a_claim_that_waits_for_several_facts_says_each_and_leaves_each_once(
    billing: Harness,
) -> None:
    await billing.receive(encounter_posted())
    await set_fee_schedule(billing)
    await billing.receive(*FACTS.values())
    holds = [e for e in await billing.published_all() if isinstance(e, ClaimHeld | ClaimReleased)]
    assert [e.reason if isinstance(e, ClaimHeld) else "released" for e in holds] == [
        "no-fee-schedule", "released", "practice-unknown", "released",
        "provider-not-credentialed", "released", "provider-not-enrolled", "released",
    ]  # fmt: skip
    async with billing.uow(PRACTICE) as uow:
        assert await uow.db.fetchval("SELECT state FROM claim") == "ready"


async def test_a_visit_and_the_fact_it_needs_committed_at_once_do_not_miss_each_other(
    billing: Harness,
) -> None:
    """The visit does not see the uncommitted enrollment, nor the enrollment the visit."""
    await billing.given(practice_onboarded(), provider_credentialed())
    await set_fee_schedule(billing)
    handled = asyncio.Event()

    async def post() -> None:
        async with billing.uow(PRACTICE) as uow:
            await post_charges(encounter_posted(), uow)
            handled.set()
            # Long enough for the other transaction to look, or to begin to wait for this one.
            await until_waiting_or(enrolling)

    async def enroll() -> None:
        await handled.wait()
        async with billing.uow(PRACTICE) as uow:
            await know_enrollment(provider_enrolled(), uow)

    async def until_waiting_or(task: asyncio.Task[None]) -> None:
        async with asyncio.timeout(10):
            while not task.done() and not await _somebody_waits(billing):
                await asyncio.sleep(0.01)

    enrolling = asyncio.create_task(enroll())
    await asyncio.gather(post(), enrolling)
    assert len(await billing.published(ClaimReleased)) == 1


async def _somebody_waits(billing: Harness) -> bool:
    return await billing.pool.fetchval(
        "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()"
        " AND wait_event_type = 'Lock')"
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"person": PERSON.model_copy(update={"family": "李"})},
        {"person": PERSON.model_copy(update={"address_line": None})},
        {"person": PERSON.model_copy(update={"postal_code": "4300"})},
        {"coverage": COVERAGE.model_copy(update={"member_id": "BM*4471"})},
    ],
)
async def test_a_claim_that_x12_cannot_carry_is_held_and_stops_no_other(
    desk: Desk, changes: dict[str, object]
) -> None:
    await desk.billing.receive(visit(1, **changes), visit(2))
    await desk.send()
    [held] = await desk.billing.published(ClaimHeld)
    assert held.reason == "claim-incomplete"
    [submission] = desk.sent()
    assert len(submission.claims) == 1
    assert sorted(await desk.states()) == ["held", "submitted"]


async def test_accents_are_written_plainly(desk: Desk) -> None:
    await desk.see_patients(person=PERSON.model_copy(update={"family": "Muñoz", "city": "Peña"}))
    [submission] = desk.sent()
    assert submission.claims[0].subscriber.name == "Munoz"
