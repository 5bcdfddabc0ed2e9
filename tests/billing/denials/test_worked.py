"""What people do about a denial: once each, in an order that makes sense, and it is told."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from uuid import uuid4

import pytest

from libs.events.contracts.billing_denials import (
    AppealDecided,
    DenialAppealed,
    DenialClosed,
    DenialDeadlineMissed,
    DenialDeadlineNeared,
    DenialOverturned,
)
from tests.billing.denials.refused import refused
from tests.billing.denials.worked import working
from tests.billing.desk import Desk
from tests.billing.remittance import CHARGE, paid, payment


@pytest.fixture
async def denied(desk: Desk, number: str) -> str:
    """The id of the claim's denial: not seen as necessary (CO-50)."""
    await desk.hear("a.835", payment(refused(number, "50")))
    async with working(desk) as worker:
        return (await worker.only())["denial_id"]


async def test_an_appeal_is_sent_won_and_paid(desk: Desk, number: str, denied: str) -> None:
    async with working(desk) as worker:
        appealed = await worker.done(f"{denied}/appeals", level=1)
        assert appealed["state"] == "appealed"
        won = {"outcome": "overturned", "decided_on": "2026-04-01"}
        decided = await worker.done(f"{denied}/appeals/1/outcome", **won)
        assert (decided["state"], decided["outcome"]) == ("awaiting-payment", "overturned")
        assert decided["recoverable_cents"] == CHARGE, "the money is still to come"
        await desk.hear("b.835", payment(paid(number), trace="TRACE2"))
        denial = await worker.show(denied)
    assert (denial["state"], denial["recovered_cents"]) == ("closed", 10_050)
    assert [step["kind"] for step in denial["timeline"]] == [
        "opened", "appealed at level 1", "appeal of level 1 overturned", "closed: paid",
        "decided anew: overturned",
    ]  # fmt: skip
    [sent] = await desk.billing.published(DenialAppealed)
    [answered] = await desk.billing.published(AppealDecided)
    [overturned] = await desk.billing.published(DenialOverturned)
    assert (sent.level, answered.outcome, overturned.recovered_cents) == (1, "overturned", 10_050)


async def test_an_appeal_that_is_upheld_leaves_time_for_the_next(desk: Desk, denied: str) -> None:
    async with working(desk) as worker:
        await worker.done(f"{denied}/appeals", level=1)
        lost = {"outcome": "upheld", "decided_on": "2026-04-01"}
        upheld = await worker.done(f"{denied}/appeals/1/outcome", **lost)
        assert (upheld["state"], upheld["deadline_on"]) == ("open", "2026-05-31")
        again = await worker.done(f"{denied}/appeals", level=2)
        assert [appeal["level"] for appeal in again["appeals"]] == [1, 2]


@pytest.mark.parametrize(
    ("path", "command", "why"),
    [
        ("appeals", {"level": 2}, "level must be one above"),
        ("appeals/1/outcome", {"outcome": "upheld", "decided_on": "2026-04-01"}, "no appeal"),
    ],
)
async def test_what_makes_no_sense_yet_is_refused(
    desk: Desk, denied: str, path: str, command: dict[str, object], why: str
) -> None:
    async with working(desk) as worker:
        answer = await worker.do(f"{denied}/{path}", **command)
        assert answer.status_code == 409
        assert why in answer.text
        assert len((await worker.show(denied))["timeline"]) == 1


async def test_one_appeal_is_with_the_payer_at_a_time(desk: Desk, denied: str) -> None:
    async with working(desk) as worker:
        await worker.done(f"{denied}/appeals", level=1)
        assert (await worker.do(f"{denied}/appeals", level=2)).status_code == 409
        early = {"outcome": "upheld", "decided_on": "2026-03-01"}
        assert (await worker.do(f"{denied}/appeals/1/outcome", **early)).status_code == 409
        answer = {"outcome": "upheld", "decided_on": "2026-04-01"}
        await worker.done(f"{denied}/appeals/1/outcome", **answer)
        assert (await worker.do(f"{denied}/appeals/1/outcome", **answer)).status_code == 409


async def test_a_payer_that_takes_no_appeal_is_sent_none(desk: Desk, number: str) -> None:
    await desk.hear("a.835", payment(refused(number, "286")))
    async with working(desk) as worker:
        denial = await worker.only()
        assert not denial["appealable"]
        answer = await worker.do(f"{denial['denial_id']}/appeals", level=1)
    assert (answer.status_code, await desk.fetch("SELECT * FROM appeal")) == (409, [])


async def test_the_same_command_again_changes_nothing_and_another_under_its_id_is_refused(
    desk: Desk, denied: str
) -> None:
    async with working(desk) as worker:
        for path, command in (
            ("assign", {"to": "Kim"}),
            ("notes", {"text": "Called the payer."}),
            ("appeals", {"level": 1}),
        ):
            once = {"command_id": str(uuid4()), **command}
            first = await worker.done(f"{denied}/{path}", **once)
            assert await worker.done(f"{denied}/{path}", **once) == first
            name, value = next(iter(command.items()))
            other = {**once, name: 2 if value == 1 else "other"}
            assert (await worker.do(f"{denied}/{path}", **other)).status_code == 409
            assert await worker.show(denied) == first
    assert len(await desk.billing.published(DenialAppealed)) == 1


