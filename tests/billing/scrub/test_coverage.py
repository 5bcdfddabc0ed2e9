"""What the payer said of a coverage holds a claim, and what it says later lets it go."""

from __future__ import annotations

from datetime import timedelta

import pytest

from libs.events.contracts.billing_holds import ClaimHeld, ClaimReleased
from libs.events.examples.interop import (
    PATIENT,
    encounter_corrected,
    encounter_posted,
    patient_registered,
)
from libs.local.payer.coverage import Coverages, read_enquiries
from tests.billing.desk import Desk, set_payer, visit
from tests.billing.eligibility.asking import COVERED, ENDED, UNKNOWN, ask, asked, files, hear


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


async def edits(desk: Desk) -> list[tuple[str, bool]]:
    rows = await desk.fetch(
        "SELECT rule_id, mended_at IS NULL AS stands FROM claim_edit ORDER BY rule_id"
    )
    return [(row["rule_id"], row["stands"]) for row in rows]


async def answers_questions(desk: Desk) -> None:
    await set_payer(desk, "BUCKEYE01", answers_eligibility=True)


@pytest.mark.parametrize(
    ("coverages", "state", "stands"),
    [
        (COVERED, "submitted", []),
        (ENDED, "held", ["coverage-inactive"]),
        (UNKNOWN, "submitted", ["coverage-unverified"]),
    ],
)
async def test_a_visit_that_nobody_asked_about_waits_for_what_its_payer_says(
    desk: Desk, coverages: Coverages, state: str, stands: list[str]
) -> None:
    await answers_questions(desk)
    await desk.see_patients()
    assert await desk.states() == ["held"]
    [held] = await desk.billing.published(ClaimHeld)
    assert (held.reason, held.edits) == ("claim-edits", ("coverage-awaited",))
    said = read_enquiries(files(desk)[0])
    assert [one.on for one in said.patients] == [f"{visit(0).service_on:%Y%m%d}"]
    await hear(desk, said, coverages)
    await desk.send()
    assert await desk.states() == [state]
    assert [rule for rule, is_standing in await edits(desk) if is_standing] == stands
    assert len(files(desk)) == 1
    [claim] = await desk.fetch("SELECT is_clean FROM claim")
    assert claim["is_clean"] is (state == "submitted"), "waiting is no fault of the claim"


async def test_a_payer_that_does_not_answer_keeps_no_claim_for_more_than_two_days(
    desk: Desk,
) -> None:
    await answers_questions(desk)
    await desk.see_patients(2)
    await desk.billing.fire_timers(desk.billing.clock.now() + timedelta(days=2))
    await desk.send()
    assert await desk.states() == ["submitted", "submitted"]
    assert len(await desk.billing.published(ClaimReleased)) == 2
    assert [rule for rule, stands in await edits(desk) if stands] == ["coverage-unverified"] * 2


async def test_a_payer_that_answers_no_questions_is_not_asked_and_keeps_no_claim(
    desk: Desk,
) -> None:
    await set_payer(desk, "BUCKEYE01", name="BUCKEYE MUTUAL")
    await desk.see_patients()
    assert files(desk) == []
    assert await desk.states() == ["submitted"]


async def test_a_coverage_that_is_known_is_not_asked_about_again(desk: Desk) -> None:
    await answers_questions(desk)
    await hear(desk, await asked(desk, service_on=str(visit(0).service_on)), COVERED)
    await desk.see_patients()
    assert len(files(desk)) == 1
    assert await desk.states() == ["submitted"]


async def test_a_visit_that_is_corrected_to_another_day_is_asked_about_once_for_that_day(
    desk: Desk,
) -> None:
    await answers_questions(desk)
    await desk.see_patients()
    corrected = encounter_corrected(encounter_id=visit(0).encounter_id)
    await desk.billing.receive(corrected)
    await desk.send()
    days = [read_enquiries(content).patients[0].on for content in files(desk)]
    assert days == [f"{on:%Y%m%d}" for on in (visit(0).service_on, corrected.service_on)]
    await hear(desk, read_enquiries(files(desk)[0]), COVERED, "1.271")
    await desk.send()
    await hear(desk, read_enquiries(files(desk)[1]), COVERED, "2.271")
    await desk.send()
    assert await desk.states() == ["submitted"]


async def test_where_the_chart_names_another_payer_nothing_is_asked(desk: Desk) -> None:
    await answers_questions(desk)
    elsewhere = visit(0).coverage
    assert elsewhere is not None
    other = elsewhere.model_copy(update={"payer_id": "ORCHARD1"})
    await desk.billing.receive(patient_registered(patient_id=PATIENT, coverage=other))
    await desk.see_patients()
    assert files(desk) == []
    assert await desk.states() == ["submitted"]
