"""A credit that nobody claims is owed to a state by its own rule: on file, or the practice's."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from libs.events.contracts.billing_balances import UnclaimedPropertyRecorded
from services.billing.balances.unclaimed.model import (
    Schedule,
    letter_problem,
    rule_in_force,
    schedule_of,
)
from services.billing.balances.unclaimed.states import STATES
from tests.billing.balances.front_desk import FrontDesk
from tests.billing.balances.test_refunds import credit

NEVADA: dict[str, Any] = {
    "rule_id": "00000000-0000-0000-0000-00000000a001",
    "state": "NV",
    "effective_on": "2020-01-01",
    "dormancy_months": 36,
    "cut_off": "06-30",
    "report_due": "10-31",
    "letter_from_cents": 5_000,
    "letter_latest_days": 60,
    "letter_earliest_days": 120,
    "none_below_cents": 0,
    "source": "counsel's letter of January 2026",
}


@pytest.mark.parametrize(
    ("state", "cents", "dormant", "from_", "by", "report"),
    [
        ("DC", 50_00, "2029-03-02", "2029-07-03", "2029-09-01", "2029-10-31"),
        ("FL", 50_00, "2031-03-02", "2032-01-01", "2032-03-01", "2032-04-30"),
        ("IA", 50_00, "2029-03-02", None, "2029-10-31", "2029-10-31"),
        ("MI", 50_00, "2029-03-02", "2028-07-01", "2029-05-02", "2029-07-01"),
        ("MO", 50_00, "2031-03-02", "2030-10-31", "2031-10-31", "2031-10-31"),
        ("MS", 999_999, "2031-03-02", None, None, "2031-10-31"),
        ("OH", 50_00, "2029-03-02", None, "2029-10-01", "2029-10-31"),
        ("PA", 50_00, "2029-03-02", "2029-12-16", "2030-02-14", "2030-04-15"),
        ("SC", 50_00, "2031-03-02", "2031-07-03", "2031-10-31", "2031-10-31"),
        ("SD", 50_00, "2029-03-02", None, "2029-10-31", "2029-10-31"),
        ("TX", 250_01, "2029-03-02", None, "2030-05-01", "2030-07-01"),
        ("VA", 100_00, "2031-03-02", None, "2031-09-01", "2031-10-31"),
        ("WA", 50_00, "2029-03-02", "2029-05-04", "2029-09-01", "2029-10-31"),
        ("WY", 50_00, "2031-03-02", "2031-07-04", "2031-11-01", "2031-11-01"),
    ],
)
def test_each_state_on_file_gives_its_dates(
    state: str, cents: int, dormant: str, from_: str | None, by: str | None, report: str
) -> None:
    rule = STATES[state]
    assert schedule_of(rule, date(2026, 3, 2), cents) == Schedule(
        date.fromisoformat(dormant),
        date.fromisoformat(from_) if from_ else None,
        date.fromisoformat(by) if by else None,
        date.fromisoformat(report),
    )
    if rule.letter_from_cents is not None:
        small = schedule_of(rule, date(2026, 3, 2), rule.letter_from_cents - 1)
        assert small is not None
        assert small.letter_by is None


def test_every_rule_on_file_names_its_sections_and_was_tried() -> None:
    assert set(STATES) == {
        "DC", "FL", "IA", "MI", "MO", "MS", "OH", "PA", "SC", "SD", "TX", "VA", "WA", "WY",
    }  # fmt: skip
    assert all(any(c.isdigit() for c in rule.source) for rule in STATES.values())


def test_what_is_dormant_after_the_cut_off_is_in_the_next_report() -> None:
    texas = STATES["TX"]
    on_the_day = schedule_of(texas, date(2026, 3, 1), 1)
    a_day_later = schedule_of(texas, date(2026, 3, 2), 1)
    assert on_the_day is not None
    assert a_day_later is not None
    assert on_the_day.report_due_on == date(2029, 7, 1)
    assert a_day_later.report_due_on == date(2030, 7, 1)
    leap = schedule_of(texas, date(2024, 2, 29), 1)
    assert leap is not None
    assert leap.dormant_on == date(2027, 2, 28)


def test_florida_takes_no_credit_below_ten_dollars() -> None:
    assert schedule_of(STATES["FL"], date(2026, 3, 2), 9_99) is None
    assert schedule_of(STATES["FL"], date(2026, 3, 2), 10_00) is not None


def test_a_letter_is_in_time_between_its_first_and_its_last_day() -> None:
    schedule = schedule_of(STATES["DC"], date(2026, 3, 2), 50_00)
    assert schedule is not None
    first, last, day = date(2029, 7, 3), date(2029, 9, 1), timedelta(1)
    assert letter_problem(schedule, None) == "none-sent"
    assert letter_problem(schedule, first - day) == "too-early"
    assert letter_problem(schedule, first) is None
    assert letter_problem(schedule, last) is None
    assert letter_problem(schedule, last + day) == "too-late"


def test_the_rule_that_holds_is_the_latest_that_was_law_when_the_credit_became_dormant() -> None:
    five = STATES["TX"].model_copy(update={"effective_on": date(2010, 1, 1), "dormancy_months": 60})
    three = five.model_copy(update={"effective_on": date(2029, 7, 1), "dormancy_months": 36})
    assert rule_in_force([five, three], date(2026, 7, 1)) == three
    assert rule_in_force([five, three], date(2026, 6, 30)) == five
    assert rule_in_force([three], date(2026, 6, 30)) is None
    assert rule_in_force([], date(2026, 6, 30)) is None


async def test_a_dormant_credit_is_owed_to_the_state_once(front: FrontDesk) -> None:
    payment_id = await credit(front, 300_00)
    shown = await front.get(f"/patient-credits/{payment_id}/dormancy", state="TX")
    assert (shown["dormant_on"], shown["report_due_on"]) == ("2029-03-02", "2030-07-01")
    assert (shown["letter_by"], shown["note"]) == ("2030-05-01", None)
    assert "72.101" in shown["source"]
    body = {
        "property_id": str(uuid4()),
        "payment_id": payment_id,
        "state": "TX",
        "letter_sent_on": "2030-04-01",
    }
    early = await front.post("/unclaimed-property", body)
    assert (early["status"], early["title"]) == (409, "nothing of this payment is dormant yet")
    front.desk.billing.clock.move_to(datetime(2030, 6, 1, tzinfo=UTC))
    late = {**body, "letter_sent_on": "2030-05-02"}
    assert (await front.post("/unclaimed-property", late))["status"] == 409
    none = {**body, "letter_sent_on": None}
    refused = await front.post("/unclaimed-property", none)
    assert (refused["status"], refused["title"]) == (
        409, "letter_sent_on: the owner must be written to first",
    )  # fmt: skip
    made = await front.post("/unclaimed-property", body)
    assert (made["cents"], made["report_due_on"]) == (300_00, "2030-07-01")
    assert await front.post("/unclaimed-property", body) == made
    assert await front.stands("unclaimed-property") == -300_00
    assert await front.stands("patient-credit") == 0
    [event] = await front.desk.billing.published(UnclaimedPropertyRecorded)
    assert event.state == "TX"


async def test_a_small_credit_needs_no_letter(front: FrontDesk) -> None:
    payment_id = await credit(front, 249_00)
    front.desk.billing.clock.move_to(datetime(2030, 6, 1, tzinfo=UTC))
    body = {"property_id": str(uuid4()), "payment_id": payment_id, "state": "TX"}
    made = await front.post("/unclaimed-property", body)
    assert (made["status"], made["letter_sent_on"]) == (201, None)
    assert await front.post("/unclaimed-property", body) == made


async def test_a_state_without_a_rule_waits_for_a_person_with_dates(front: FrontDesk) -> None:
    payment_id = await credit(front, 250)
    front.desk.billing.clock.move_to(datetime(2031, 6, 1, tzinfo=UTC))
    shown = await front.get(f"/patient-credits/{payment_id}/dormancy", state="NV")
    assert (shown["dormant_on"], shown["source"]) == (None, None)
    assert shown["note"].startswith("no rule on file for NV: ask counsel")
    body = {"property_id": str(uuid4()), "payment_id": payment_id, "state": "NV",
            "letter_sent_on": "2031-04-01"}  # fmt: skip
    refused = await front.post("/unclaimed-property", body)
    assert refused["status"] == 409
    assert refused["title"].startswith("no rule on file for NV: ask counsel")
    dates = {"dormant_on": "2031-03-02", "report_due_on": "2031-11-01"}
    unsent = {**body, **dates, "letter_sent_on": None}
    assert (await front.post("/unclaimed-property", unsent))["status"] == 409
    assert (await front.post("/unclaimed-property", {**body, **dates}))["status"] == 201


async def test_a_practice_sets_its_own_dated_rule_and_it_goes_before_what_is_on_file(
    front: FrontDesk,
) -> None:
    assert (await front.post("/unclaimed-property-rules", NEVADA))["status"] == 201
    assert (await front.post("/unclaimed-property-rules", NEVADA))["status"] == 201
    other = {**NEVADA, "dormancy_months": 60}
    assert (await front.post("/unclaimed-property-rules", other))["status"] == 409
    same_day = {**other, "rule_id": str(uuid4())}
    assert (await front.post("/unclaimed-property-rules", same_day))["status"] == 409
    texas = {**other, "rule_id": "00000000-0000-0000-0000-00000000a002", "state": "TX"}
    assert (await front.post("/unclaimed-property-rules", texas))["status"] == 201
    assert await front.get("/unclaimed-property-rules") == [NEVADA, texas]
    after = await front.get("/unclaimed-property-rules", after=NEVADA["rule_id"], limit=1)
    assert after == [texas]
    payment_id = await credit(front, 60_00)
    shown = await front.get(f"/patient-credits/{payment_id}/dormancy", state="NV")
    assert (shown["dormant_on"], shown["letter_from"]) == ("2029-03-02", "2029-07-03")
    assert shown["source"] == NEVADA["source"]
    shown = await front.get(f"/patient-credits/{payment_id}/dormancy", state="TX")
    assert shown["dormant_on"] == "2031-03-02"
    on_file = await front.get("/unclaimed-property-rules/on-file")
    assert {rule["state"] for rule in on_file} == set(STATES)


@pytest.mark.parametrize(
    "wrong", [{"cut_off": "02-30"}, {"report_due": "1-1"}, {"letter_earliest_days": 59}]
)
async def test_a_rule_that_cannot_be_kept_is_refused(
    front: FrontDesk, wrong: dict[str, Any]
) -> None:
    assert (await front.post("/unclaimed-property-rules", {**NEVADA, **wrong}))["status"] == 422