async def test_what_people_write_is_kept_sealed(desk: Desk, denied: str) -> None:
    async with working(desk) as worker:
        await worker.done(f"{denied}/notes", text="Spoke with JANE DOE")
        told = (await worker.show(denied))["timeline"][-1]
    assert (told["kind"], told["by"]) == ("noted", "operator")
    assert json.loads(told["told"])["text"] == "Spoke with JANE DOE"
    [row] = await desk.fetch("SELECT content FROM denial_step WHERE kind = 'noted'")
    assert b"JANE" not in row["content"]


async def test_a_correction_is_due_and_the_payers_new_decision_settles_the_denial(
    desk: Desk, number: str, denied: str
) -> None:
    async with working(desk) as worker:
        assert (await worker.done(f"{denied}/correct"))["state"] == "correcting"
        [due] = (await worker.client.get("/corrections-due")).json()
        assert (due["kind"], due["control_number"]) == ("replace", number)
        await desk.hear("b.835", payment(paid(number), trace="TRACE2"))
        assert (await worker.show(denied))["close_reason"] == "paid"


async def test_a_denial_that_is_given_up_proposes_a_write_off(desk: Desk, denied: str) -> None:
    async with working(desk) as worker:
        given_up = await worker.done(f"{denied}/close", reason="Too small to go on")
        assert (given_up["state"], given_up["close_reason"]) == ("closed", "given-up")
        assert await worker.list() == []
        assert (await worker.do(f"{denied}/assign", to="Kim")).status_code == 409
        assert (await worker.do(f"{denied}/appeals", level=1)).status_code == 409
        [write_off] = (await worker.client.get("/write-offs")).json()
        assert (write_off["state"], write_off["cents"]) == ("proposed", CHARGE)
    [closed] = await desk.billing.published(DenialClosed)
    assert (closed.reason, closed.open_cents) == ("given-up", CHARGE)
    assert (await desk.sums())["open"] == CHARGE
    await desk.assert_books_balance()


async def test_what_is_written_off_of_the_claim_cannot_be_recovered(
    desk: Desk, denied: str
) -> None:
    async with working(desk) as worker:
        claim_id = (await worker.show(denied))["claim_id"]
        await worker.client.put("/write-off-policy", json={"alone_cents": CHARGE})
        for cents, left, state in ((10_000, 7_800, "open"), (7_800, 0, "closed")):
            command = {
                "write_off_id": str(uuid4()), "claim_id": claim_id, "owed_by": "payer",
                "reason": "administrative", "cents": cents,
            }  # fmt: skip
            assert (await worker.client.post("/write-offs", json=command)).status_code == 201
            denial = await worker.show(denied)
            assert (denial["recoverable_cents"], denial["state"]) == (left, state)
    [closed] = await desk.billing.published(DenialClosed)
    assert closed.reason == "settled"


async def test_a_deadline_is_told_before_its_day_and_after_it_each_once(
    desk: Desk, denied: str
) -> None:
    await desk.billing.fire_timers(_at(desk, date(2026, 6, 3)))
    assert await desk.billing.published(DenialDeadlineNeared) == []
    await desk.billing.fire_timers(_at(desk, date(2026, 6, 5)))
    [near] = await desk.billing.published(DenialDeadlineNeared)
    assert (near.deadline_on, near.recoverable_cents) == (date(2026, 6, 18), CHARGE)
    assert await desk.billing.published(DenialDeadlineMissed) == []
    await desk.billing.fire_timers(_at(desk, date(2026, 6, 20)))
    [missed] = await desk.billing.published(DenialDeadlineMissed)
    assert (missed.denial_id, missed.next_action) == (near.denial_id, "appeal")
    await desk.billing.fire_timers(_at(desk, date(2026, 9, 1)))
    assert len(await desk.billing.published(DenialDeadlineNeared)) == 1
    assert len(await desk.billing.published(DenialDeadlineMissed)) == 1


async def test_no_deadline_runs_while_the_payer_has_the_appeal(desk: Desk, denied: str) -> None:
    async with working(desk) as worker:
        await worker.done(f"{denied}/appeals", level=1)
    await desk.billing.fire_timers(_at(desk, date(2026, 9, 1)))
    assert await desk.billing.published(DenialDeadlineNeared) == []
    assert await desk.billing.published(DenialDeadlineMissed) == []


async def test_viewers_and_strangers_do_nothing(desk: Desk, denied: str) -> None:
    async with desk.billing.http(uuid4()) as stranger:
        assert (await stranger.get(f"/denials/{denied}")).status_code == 404
        command = {"command_id": str(uuid4()), "to": "Kim"}
        answer = await stranger.post(f"/denials/{denied}/assign", json=command)
        assert answer.status_code == 404
        letter = await stranger.get(f"/denials/{denied}/appeals/1/letter.pdf")
        assert letter.status_code == 404
    async with desk.billing.http(desk.practice_id, key=None) as nobody:
        assert (await nobody.get("/denials")).status_code == 401


def _at(desk: Desk, day: date) -> datetime:
    now = desk.billing.clock.now()
    return now + timedelta(days=(day - now.date()).days)
