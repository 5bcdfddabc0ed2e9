"""271s that must not be believed: each is put aside or refused, and what was known stands."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import structlog

from libs.events.contracts.billing_eligibility import (
    CoverageEnded,
    CoverageVerified,
    InquiryRefused,
)
from libs.events.examples.interop import PATIENT
from services.billing.eligibility.store import coverage_on
from tests.billing.desk import Desk
from tests.billing.eligibility.asking import COVERED, ask, asked, get, hear, in_envelope, written

ON = date(2026, 3, 5)
ACTIVE, INACTIVE = "EB*1**30**GOLD PLAN", "EB*6**30**GOLD PLAN"


async def _standing(desk: Desk) -> str:
    async with desk.billing.uow(desk.practice_id) as uow:
        return await coverage_on(uow.db, desk.practice_id, PATIENT, "BUCKEYE01", ON)


async def _refusals(desk: Desk) -> list[str]:
    return [event.reason for event in await desk.billing.published(InquiryRefused)]


@pytest.mark.parametrize(
    ("rejection", "reason", "again"),
    [
        ("AAA*N**75*C", "member-not-found", True),
        ("AAA*N**71*C", "member-data", True),
        ("AAA*N**51*N", "provider", False),
        ("AAA*N**62*S", "date", False),
        ("AAA*Y**42*Y", "payer-unavailable", False),
        ("AAA*N**15*C", "request-invalid", True),
        ("AAA*N**ZZ*C", "request-invalid", True),
    ],
)
async def test_a_rejection_is_no_word_on_the_coverage(
    desk: Desk, rejection: str, reason: str, again: bool
) -> None:
    said = await asked(desk)
    await hear(desk, said, COVERED)
    await ask(desk, 2, service_on="2026-03-05")
    await desk.billing.fire_timers()
    second = said.patients[0]
    [row] = await desk.fetch("SELECT inquiry_id FROM eligibility_inquiry WHERE state = 'asked'")
    second.trace = row["inquiry_id"].hex.upper()
    await desk.hear("2.271", written(said, rejection))
    [refused] = await desk.billing.published(InquiryRefused)
    assert (refused.reason, refused.may_ask_again) == (reason, again)
    assert await desk.billing.published(CoverageEnded) == []
    assert await _standing(desk) == "active"


async def test_a_rejection_beside_an_inactive_benefit_is_still_a_rejection(desk: Desk) -> None:
    await desk.hear("1.271", written(await asked(desk), "AAA*N**75*C", INACTIVE))
    assert await _refusals(desk) == ["member-not-found"]
    assert await _standing(desk) == "unknown"


async def test_a_rejection_of_the_payers_level_refuses_everybody_in_the_file(desk: Desk) -> None:
    said = await asked(desk)
    body = [
        f"BHT*0022*11*{said.reference}*20260302*1200",
        "HL*1**20*0",
        "AAA*Y**42*R",
        "NM1*PR*2*BUCKEYE MUTUAL*****PI*BUCKEYE01",
    ]
    await desk.hear("1.271", in_envelope(body))
    assert await _refusals(desk) == ["payer-unavailable"]


@pytest.mark.parametrize("order", [(ACTIVE, INACTIVE), (INACTIVE, ACTIVE)])
async def test_active_and_inactive_at_once_go_to_a_person(
    desk: Desk, order: tuple[str, str]
) -> None:
    await desk.hear("1.271", written(await asked(desk), *order))
    assert await _refusals(desk) == ["answer-contradicts-itself"]
    assert await _standing(desk) == "unknown"
    [listed] = await get(desk, "/eligibility-inquiries", reason="answer-contradicts-itself")
    assert listed["patient_id"] == str(PATIENT)


async def test_a_plan_that_ended_before_the_one_in_force_contradicts_nothing(desk: Desk) -> None:
    last_year = "DTP*291*RD8*20250101-20251231"
    await desk.hear("1.271", written(await asked(desk), INACTIVE, last_year, ACTIVE))
    assert await _standing(desk) == "active"


async def test_no_dental_cover_is_no_end_of_the_plan(desk: Desk) -> None:
    await desk.hear("1.271", written(await asked(desk), ACTIVE, "EB*6**35"))
    assert await _standing(desk) == "active"


async def test_an_active_plan_that_is_still_to_begin_does_not_cover_the_day(desk: Desk) -> None:
    await desk.hear("1.271", written(await asked(desk), ACTIVE, "DTP*346*D8*20260401"))
    [ended] = await desk.billing.published(CoverageEnded)
    assert ended.starts_on == date(2026, 4, 1)
    assert await _standing(desk) == "inactive"


@pytest.mark.parametrize(
    "who",
    [
        {"born": "19840518"},
        {"name": "NM1*IL*1*RIVERO*ALMA****MI*BM4472"},
        {"name": "NM1*IL*1*SMITH*JOHN****MI*BM4471"},
    ],
)
async def test_an_answer_about_another_patient_is_discarded_and_alerted(
    desk: Desk, who: dict[str, Any]
) -> None:
    said = await asked(desk)
    with structlog.testing.capture_logs() as logged:
        await desk.hear("1.271", written(said, INACTIVE, **who))
    assert await _refusals(desk) == ["answer-about-another"]
    assert await _standing(desk) == "unknown"
    assert await desk.fetch("SELECT * FROM coverage_answer") == []
    [alert] = [entry for entry in logged if entry["log_level"] == "error"]
    assert alert["reason"] == "answer-about-another"


@pytest.mark.parametrize(
    "who",
    [
        {"born": None},
        {"name": "NM1*IL*1*RIVERA*ALMA****MI*BM9999"},
        {"name": "NM1*IL*1*Rivera-Ortiz*ALMA****MI*BM4471"},
        {"name": "NM1*IL*1*RIVERA*ALMA JOSEFINA****MI*BM 44-71"},
    ],
)
async def test_one_detail_that_is_spelt_otherwise_is_still_the_patient(
    desk: Desk, who: dict[str, Any]
) -> None:
    await desk.hear("1.271", written(await asked(desk), ACTIVE, **who))
    assert await _standing(desk) == "active"


@pytest.mark.parametrize("trace", ["93175-012547", "0BADC0DE" * 4, "É" * 32])
async def test_an_answer_to_no_question_of_ours_is_refused_as_a_file(
    desk: Desk, trace: str
) -> None:
    said = await asked(desk)
    content = written(said, ACTIVE, trace=trace.encode("ascii", "replace").decode())
    await desk.hear("1.271", content)
    assert await desk.verdicts() == {"1.271": ("refused", "unknown-inquiries")}
    assert await desk.billing.published(CoverageVerified) == []


async def test_neither_active_nor_inactive_is_no_decision(desk: Desk) -> None:
    await desk.hear("1.271", written(await asked(desk), "EB*U**30", "MSG*CALL US ABOUT ALMA"))
    assert await _refusals(desk) == ["no-decision"]


async def test_the_same_answer_in_another_file_changes_nothing(desk: Desk) -> None:
    said = await asked(desk)
    await desk.hear("1.271", written(said, ACTIVE))
    await desk.hear("2.271", written(said, INACTIVE))
    assert len(await desk.billing.published(CoverageVerified)) == 1
    assert await desk.billing.published(CoverageEnded) == []
    assert await _standing(desk) == "active"


@pytest.mark.parametrize(
    ("segment", "code"),
    [
        ("EB*B**98***27*1,000", "bad-amount"),
        ("EB*B**98***27*1.005", "bad-amount"),
        ("EB*B**98***27*1E3", "bad-amount"),
        ("EB*B**98***27*-10", "bad-amount"),
        ("EB*B**98***27*1234567890123456789", "bad-amount"),
        ("EB*A**30***27**20", "bad-quantity"),
        ("EB*A**30***27**.12345", "bad-quantity"),
        ("EB*A**30***27**-.2", "bad-quantity"),
        ("EB", "missing-element"),
        ("DTP*346*D8*20260230", "bad-date"),
        ("DTP*291*RD8*20261231-20260101", "bad-date"),
        ("AAA*N", "missing-element"),
        ("HL*4*3*19*0", "bad-code"),
        ("CLP*1*1*1*1", "unexpected-segment"),
    ],
)
async def test_what_is_malformed_refuses_the_whole_file(
    desk: Desk, segment: str, code: str
) -> None:
    await desk.hear("1.271", written(await asked(desk), ACTIVE, segment))
    assert await desk.verdicts() == {"1.271": ("refused", code)}
    assert await desk.fetch("SELECT * FROM coverage_answer") == []


async def test_a_patient_with_endless_benefits_is_refused(desk: Desk) -> None:
    await desk.hear("1.271", written(await asked(desk), *["EB*1**30"] * 2001))
    assert await desk.verdicts() == {"1.271": ("refused", "too-many")}
    await desk.hear("2.271", written(await asked(desk), ACTIVE, *["MSG*AND SO ON"] * 501))
    assert (await desk.verdicts())["2.271"] == ("refused", "too-many")


async def test_no_refusal_repeats_what_the_file_said(desk: Desk) -> None:
    await desk.hear("1.271", written(await asked(desk), "DTP*346*D8*SECRET"))
    [refused] = await get(desk, "/refused-files")
    assert "SECRET" not in str(refused)
    assert refused["place"].startswith("segment ")
