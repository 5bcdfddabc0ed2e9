"""What the payer said of a coverage holds a claim, and what it says later lets it go."""

from __future__ import annotations

from datetime import timedelta

from libs.events.contracts.billing_holds import ClaimHeld
from libs.events.examples.interop import encounter_posted
from libs.local.payer.coverage import read_enquiries
from tests.billing.desk import Desk, visit
from tests.billing.eligibility.asking import COVERED, ENDED, ask, asked, files, hear


async def test_a_coverage_that_the_payer_calls_ended_holds_the_claim_until_it_says_otherwise(
    desk: Desk,
) -> None:
    await hear(desk, await asked(desk, service_on="2026-03-02"), ENDED)
    await desk.billing.receive(encounter_posted(), visit(1))
    assert [one.edits for one in await desk.billing.published(ClaimHeld)] == [
        ("coverage-inactive",)
    ], "nobody asked about the other patient"

    desk.billing.clock.advance(timedelta(hours=1))
    await ask(desk, 2, service_on="2026-03-02")
    await desk.billing.fire_timers()
    await hear(desk, read_enquiries(files(desk)[-1]), COVERED, "2.271")
    assert await desk.states() == ["ready", "submitted"]
